"""The living go on with work that nobody is at: that of the dead, and what slipped from them."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import structlog

from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.engine.port import OwnedWorkflow, WorkflowStates
from viralclip.errors import WorkerCrashedError
from viralclip.events import JobRecovered
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.progress import next_attempt
from viralclip.telemetry import traces
from viralclip.telemetry.metrics import TAKEOVERS
from viralclip.telemetry.spans import ClipAttempts
from viralclip.worker.liveness import Roster
from viralclip.workflow_ref import WorkflowRef

LOOK_S = 2.0
# Work is begun by the engine's book a moment before and after a worker is at it.
_LOOKS = 3
_ANSWER_S = 2.0

Jobs = Mapping[str, JobRecord | None]

log = structlog.get_logger(__name__)


class Strays:
    """Work that a worker has begun and is not at, look after look.

    The engine's book is wrong about it where its disk was full: how it ended could not be written.
    """

    def __init__(self, running: Collection[str]) -> None:
        self._running = running
        self._seen: dict[WorkflowRef, int] = {}

    def among(self, begun: Iterable[WorkflowRef]) -> list[WorkflowRef]:
        """Those of the works that have been seen astray in several looks; this is one."""
        astray = [work for work in begun if work.workflow_id not in self._running]
        self._seen = {work: self._seen.get(work, 0) + 1 for work in astray}
        return [work for work, looks in self._seen.items() if looks >= _LOOKS]


@dataclass(frozen=True)
class Takeover:
    """What a worker needs in order to go on with the work of others."""

    me: str
    roster: Roster
    engine: WorkflowStates
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
                    await self.requeue_work_of(worker, crashed=life == "crashed")

    async def _queue_strays(self, mine: Iterable[WorkflowRef]) -> None:
        if self.strays and (found := self.strays.among(mine)):
            await self.engine.resume(found)
            jobs = await self._jobs(found)
            for work in found:
                _log("Work that nobody is at queued again", work, jobs, worker=self.me)

    async def requeue_work_of(self, worker: str, *, crashed: bool) -> None:
        """Queue the worker's work again, counting its crash against each clip it was making."""
        owned = [owned for owned in await self.engine.begun() if owned.worker == worker]
        if not owned:
            return
        works = [item.work for item in owned]
        jobs = await self._jobs(works)
        if crashed:
            await _count_crashes(worker, owned, self.catalog)
            await _end_spans(worker, owned, jobs, self.reporter)
        _emit_recovered(worker, self.me, works, jobs, self.reporter)
        await self.engine.resume(works)
        TAKEOVERS.count()
        for work in works:
            facts = {"worker": self.me, "from_worker": worker, "crashed": crashed}
            _log("Work taken over", work, jobs, **facts)

    async def _jobs(self, works: Iterable[WorkflowRef]) -> Jobs:
        return {
            job_id: await self.catalog.jobs.find(job_id) for job_id in {w.job_id for w in works}
        }


def _log(message: str, work: WorkflowRef, jobs: Jobs, **facts: object) -> None:
    job = jobs[work.job_id]
    trace_id = job.trace_id if job is not None else None
    log.warning(message, **work.log_context, trace_id=trace_id, **facts)


async def _count_crashes(worker: str, owned: Iterable[OwnedWorkflow], catalog: Catalog) -> None:
    for item in owned:
        work = item.work
        if work.scene_id is not None and work.style is not None:
            await catalog.clip_runs.count_crash(
                work.job_id, work.scene_id, work.style, worker=worker
            )


async def _end_spans(
    worker: str, owned: Iterable[OwnedWorkflow], jobs: Jobs, reporter: Reporter
) -> None:
    """What the worker was making when it died has a span too, that the next attempt links to."""
    if not traces.is_on():
        return
    for item in owned:
        work, job = item.work, jobs[item.work.job_id]
        if work.scene_id is None or work.style is None or job is None or item.begun_at is None:
            continue
        try:
            async with asyncio.timeout(_ANSWER_S):
                progress = await reporter.progress(work.job_id)
        except Exception as error:  # noqa: BLE001 - a span must never stop the work
            log.debug("Progress unknown", error=repr(error))
            return
        # The attempt that would come next, had it begun.
        attempt = next_attempt(progress, work.scene_id, work.style) - 1
        if attempt > 0:
            spans = ClipAttempts(work, job.trace_id)
            code = WorkerCrashedError.code
            spans.end_lost(attempt, worker=worker, began=item.begun_at, code=code)


def _emit_recovered(
    worker: str, me: str, works: Iterable[WorkflowRef], jobs: Jobs, reporter: Reporter
) -> None:
    for job_id, run in {(work.job_id, work.run) for work in works}:
        job = jobs[job_id]
        # Nothing is said of a job after its end; only the engine does not know of it yet.
        if job is not None and job.outcome is None:
            report = JobReport(reporter, job_id, run, job.trace_id)
            report.emit(JobRecovered(from_worker=worker, to_worker=me))
