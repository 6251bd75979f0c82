"""A channel whose watchers learn, too, whether a worker is at the job they watch."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog

from viralclip.channel.port import BEGINNING, EventRange, ProgressChannel
from viralclip.events import ClipTick, JobTick, NewEvent, WorkerTick
from viralclip.live import EventFrame, Frame, Reset, Snapshot, TickFrame
from viralclip.progress import Progress, advance

# A worker at a job is heard from every second; after so long without a frame it is looked for.
LOOK_S = 2.0
# Any living worker begins a job sooner than this, however many clips wait.
_BEGIN = timedelta(seconds=10)

IsAlive = Callable[[str, str], Awaitable[bool]]

log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class AttendedChannel:
    """A progress channel for those who show jobs; `is_alive(job_id, worker)` asks the roster.

    What is seen is sent as a WorkerTick and stored nowhere: when the last worker is gone there is
    nobody left to store it, and whoever looks later sees it, too.
    """

    def __init__(
        self,
        channel: ProgressChannel,
        is_alive: IsAlive,
        *,
        now: Callable[[], datetime] = _utc_now,
        look_s: float = LOOK_S,
    ) -> None:
        self._channel = channel
        self._is_alive = is_alive
        self._now = now
        self._look_s = look_s

    async def publish(self, drafts: list[NewEvent]) -> list[int]:
        return await self._channel.publish(drafts)

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        await self._channel.tick(ticks)

    async def forget(self, job_id: str) -> None:
        await self._channel.forget(job_id)

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        progress, cursor = await self._channel.progress(job_id)
        alive = await self._has_worker(progress)
        return advance(progress, WorkerTick(job_id=job_id, alive=alive)), cursor

    async def events(self, job_id: str, after: str, *, limit: int) -> EventRange | None:
        return await self._channel.events(job_id, after, limit=limit)

    async def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        frames = self._channel.watch(job_id, after)
        clock = asyncio.get_running_loop().time
        cursor, looked_at = after or BEGINNING, clock()
        shown: bool | None = None
        coming = asyncio.ensure_future(anext(frames))
        try:
            while True:
                await asyncio.wait({coming}, timeout=self._look_s)
                is_quiet = not coming.done()
                if not is_quiet:
                    frame = coming.result()
                    coming = asyncio.ensure_future(anext(frames))
                    cursor, shown = frame.cursor, _shown_worker(frame, shown)
                    yield frame
                # While it is known to be at work, whatever comes is sign enough of that.
                if is_quiet or (shown is False and clock() - looked_at >= self._look_s):
                    looked_at = clock()
                    progress, _ = await self._channel.progress(job_id)
                    alive = await self._has_worker(progress)
                    if alive != shown:
                        shown = alive
                        tick = WorkerTick(job_id=job_id, alive=alive)
                        yield TickFrame(cursor=cursor, tick=tick)
        finally:
            coming.cancel()
            await asyncio.wait({coming})
            await frames.aclose()

    async def _has_worker(self, progress: Progress) -> bool:
        """Whether somebody is at the job, or may be: an answer that is not to be had is no news."""
        if progress.status == "finished" or progress.moved_at is None:
            return True
        if not progress.worker:
            return self._now() - progress.moved_at < _BEGIN
        try:
            return await self._is_alive(progress.job_id, progress.worker)
        except Exception as error:  # noqa: BLE001 - the database of who is alive is away
            log.debug("Liveness unknown", worker=progress.worker, error=repr(error))
            return True


def _shown_worker(frame: Frame, before: bool | None) -> bool | None:  # noqa: FBT001 - not a choice
    """What whoever got this frame takes for true."""
    match frame:
        case Snapshot(progress=progress) | Reset(progress=progress):
            return progress.has_worker
        case EventFrame():
            return True
        case TickFrame():
            return before
