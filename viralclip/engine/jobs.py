"""What people do with jobs: submit, cancel, retry; the order of writes makes each repeatable."""

import secrets
from datetime import datetime

import structlog

from viralclip.catalog.port import Catalog
from viralclip.catalog.records import ClipRecord, JobRecord, Priority, new_clips
from viralclip.channel.port import ProgressChannel
from viralclip.engine.port import WorkQueue
from viralclip.engine.priorities import priority_number
from viralclip.errors import JobBusyError, UnknownJobError
from viralclip.events import ClipOutline, JobQueued, NewEvent, SceneOutline
from viralclip.plan import Plan
from viralclip.scenes import Scene
from viralclip.telemetry.spans import submission
from viralclip.workflow_ref import WorkflowRef

log = structlog.get_logger(__name__)


def new_job_id() -> str:
    return secrets.token_hex(6)


def new_trace_id() -> str:
    """One that W3C Trace Context takes, too: 32 hexadecimal digits, not all of them 0."""
    return secrets.token_hex(15) + "01"


class Jobs:
    """Acts on jobs in one engine; the work itself happens wherever a worker serves that engine."""

    def __init__(self, *, catalog: Catalog, channel: ProgressChannel, engine: WorkQueue) -> None:
        self._catalog = catalog
        self._channel = channel
        self._engine = engine

    async def submit(self, job: JobRecord) -> None:
        """Record the job, tell its watchers, queue it; once this returns it will come to an end."""
        await self._catalog.jobs.add(job)
        with submission(WorkflowRef(job.job_id, job.run), job.trace_id):
            await self._queue(job, job.created_at, new_clips(job))

    async def resume(self, job: JobRecord) -> None:
        """Queue a job again whose submission may have been cut short; nothing is done twice."""
        await self._queue(job, job.created_at, await self._catalog.clips.of(job.job_id))

    async def retry(self, job_id: str, at: datetime, plan: Plan | None = None) -> JobRecord:
        """Open another run that makes the clips which did not complete, and those that a new plan
        changes."""
        job = await self.find(job_id)
        if job.outcome is None:
            raise JobBusyError(job_id=job_id)
        await self._catalog.runs.begin(job_id, job.run + 1, plan)
        again = await self.find(job_id)
        with submission(WorkflowRef(job_id, again.run), again.trace_id):
            await self._queue(again, at, await self._catalog.clips.of(job_id))
        return again

    async def cancel(self, job_id: str, *, by: str) -> None:
        """Stop the job's clips; each looks for the stop when it begins, so none slips through."""
        job = await self.find(job_id)
        await self._catalog.runs.stop(job_id, by=by, failed=False)
        await self._engine.cancel_clips(job_id, job.run)

    async def cancel_clip(self, job_id: str, scene_id: int, style: str, *, by: str) -> None:
        """Stop one clip; its siblings go on."""
        job = await self.find(job_id)
        await self._catalog.clip_runs.stop(job_id, scene_id, style, by=by)
        await self._engine.cancel([WorkflowRef(job_id, job.run, scene_id, style).workflow_id])

    async def set_priority(self, job_id: str, priority: Priority) -> JobRecord:
        """Move the job's waiting clips, and those to come, to another place in the queue."""
        await self._catalog.jobs.set_priority(job_id, priority)
        job = await self.find(job_id)
        await self._engine.set_priority(job_id, priority_number(priority, job.created_at))
        return job

    async def ahead(self, job: JobRecord) -> int | None:
        """How many clips go before the first of the job's that waits; None if none waits."""
        return None if job.outcome else await self._engine.ahead(job.job_id)

    async def forget(self, job_id: str) -> None:
        """Drop all that is known of an ended job; its clips stay where they are."""
        await self._engine.forget(job_id)
        await self._channel.forget(job_id)
        await self._catalog.idempotency_keys.forget(job_id)
        await self._catalog.jobs.delete(job_id)

    async def find(self, job_id: str) -> JobRecord:
        job = await self._catalog.jobs.find(job_id)
        if job is None:
            raise UnknownJobError(job_id=job_id)
        return job

    async def _queue(self, job: JobRecord, at: datetime, clips: list[ClipRecord]) -> None:
        draft = NewEvent(
            job_id=job.job_id, run=job.run, at=at, trace_id=job.trace_id, event=outline(job, clips)
        )
        await self._channel.publish([draft])
        priority = priority_number(job.priority, at)
        await self._engine.enqueue([WorkflowRef(job.job_id, job.run)], priority=priority)
        log.info("Job queued", job_id=job.job_id, trace_id=job.trace_id, run=job.run)


def outline(job: JobRecord, clips: list[ClipRecord]) -> JobQueued:
    """What this run will make: every scene that has a clip of this run, and those clips."""
    wanted = {(clip.scene_id, clip.style) for clip in clips if clip.run == job.run}
    scenes = (_scene_outline(job, scene, wanted) for scene in job.plan.scenes)
    return JobQueued(run=job.run, scenes=tuple(scene for scene in scenes if scene.clips))


def _scene_outline(job: JobRecord, scene: Scene, wanted: set[tuple[int, str]]) -> SceneOutline:
    return SceneOutline(
        scene_id=scene.id,
        title=scene.title,
        start_sec=scene.start,
        duration_sec=scene.duration,
        clips=tuple(
            ClipOutline(style=style.name, route=job.plan.route(scene, style))
            for style in job.plan.styles
            if (scene.id, style.name) in wanted
        ),
    )
