"""The living go on with the work of the dead."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from viralclip.catalog import Catalog
from viralclip.engine import Engine, Owned
from viralclip.events import JobRecovered
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.worker.liveness import Roster

LOOK_S = 2.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Succession:
    """What a worker needs in order to go on with the work of others."""

    me: str
    roster: Roster
    engine: Engine
    catalog: Catalog
    reporter: Reporter

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
        owners = {owned.worker for owned in await self.engine.begun()}
        for worker in owners - {self.me}:
            async with self.roster.claim(worker) as life:
                if life != "alive":
                    await self.inherit(worker, crashed=life == "crashed")

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
