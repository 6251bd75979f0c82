"""One clip from waiting to its end: check, render, store, record; whatever happens, one ending."""

import asyncio

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from viralclip.catalog.records import ClipRecord
from viralclip.errors import JobError, ViralclipError, WorkerCrashedError, known_error
from viralclip.events import (
    Cancelled,
    CancelledDetails,
    Complete,
    CompleteDetails,
    Failed,
    FailedDetails,
)
from viralclip.pipeline.analysis import effective_task
from viralclip.pipeline.endings import record_end
from viralclip.pipeline.making import Making, place_of
from viralclip.pipeline.ownership import find_kept
from viralclip.pipeline.render import discard_renditions
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.stages import STAGES
from viralclip.pipeline.stopwatch import observe_clip
from viralclip.pipeline.store import StoredClip
from viralclip.pipeline.timing import ClipTiming
from viralclip.pipeline.tools import Checkpoint, ClipEnd, ClipTask, Tools, uncheckpointed
from viralclip.pipeline.transcription import transcribed_task
from viralclip.steps import Step
from viralclip.telemetry import traces

MAX_CRASHES = 3
# What is said of a clip whose worker ended without a word, where nothing better is known.
UNEXPLAINED = FailedDetails(
    step=Step.QUEUED, code="internal", message=ViralclipError().message, retryable=True
)


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
        task = await transcribed_task(await effective_task(task, tools), tools)
        if kept := await find_kept(task, tools):
            return await _complete(task, tools, report, kept, kept=True)
        timing = ClipTiming(task, tools, report)
        stored = await _make(Making(task, tools, report, checkpoint, timing))
    except Exception as error:  # noqa: BLE001 - a bug ends this clip; its siblings go on
        return await _fail(task, tools, report, known_error(error), tools.clock() - began)
    seconds = tools.clock() - began
    bind_contextvars(step=Step.COMPLETE)
    log.info("Clip processing completed successfully", duration_sec=round(seconds, 3))
    observe_clip(report, seconds)
    await timing.learn()
    return await _complete(task, tools, report, stored.record(task))


async def _make(making: Making) -> StoredClip:
    """Go through the stages of the clip's route."""
    if making.task.crashes >= MAX_CRASHES:
        raise WorkerCrashedError(crashes=making.task.crashes)
    for step in making.task.clip.route:
        if stage := STAGES.get(step):
            await stage(making)
    assert making.stored is not None  # noqa: S101 - the last stage of every route stores the clip
    return making.stored


async def _complete(
    task: ClipTask, tools: Tools, report: ClipReport, record: ClipRecord, *, kept: bool = False
) -> ClipEnd:
    try:
        record = await _record_end(record, tools, kept=kept)
    except Exception as error:  # noqa: BLE001 - the clip exists; only its record does not
        log.warning("Clip metadata not saved", error=repr(error))
        report.warn("metadata_unsaved", "The clip is stored but its record could not be saved.")
    return emit_end(task, tools, report, record, kept=kept)


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
    end = emit_end(task, tools, report, record)
    if isinstance(error, JobError) and end.ending == "failed":
        await tools.catalog.runs.stop(task.job.job_id, by=error.code, failed=True)
        return end.model_copy(update={"ends_job": True})
    return end


async def end_cancelled(task: ClipTask, tools: Tools, report: ClipReport) -> ClipEnd:
    """Record and say that the clip was cancelled, unless it had ended already."""
    await asyncio.to_thread(discard_renditions, task, tools)
    record = await _record_end(task.record("cancelled"), tools)
    return emit_end(task, tools, report, record)


async def _record_end(record: ClipRecord, tools: Tools, *, kept: bool = False) -> ClipRecord:
    """A worker that was thought dead and only slept has no say any more in how the clip ends."""
    await tools.worker.confirm_ownership()
    return await record_end(record, tools, kept=kept)


def emit_end(
    task: ClipTask,
    tools: Tools,
    report: ClipReport,
    record: ClipRecord,
    *,
    kept: bool = False,
) -> ClipEnd:
    """Say the ending that the catalog holds: whoever recorded one first was right."""
    place = place_of(report)
    match record.ending:
        case "complete":
            stored = tools.storing.open_storage(task.job.storage_url).url(record.key or task.key)
            url = task.job.clip_address(report.scene_id, report.style) or stored
            details = CompleteDetails(
                clip_id=task.clip.clip_id,
                url=url,
                kept=kept,
                bytes=record.size,
                duration_sec=record.duration,
                has_thumbnail=record.thumbnail is not None,
                has_captions=record.captions,
            )
            report.emit(Complete(**place, details=details))
        case "cancelled":
            by = task.stopped_by or "user"
            report.emit(Cancelled(**place, details=CancelledDetails(by=by)))
        case _:
            report.emit(Failed(**place, details=record.failure or UNEXPLAINED))
    return ClipEnd(**place, ending=record.ending or "failed")
