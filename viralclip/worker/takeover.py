"""The living go on with work that nobody is at: that of the dead, and what slipped from them."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import structlog

from viralclip.catalog import Catalog
from viralclip.engine import Engine, Owned, Work
from viralclip.events import JobRecovered
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.worker.liveness import Roster

LOOK_S = 2.0
# Work is begun by the engine's book a moment before and after a worker is at it.
_LOOKS = 3

log = structlog.get_logger(__name__)


class Strays:
    """Work that a worker has begun and is not at, look after look.

    The engine's book is wrong about it where its disk was full: how it ended could not be written.
    """

    def __init__(self, running: Collection[str]) -> None:
        self._running = running
        self._seen: dict[Work, int] = {}

    def among(self, begun: Iterable[Work]) -> list[Work]:
        """Those of the works that have been seen astray in several looks; this is one."""
        astray = [work for work in begun if work.workflow_id not in self._running]
        self._seen = {work: self._seen.get(work, 0) + 1 for work in astray}
        return [work for work, looks in self._seen.items() if looks >= _LOOKS]


@dataclass(frozen=True)
class Succession:
    """What a worker needs in order to go on with the work of others."""

    me: str
    roster: Roster
    engine: Engine
    catalog: Catalog
    reporter: Reporter
    strays: Strays | None = None

    async def watch_over(self) -> None:
        """Every two seconds, for ever: look for begun work whose worker is gone."""
        while True:
            try:
                await self.take_over()
            except Exception as error:  # noqa: BLE001 - a database that restarts; look again
                log.warning("Takeover failed", error=repr(error))
            await asyncio.sleep(LOOK_S)

    async def take_over(self) -> None:
        """Queue again whatever was begun by workers that are gone, each by one of the living."""
        begun = await self.engine.begun()
        await self._queue_strays(owned.work for owned in begun if owned.worker == self.me)
        for worker in {owned.worker for owned in begun} - {self.me}:
            async with self.roster.claim(worker) as life:
                if life != "alive":
                    await self.inherit(worker, crashed=life == "crashed")

    async def _queue_strays(self, mine: Iterable[Work]) -> None:
        if self.strays and (found := self.strays.among(mine)):
            await self.engine.resume(found)
            log.warning("Work that nobody is at queued again", workflows=len(found))

    async def inherit(self, worker: str, *, crashed: bool) -> None:
        """Queue the worker's work again, counting its crash against each clip it was making."""
        owned = [owned for owned in await self.engine.begun() if owned.worker == worker]
        if not owned:
            return
        if crashed:
            await _count_crashes(worker, owned, self.catalog)
        await _say_recovered(worker, self.me, owned, self.catalog, self.reporter)
        await self.engine.resume(item.work for item in owned)
        log.warning("Work taken over", from_worker=worker, to_worker=self.me, workflows=len(owned))


async def _count_crashes(worker: str, owned: Iterable[Owned], catalog: Catalog) -> None:
    for item in owned:
        work = item.work
        if work.scene_id is not None and work.style is not None:
            await catalog.count_crash(work.job_id, work.scene_id, work.style, worker=worker)


async def _say_recovered(
    worker: str, me: str, owned: Iterable[Owned], catalog: Catalog, reporter: Reporter
) -> None:
    for job_id, run in {(item.work.job_id, item.work.run) for item in owned}:
        job = await catalog.job(job_id)
        # Nothing is said of a job after its end; only the engine does not know of it yet.
        if job is not None and job.outcome is None:
            report = JobReport(reporter, job_id, run, job.trace_id)
            report.say(JobRecovered(from_worker=worker, to_worker=me))
