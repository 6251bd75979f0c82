"""The living go on with the work of the dead."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import structlog

from viralclip.catalog import Catalog
from viralclip.engine import Engine, Owned
from viralclip.events import JobRecovered
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.worker.liveness import bury, life_of

LOOK_S = 2.0

log = structlog.get_logger(__name__)


async def watch_over(
    *, me: str, locks: Path, engine: Engine, catalog: Catalog, reporter: Reporter
) -> None:
    """Every two seconds, for ever: look for begun work whose worker is gone and queue it again."""
    while True:
        await take_over(me=me, locks=locks, engine=engine, catalog=catalog, reporter=reporter)
        await asyncio.sleep(LOOK_S)


async def take_over(
    *, me: str, locks: Path, engine: Engine, catalog: Catalog, reporter: Reporter
) -> None:
    """Queue again whatever was begun by workers that are gone, counting a crash for each clip."""
    by_worker: dict[str, list[Owned]] = {}
    for owned in await engine.begun():
        if owned.worker != me:
            by_worker.setdefault(owned.worker, []).append(owned)
    for worker, owned in by_worker.items():
        life = life_of(locks, worker)
        if life == "alive":
            continue
        if life == "crashed":
            await _count_crashes(owned, catalog)
        await _say_recovered(worker, me, owned, catalog, reporter)
        await engine.resume(item.work for item in owned)
        bury(locks, worker)
        log.warning("Work taken over", from_worker=worker, to_worker=me, workflows=len(owned))


async def _count_crashes(owned: Iterable[Owned], catalog: Catalog) -> None:
    for item in owned:
        work = item.work
        if work.scene_id is not None and work.style is not None:
            await catalog.count_crash(work.job_id, work.scene_id, work.style)


async def _say_recovered(
    worker: str, me: str, owned: Iterable[Owned], catalog: Catalog, reporter: Reporter
) -> None:
    for job_id, run in {(item.work.job_id, item.work.run) for item in owned}:
        job = await catalog.job(job_id)
        if job is not None:
            report = JobReport(reporter, job_id, run, job.trace_id)
            report.say(JobRecovered(from_worker=worker, to_worker=me))
