"""One clip from waiting to its end: check, render, store, record; whatever happens, one ending."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import PurePosixPath
from typing import TypedDict

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from viralclip.catalog import ClipRecord
from viralclip.errors import JobError, ViralclipError, WorkerCrashedError, known_error
from viralclip.events import (
    CameraPathComplete,
    CameraPathCompleteDetails,
    Cancelled,
    CancelledDetails,
    ClipProgressed,
    Complete,
    CompleteDetails,
    ComputingCameraPath,
    ComputingCameraPathDetails,
    ComputingCropWindows,
    ComputingCropWindowsDetails,
    DetectingFaces,
    DetectingFacesDetails,
    ExtractingSegment,
    ExtractingSegmentDetails,
    FaceDetectionComplete,
    FaceDetectionCompleteDetails,
    Failed,
    FailedDetails,
    RenderComplete,
    RenderCompleteDetails,
    Rendering,
    RenderingDetails,
    Retrying,
    RetryingDetails,
    UploadComplete,
    UploadCompleteDetails,
    Uploading,
    UploadingDetails,
)
from viralclip.pipeline import Checkpoint, ClipEnd, ClipTask, R, Tools, uncheckpointed
from viralclip.pipeline.analysis import (
    DETECTOR_MISSING,
    DOUBTS,
    Analysis,
    Looked,
    Planned,
    work_of,
)
from viralclip.pipeline.endings import record_end
from viralclip.pipeline.load import Stretch
from viralclip.pipeline.ownership import find_kept
from viralclip.pipeline.render import Rendition, RenditionLostError, discard_renditions, render_clip
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.segment import Segment, open_segment
from viralclip.pipeline.stopwatch import observe_clip, timed
from viralclip.pipeline.store import StoredClip, store_clip
from viralclip.pipeline.timing import ClipTiming
from viralclip.steps import Step
from viralclip.telemetry import traces
from viralclip.telemetry.metrics import RETRIES

MAX_CRASHES = 3
# What is said of a clip whose worker ended without a word, where nothing better is known.
UNEXPLAINED = FailedDetails(
    step=Step.QUEUED, code="internal", message=ViralclipError().message, retryable=True
)


class _Place(TypedDict):
    scene_id: int
    style: str


log = structlog.get_logger(__name__)


async def make_clip(
    task: ClipTask, tools: Tools, report: ClipReport, checkpoint: Checkpoint = uncheckpointed
) -> ClipEnd:
    """Make the clip, saying every step; errors become its ending, cancellation passes through."""
    with bound_contextvars(step=report.step, attempt=report.attempt):
        return await _make_clip(task, tools, report, checkpoint)


async def _make_clip(
    task: ClipTask, tools: Tools, report: ClipReport, checkpoint: Checkpoint
) -> ClipEnd:
    began = tools.clock()
    log.info("Clip processing began")
    try:
        if task.stopped_by is not None:
            return await end_cancelled(task, tools, report)
        task = await work_of(task, tools)
        if kept := await find_kept(task, tools):
            return await _complete(task, tools, report, kept, kept=True)
        timing = ClipTiming(task, tools, report)
        stored = await _make(task, tools, _Stages(tools, report, checkpoint), timing)
    except Exception as error:  # noqa: BLE001 - a bug ends this clip; its siblings go on
        return await _fail(task, tools, report, known_error(error), tools.clock() - began)
    seconds = tools.clock() - began
    bind_contextvars(step=Step.COMPLETE)
    log.info("Clip processing completed successfully", duration_sec=round(seconds, 3))
    observe_clip(report, seconds)
    await timing.learn()
    return await _complete(task, tools, report, stored.record(task))


async def _make(task: ClipTask, tools: Tools, stages: "_Stages", timing: ClipTiming) -> StoredClip:
    if task.crashes >= MAX_CRASHES:
        raise WorkerCrashedError(crashes=task.crashes)
    scene = task.clip.scene
    extracting = ExtractingSegmentDetails(
        start_sec=scene.start, end_sec=scene.end, duration_sec=scene.duration
    )
    await stages.run(
        ExtractingSegment(**stages.place, details=extracting),
        lambda: open_segment(task, tools),
        Segment,
    )
    if task.clip.analysed:
        async with timing.stage("analysis") as stretch:
            await _analyse(await Analysis.of(task, tools), stages, stretch)
    while True:
        try:
            async with timing.stage("render") as stretch:
                rendition = await _render(task, tools, stages)
                stretch.is_own = not rendition.found
                return await _store(task, tools, stages, rendition)
        except RenditionLostError:
            # Another machine rendered it and died before storing it: render it here.
            log.warning("Rendered file lost with its worker")


async def _analyse(analysis: Analysis, stages: "_Stages", stretch: Stretch) -> None:
    from viralclip.media.frames import SAMPLE_FPS  # noqa: PLC0415 - NumPy, for those who analyse

    place, report = stages.place, stages.report
    looked = await stages.run(
        DetectingFaces(
            **place,
            details=DetectingFacesDetails(detector=analysis.detector, sample_fps=SAMPLE_FPS),
        ),
        lambda: analysis.look(report, stretch),
        Looked,
    )
    seen = FaceDetectionCompleteDetails(**looked.model_dump(exclude={"detector"}))
    report.say(FaceDetectionComplete(**place, details=seen))
    planned = await stages.run(
        ComputingCameraPath(
            **place, details=ComputingCameraPathDetails(algorithm=analysis.algorithm)
        ),
        lambda: analysis.plan(report),
        Planned,
    )
    _warn(planned, report, blind=analysis.is_short_of_a_detector)
    path = CameraPathCompleteDetails(
        keyframes=planned.keyframes,
        shots=planned.shots,
        speaker_switches=planned.speaker_switches,
    )
    report.say(CameraPathComplete(**place, details=path))
    windows = ComputingCropWindowsDetails(frames=planned.frames)
    await stages.run(
        ComputingCropWindows(**place, details=windows), lambda: analysis.plan(report), Planned
    )


def _warn(planned: Planned, report: ClipReport, *, blind: bool) -> None:
    """Say why the clip is less than what was asked for; without a detector that is the reason."""
    doubts = (DETECTOR_MISSING,) if blind else planned.doubts
    for doubt in doubts:
        report.warn(doubt, DOUBTS.get(doubt, doubt.replace("_", " ")))


async def _render(task: ClipTask, tools: Tools, stages: "_Stages") -> Rendition:
    details = RenderingDetails(style=task.clip.style, encoder=tools.encoder.encoder.name)
    rendition = await stages.run(
        Rendering(**stages.place, details=details),
        lambda: render_clip(task, tools, stages.report),
        Rendition,
    )
    for doubt in rendition.doubts:
        stages.report.warn(doubt.code, doubt.message)
    facts = RenderCompleteDetails(
        bytes=rendition.bytes,
        duration_sec=rendition.duration,
        width=rendition.width,
        height=rendition.height,
    )
    stages.report.say(RenderComplete(**stages.place, details=facts))
    return rendition


async def _store(
    task: ClipTask, tools: Tools, stages: "_Stages", rendition: Rendition
) -> StoredClip:
    details = UploadingDetails(filename=PurePosixPath(task.key).name, bytes=rendition.bytes)
    stored = await stages.run(
        Uploading(**stages.place, details=details),
        lambda: store_clip(task, rendition, tools, stages.report),
        StoredClip,
    )
    stages.report.say(UploadComplete(**stages.place, details=UploadCompleteDetails(key=stored.key)))
    return stored


class _Stages:
    """Runs the stages of one clip: announced, checkpointed, and tried again when that may help."""

    def __init__(self, tools: Tools, report: ClipReport, checkpoint: Checkpoint) -> None:
        self._retries = tools.retries
        self._checkpoint = checkpoint
        self.report = report

    @property
    def place(self) -> _Place:
        return {"scene_id": self.report.scene_id, "style": self.report.style}

    async def run(
        self, announcement: ClipProgressed, stage: Callable[[], Awaitable[R]], result: type[R]
    ) -> R:
        failures = 0
        stage = timed(stage, step=announcement.step, style=self.report.style)
        while True:
            self.report.say(announcement)
            bind_contextvars(step=announcement.step, attempt=self.report.attempt)
            try:
                with traces.step(announcement.step, _facts(announcement, self.report)):
                    return await self._checkpoint(announcement.step, stage, result)
            except RenditionLostError:
                raise
            except Exception as raised:
                failures += 1
                error = known_error(raised)
                if not error.retryable or failures >= self._retries.tries:
                    raise
                await self._wait(error, failures)

    async def _wait(self, error: ViralclipError, failures: int) -> None:
        delay = self._retries.delay(failures)
        RETRIES.count(code=error.code)
        log.warning("Clip stage will be tried again", code=error.code, error=error.detail)
        step = self.report.step
        traces.current().fail(error.code, error.message)
        self.report.say(
            Retrying(
                **self.place,
                details=RetryingDetails(
                    attempt=self.report.attempt + 1, delay_sec=round(delay, 3), code=error.code
                ),
            )
        )
        self.report.step = step
        await self._retries.sleep(delay)
        self.report.attempt += 1
        self.report.spans.go_on(self.report.attempt)


def _facts(announcement: ClipProgressed, report: ClipReport) -> dict[str, traces.Attribute]:
    """What its span says of a step; a file's name is told by the scene's."""
    details = announcement.details.model_dump(exclude={"filename"})
    facts: dict[str, traces.Attribute] = {"step": announcement.step.value, **details}
    return {f"viralclip.{name}": value for name, value in facts.items()} | {
        "viralclip.attempt": report.attempt
    }


async def _complete(
    task: ClipTask, tools: Tools, report: ClipReport, record: ClipRecord, *, kept: bool = False
) -> ClipEnd:
    try:
        record = await _record_end(record, tools, kept=kept)
    except Exception as error:  # noqa: BLE001 - the clip exists; only its record does not
        log.warning("Clip metadata not saved", error=repr(error))
        report.warn("metadata_unsaved", "The clip is stored but its record could not be saved.")
    return say_end(task, tools, report, record, kept=kept)


async def _fail(
    task: ClipTask, tools: Tools, report: ClipReport, error: ViralclipError, seconds: float
) -> ClipEnd:
    log.error(
        "Clip processing failed",
        duration_sec=round(seconds, 3),
        step=report.step,
        code=error.code,
        error=error.detail or error.message,
        exc_info=error if error.code == ViralclipError.code else None,
    )
    traces.current().fail(error.code, error.message)
    failure = FailedDetails(
        step=report.step, code=error.code, message=error.message, retryable=error.retryable
    )
    record = await _record_end(task.record("failed", failure=failure), tools)
    await asyncio.to_thread(discard_renditions, task, tools)
    end = say_end(task, tools, report, record)
    if isinstance(error, JobError) and end.ending == "failed":
        await tools.catalog.stop_job(task.job.job_id, by=error.code, failed=True)
        return end.model_copy(update={"ends_job": True})
    return end


async def end_cancelled(task: ClipTask, tools: Tools, report: ClipReport) -> ClipEnd:
    """Record and say that the clip was cancelled, unless it had ended already."""
    await asyncio.to_thread(discard_renditions, task, tools)
    record = await _record_end(task.record("cancelled"), tools)
    return say_end(task, tools, report, record)


async def _record_end(record: ClipRecord, tools: Tools, *, kept: bool = False) -> ClipRecord:
    """A worker that was thought dead and only slept has no say any more in how the clip ends."""
    await tools.confirm()
    return await record_end(record, tools, kept=kept)


def say_end(
    task: ClipTask,
    tools: Tools,
    report: ClipReport,
    record: ClipRecord,
    *,
    kept: bool = False,
) -> ClipEnd:
    """Say the ending that the catalog holds: whoever recorded one first was right."""
    place: _Place = {"scene_id": report.scene_id, "style": report.style}
    match record.ending:
        case "complete":
            stored = tools.open_storage(task.job.storage_url).url(record.key or task.key)
            url = task.job.clip_address(report.scene_id, report.style) or stored
            details = CompleteDetails(clip_id=task.clip.clip_id, url=url, kept=kept)
            report.say(Complete(**place, details=details))
        case "cancelled":
            by = task.stopped_by or "user"
            report.say(Cancelled(**place, details=CancelledDetails(by=by)))
        case _:
            report.say(Failed(**place, details=record.failure or UNEXPLAINED))
    return ClipEnd(**place, ending=record.ending or "failed")
