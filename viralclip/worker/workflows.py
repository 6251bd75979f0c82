"""The durable workflows job, scene and clip: the pipeline, queued and checkpointed."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from viralclip.catalog.records import FoundRun, JobRecord
from viralclip.channel.port import ProgressChannel
from viralclip.engine.port import Engine, Runtime, Workflow
from viralclip.engine.priorities import clip_numbers, priority_number
from viralclip.events import Outcome
from viralclip.pipeline.clip import make_clip
from viralclip.pipeline.forecast import Forecast, Pace
from viralclip.pipeline.job import process_job, tasks_of
from viralclip.pipeline.published import Published
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.pipeline.scene import process_scene
from viralclip.pipeline.settling import announce
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.progress import Progress, next_attempt
from viralclip.scenes import Scene
from viralclip.telemetry import traces
from viralclip.telemetry.spans import job_span, scene_span
from viralclip.worker.checkpoints import DurableCheckpoint
from viralclip.worker.clip_slots import ClipSlots
from viralclip.worker.completions import Completions
from viralclip.worker.line import ClipLine
from viralclip.worker.outage import outlasting, outlasting_catalog
from viralclip.worker.waits import Waits
from viralclip.workflow_ref import Kind, WorkflowRef

_ANSWER_S = 2.0

log = structlog.get_logger(__name__)


class Workflows:
    """The three workflows over one set of tools, which a runtime runs in this process."""

    def __init__(
        self,
        *,
        tools: Tools,
        engine: Engine,
        runtime: Runtime,
        channel: ProgressChannel,
        reporter: Reporter,
        slots: int,
    ) -> None:
        self._tools = replace(tools, catalog=outlasting_catalog(tools.catalog))
        self._engine = outlasting(engine)
        self._channel = channel
        self._reporter = reporter
        self._runtime = runtime
        self._checkpoint = DurableCheckpoint(runtime)
        self._line = ClipLine(
            self._engine,
            self._tools.catalog,
            tools.means,
            machine=tools.worker.machine,
            slots=slots,
        )
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._completions = Completions(engine.ended, self._running)
        self._pace = Pace()
        self._waits = Waits()
        self._slots = ClipSlots(slots)

    @property
    def running(self) -> Collection[str]:
        """The ids of the workflows that this process is at."""
        return self._running.keys()

    @property
    def begun(self) -> asyncio.Event:
        """Set once the first clip is begun."""
        return self._slots.begun

    @property
    def by_kind(self) -> Mapping[Kind, Workflow]:
        return {
            "job": self._workflow(self._job),
            "scene": self._workflow(self._scene),
            "clip": self._workflow(self._clip),
        }

    async def drain(self, grace_s: float) -> None:
        """Begin no more clips, let those that run end within the grace, stop the rest unended."""
        await self._slots.drain(grace_s)
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _workflow(self, run: Callable[[WorkflowRef, FoundRun], Awaitable[None]]) -> Workflow:
        async def workflow(*arguments: Any) -> None:
            work = WorkflowRef(*arguments)
            # A workflow is a task of its own: what its log lines are about ends with it.
            bind_contextvars(**work.log_context, worker=self._tools.worker.name)
            try:
                with self._running_here(work):
                    await self._run(work, run)
            except asyncio.CancelledError:
                raise  # this worker leaves, and another one goes on
            except BaseException as cause:
                if not self._runtime.is_cancellation(cause):
                    log.exception("Workflow failed", workflow=work.workflow_id)
                self._completions.notify(work.workflow_id)
                raise
            self._completions.notify(work.workflow_id)

        return workflow

    @contextmanager
    def _running_here(self, work: WorkflowRef) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._running[work.workflow_id] = task
        try:
            yield
        finally:
            self._running.pop(work.workflow_id, None)

    async def _run(
        self, work: WorkflowRef, run: Callable[[WorkflowRef, FoundRun], Awaitable[None]]
    ) -> None:
        found = await self._tools.catalog.runs.find(work.job_id, work.scene_id)
        if found is None or found.job.run != work.run:
            return
        bind_contextvars(trace_id=found.job.trace_id)
        await run(work, found)

    async def _job(self, work: WorkflowRef, found: FoundRun) -> None:
        job = found.job
        attempt = await self._tools.catalog.runs.begin_attempt(job.job_id, job.run)
        since = await self._queued_at(work)
        with job_span(
            work, job.trace_id, attempt, worker=self._tools.worker.name, since=since
        ) as span:
            try:
                outcome = await self._run_job(work, found, attempt)
            except Exception as error:  # noqa: BLE001 - a job that nobody ends stays open for ever
                outcome = await self._end_failed(found, attempt, error)
            span.note({"viralclip.outcome": outcome})
        # A worker that dies with the end untold leaves the job open, for another to tell it.
        await self._reporter.delivered()

    async def _run_job(self, work: WorkflowRef, found: FoundRun, attempt: int) -> Outcome:
        job = found.job
        report = self._report(job)

        async def run_scenes(scenes: Sequence[Scene]) -> None:
            try:
                await self._queue_clips(found, scenes)
                await self._run_children(
                    job, [WorkflowRef(work.job_id, work.run, s.id) for s in scenes]
                )
            except Exception:
                await self._engine.cancel_clips(job.job_id, job.run)
                raise

        line = partial(self._line.of, job.job_id)
        forecast = Forecast(job, self._tools, self._channel, report, line, self._pace)
        forecasting = asyncio.create_task(forecast.run())
        try:
            outcome = await process_job(found, attempt, self._tools, report, run_scenes)
        finally:
            forecasting.cancel()
        if outcome == "succeeded":  # nothing was cut short, and a clip that failed took no time
            forecast.judge()
        return outcome

    async def _end_failed(self, found: FoundRun, attempt: int, error: Exception) -> Outcome:
        """End a job that could not be run at all as one whose scenes failed."""
        job = found.job

        async def fail(_scenes: Sequence[Scene]) -> None:
            await self._engine.cancel_clips(job.job_id, job.run)
            raise error

        return await process_job(found, attempt, self._tools, self._report(job), fail)

    async def _queue_clips(self, found: FoundRun, scenes: Sequence[Scene]) -> None:
        """Queue the clips of all scenes, in order: scenes that did it side by side would race."""
        job, records = found
        behind = await self._behind(job)
        numbers = clip_numbers(job.priority, job.created_at, behind=behind)
        for scene in scenes:
            for task in tasks_of(job, scene, records):
                clip = WorkflowRef(job.job_id, job.run, scene.id, task.clip.style)
                await self._engine.enqueue([clip], priority=next(numbers))

    async def _behind(self, job: JobRecord) -> int:
        """How many clips of its class the job's owner waited for when it was submitted."""
        return await self._tools.catalog.clips.count_waiting(
            job.owner, job.priority, job.created_at
        )

    async def _scene(self, work: WorkflowRef, found: FoundRun) -> None:
        job, clips = found
        scene = next(s for s in job.plan.scenes if s.id == work.scene_id)

        async def run_clips(tasks: Sequence[ClipTask]) -> None:
            works = [WorkflowRef(work.job_id, work.run, scene.id, t.clip.style) for t in tasks]
            await self._run_children(job, works)

        tasks = tasks_of(job, scene, clips)
        since = await self._queued_at(work)
        with scene_span(work, job.trace_id, worker=self._tools.worker.name, since=since):
            await process_scene(scene, tasks, self._tools, self._report(job), run_clips)

    async def _clip(self, work: WorkflowRef, found: FoundRun) -> None:
        record = next(clip for clip in found.clips if clip.style == work.style)
        if record.ending is not None:
            return  # it ended before the engine could note that; its scene says how
        async with self._slots.acquire(alone=record.crashes > 0):
            await self._make_clip(work, found.job)

    async def _make_clip(self, work: WorkflowRef, job: JobRecord) -> None:
        place = (work.scene_id or 0, work.style or "")
        clips = await self._tools.catalog.clip_runs.begin(
            job.job_id, *place, worker=self._tools.worker.name
        )
        scene = next(s for s in job.plan.scenes if s.id == work.scene_id)
        tasks = tasks_of(job, scene, clips)
        index, task = next((i, t) for i, t in enumerate(tasks) if t.clip.style == work.style)
        progress = await self._progress(job)
        if progress is not None:
            # The job's worker may have died, or be cut off, before it could announce the scene.
            announce(tasks, Published(progress, run=work.run), self._report(job))
        attempt = self._attempt(task, progress)
        report = self._report(job).clip(*place, attempt=attempt)
        with (
            bound_contextvars(clip_index=index, attempt=attempt),
            report.spans.begin(attempt, worker=self._tools.worker.name) as span,
        ):
            end = await make_clip(task, self._tools, report, self._checkpoint)
            span.note({"viralclip.outcome": end.ending})
        if end.ends_job:
            await self._engine.cancel_clips(job.job_id, job.run)

    async def _queued_at(self, work: WorkflowRef) -> datetime | None:
        """For its span; None where nobody takes spans, or it is not known."""
        if not traces.is_on():
            return None
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await self._engine.queued_at(work)
        except Exception as error:  # noqa: BLE001 - a span must never stop the work
            log.debug("Time of queueing unknown", error=repr(error))
            return None

    async def _progress(self, job: JobRecord) -> Progress | None:
        try:
            async with asyncio.timeout(_ANSWER_S):
                progress, _ = await self._channel.progress(job.job_id)
        except Exception as error:  # noqa: BLE001 - progress must never stop the work
            log.warning("Progress unknown", error=repr(error))
            return None
        return progress

    def _attempt(self, task: ClipTask, progress: Progress | None) -> int:
        if progress is None:
            return task.crashes + 1
        self._waits.observe(task, progress, self._reporter.now())
        return next_attempt(progress, task.clip.scene.id, task.clip.style)

    async def _run_children(self, job: JobRecord, works: list[WorkflowRef]) -> None:
        """Wait for work that is queued here unless it was before."""
        priority = priority_number(job.priority, job.created_at)
        await self._engine.enqueue(works, priority=priority)
        await self._completions.wait([work.workflow_id for work in works])

    def _report(self, job: JobRecord) -> JobReport:
        return JobReport(self._reporter, job.job_id, job.run, job.trace_id)
