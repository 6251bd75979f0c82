"""Says what happens to whoever watches, without ever making the work wait or fail."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import structlog

from viralclip.channel import ProgressChannel
from viralclip.channel.pace import Pace
from viralclip.events import ClipProgressed, ClipTick, Draft, Event, JobTick, Warned
from viralclip.steps import Step

_BATCH = 100
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 5.0

log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Reporter:
    """Hands events and ticks to the channel in the background, in order.

    While the channel is down, events wait here and only ticks are dropped (the latest of each clip
    waits too): what waits is bounded by the number of clips being made, never by the outage's length.
    """

    def __init__(
        self,
        channel: ProgressChannel,
        *,
        now: Callable[[], datetime] = _utc_now,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = 5.0,
    ) -> None:
        self._channel = channel
        self._now = now
        self._clock = clock
        self._patience = patience_s
        self._drafts: deque[Draft] = deque()
        self._pace = Pace()
        self._news = asyncio.Event()
        self._calm = asyncio.Event()
        self._calm.set()

    async def __aenter__(self) -> Self:
        self._delivery = asyncio.create_task(self._deliver(), name="reporter")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await self.flush()
        self._delivery.cancel()
        with suppress(asyncio.CancelledError):
            await self._delivery
        if self._drafts:
            log.error("Progress events lost", count=len(self._drafts))

    def say(self, draft: Draft) -> None:
        self._drafts.append(draft)
        self._calm.clear()
        self._news.set()

    def tick(self, tick: ClipTick | JobTick) -> None:
        self._pace.add(tick)
        self._news.set()

    def now(self) -> datetime:
        return self._now()

    async def flush(self) -> None:
        """Return when every event said so far has been delivered."""
        await self._calm.wait()

    async def _deliver(self) -> None:
        wait = _FIRST_WAIT_S
        while True:
            await self._something_due()
            try:
                await self._deliver_once()
                wait = _FIRST_WAIT_S
            except Exception as error:  # noqa: BLE001 - progress must never stop the work
                log.warning("Progress channel unavailable", error=repr(error), retry_in_sec=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT_S)

    async def _something_due(self) -> None:
        if self._drafts:
            return
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.wait(self._clock())):
                await self._news.wait()

    async def _deliver_once(self) -> None:
        batch = [self._drafts[i] for i in range(min(_BATCH, len(self._drafts)))]
        if batch:
            await self._channel.publish(batch)
            for _ in batch:
                self._drafts.popleft()
        if not self._drafts:
            self._calm.set()
        if ticks := self._pace.take(self._clock()):
            await self._channel.tick(ticks)


@dataclass(frozen=True)
class JobReport:
    """Speaks for one run of one job."""

    reporter: Reporter
    job_id: str
    run: int
    trace_id: str

    def say(self, event: Event) -> None:
        draft = Draft(
            job_id=self.job_id,
            run=self.run,
            at=self.reporter.now(),
            trace_id=self.trace_id,
            event=event,
        )
        self.reporter.say(draft)

    def tick(self, tick: ClipTick | JobTick) -> None:
        self.reporter.tick(tick)

    def clip(self, scene_id: int, style: str, *, attempt: int = 1) -> "ClipReport":
        return ClipReport(self, scene_id, style, attempt)


class ClipReport:
    """Speaks for one clip; knows which attempt it is and what the clip is doing."""

    def __init__(self, job: JobReport, scene_id: int, style: str, attempt: int) -> None:
        self._job = job
        self.scene_id = scene_id
        self.style = style
        self.attempt = attempt
        self.step = Step.QUEUED

    def say(self, event: ClipProgressed) -> None:
        """Say that the clip has come to a step, under the attempt that is going on."""
        self.step = event.step
        self._job.say(event.model_copy(update={"attempt": self.attempt}))

    def warn(self, code: str, message: str) -> None:
        warning = Warned(code=code, message=message, scene_id=self.scene_id, style=self.style)
        self._job.say(warning)

    def tick(
        self,
        fraction: float,
        *,
        fps: float | None = None,
        speed: float | None = None,
        eta_sec: float | None = None,
    ) -> None:
        self._job.tick(
            ClipTick(
                job_id=self._job.job_id,
                scene_id=self.scene_id,
                style=self.style,
                attempt=self.attempt,
                step=self.step,
                fraction=fraction,
                fps=fps,
                speed=speed,
                eta_sec=eta_sec,
            )
        )
