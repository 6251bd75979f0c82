"""Publishes what happens without ever making the work wait or fail: no backpressure on renders."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from types import TracebackType
from typing import Self

import structlog

from viralclip.channel.pace import Pace
from viralclip.channel.port import ProgressChannel
from viralclip.events import (
    AnomalyFound,
    ClipProgressed,
    ClipTick,
    Event,
    JobTick,
    NewEvent,
    Warned,
)
from viralclip.progress import Progress
from viralclip.steps import Step
from viralclip.telemetry.metrics import EVENTS_BUFFERED, EVENTS_LOST
from viralclip.telemetry.spans import ClipAttempts
from viralclip.workflow_ref import WorkflowRef

_BATCH = 100
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 5.0

log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Reporter:
    """Hands events and ticks to the channel in the background, in order.

    While the channel is down, events wait here and only ticks are dropped (the latest of each clip
    waits too): what waits grows with the clips that are made, not with the length of the outage.
    """

    def __init__(
        self,
        channel: ProgressChannel,
        *,
        now: Callable[[], datetime] = _utc_now,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = 5.0,
        answer_s: float = 10.0,
    ) -> None:
        self._channel = channel
        self._now = now
        self._clock = clock
        self._patience = patience_s
        self._answer = answer_s
        self._drafts: deque[NewEvent] = deque()
        self._pace = Pace()
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._moved = asyncio.Condition()
        self._emitted = self._delivered = 0
        self.lost = 0

    async def __aenter__(self) -> Self:
        self._delivery = asyncio.create_task(self._deliver(), name="reporter")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            await self.flush()
        finally:
            self._delivery.cancel()
            await asyncio.wait({self._delivery})
            if self._drafts:
                self._lose(len(self._drafts), "the channel did not take them in time")

    def emit(self, draft: NewEvent) -> None:
        """Have the event delivered; never waits and never raises."""
        try:
            _ = draft.json_around_seq  # kept for the channel
        except ValueError as error:
            # A file name that is no text cannot be written; waiting would hold up all behind it.
            self._lose(1, repr(error))
            return
        if isinstance(draft.event, ClipProgressed):
            self._pace.drop(draft.job_id, draft.event.tick_key)
        self._drafts.append(draft)
        EVENTS_BUFFERED.set(len(self._drafts))
        self._emitted += 1
        self._news.set()

    def tick(self, tick: ClipTick | JobTick) -> None:
        """Have the tick delivered, unless a later one of its slot or another step comes first."""
        self._pace.add(tick)
        self._news.set()

    def now(self) -> datetime:
        return self._now()

    async def progress(self, job_id: str) -> Progress:
        """The job's progress with everything emitted so far; TimeoutError if there is no answer."""
        await self.flush()
        async with asyncio.timeout(self._answer):
            progress, _ = await self._channel.progress(job_id)
        return progress

    async def flush(self) -> None:
        """Return when every event so far is delivered, or when the patience is at its end."""
        emitted = self._emitted
        self._hurry.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience), self._moved:
                await self._moved.wait_for(lambda: self._delivered >= emitted)

    async def delivered(self) -> None:
        """Return when every event so far is delivered, however long that takes."""
        emitted = self._emitted
        async with self._moved:
            await self._moved.wait_for(lambda: self._delivered >= emitted)

    async def _deliver(self) -> None:
        wait = _FIRST_WAIT_S
        while True:
            await self._something_due()
            try:
                async with asyncio.timeout(self._answer):
                    await self._deliver_once()
                wait = _FIRST_WAIT_S
            except Exception as error:  # noqa: BLE001 - progress must never stop the work
                log.warning("Progress channel unavailable", error=repr(error), retry_in_sec=wait)
                wait = await self._back_off(wait)

    async def _something_due(self) -> None:
        if self._drafts:
            return
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.wait(self._clock())):
                await self._news.wait()

    async def _back_off(self, wait: float) -> float:
        """Wait before the next try, the longer the more often it failed; a flush tries at once."""
        self._hurry.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._hurry.wait()
                return _FIRST_WAIT_S
        return min(wait * 2, _LONGEST_WAIT_S)

    async def _deliver_once(self) -> None:
        batch = list(islice(self._drafts, _BATCH))
        if batch:
            await self._channel.publish(batch)
            for _ in batch:
                self._drafts.popleft()
            self._delivered += len(batch)
            EVENTS_BUFFERED.set(len(self._drafts))
            async with self._moved:
                self._moved.notify_all()
        # A tick never overtakes the event that it follows.
        if not self._drafts and (ticks := self._pace.take_due(self._clock())):
            await self._channel.tick(ticks)

    def _lose(self, count: int, why: str) -> None:
        self.lost += count
        EVENTS_LOST.add(count)
        log.error("Progress events lost", count=count, error=why)


@dataclass(frozen=True)
class JobReport:
    """Emits the events of one run of one job."""

    reporter: Reporter
    job_id: str
    run: int
    trace_id: str

    def emit(self, event: Event) -> None:
        draft = NewEvent(
            job_id=self.job_id,
            run=self.run,
            at=self.reporter.now(),
            trace_id=self.trace_id,
            event=event,
        )
        self.reporter.emit(draft)

    def tick(self, tick: ClipTick | JobTick) -> None:
        self.reporter.tick(tick)

    async def progress(self) -> Progress:
        """The job's progress with everything emitted here so far."""
        return await self.reporter.progress(self.job_id)

    def clip(self, scene_id: int, style: str, *, attempt: int = 1) -> "ClipReport":
        work = WorkflowRef(self.job_id, self.run, scene_id, style)
        return ClipReport(self, scene_id, style, attempt, ClipAttempts(work, self.trace_id))


class ClipReport:
    """Emits the events of one clip; knows which attempt it is and what the clip is doing."""

    def __init__(
        self, job: JobReport, scene_id: int, style: str, attempt: int, spans: ClipAttempts
    ) -> None:
        self._job = job
        self.spans = spans
        self.scene_id = scene_id
        self.style = style
        self.attempt = self.first_attempt = attempt
        self.step = Step.QUEUED
        # The seconds that the step still needs, as its last tick says.
        self.eta_sec: float | None = None
        self.is_retried = False

    def emit(self, event: ClipProgressed | AnomalyFound) -> None:
        """The clip has come to a step, under the attempt that is going on, or the step goes on for
        too long."""
        if isinstance(event, AnomalyFound):
            self._job.emit(event)
            return
        self.step, self.eta_sec = event.step, None
        self.is_retried = self.is_retried or event.step is Step.RETRYING
        self._job.emit(event.model_copy(update={"attempt": self.attempt}))

    def warn(self, code: str, message: str) -> None:
        warning = Warned(code=code, message=message, scene_id=self.scene_id, style=self.style)
        self._job.emit(warning)

    def tick(
        self,
        fraction: float,
        *,
        fps: float | None = None,
        speed: float | None = None,
        eta_sec: float | None = None,
    ) -> None:
        self.eta_sec = eta_sec
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
