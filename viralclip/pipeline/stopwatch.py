"""How long steps, clips and jobs take, measured where the work is done."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from viralclip.catalog.records import JobRecord
from viralclip.pipeline.reporter import ClipReport, JobReport
from viralclip.pipeline.tools import ClipTask, R, Tools
from viralclip.telemetry.metrics import (
    CLIP_SECONDS,
    JOB_SECONDS,
    RENDER_SPEED_RATIO,
    STEP_SECONDS,
)

# A clock may stand still for so long.
_SHORTEST_S = 1e-3

log = structlog.get_logger(__name__)


def timed(
    stage: Callable[[], Awaitable[R]], *, step: str, style: str
) -> Callable[[], Awaitable[R]]:
    """The stage, measured when it is really done and goes well: what a checkpoint remembers of an
    earlier worker took no time here."""

    async def measured() -> R:
        began = time.perf_counter()
        result = await stage()
        STEP_SECONDS.observe(time.perf_counter() - began, step=step, style=style)
        return result

    return measured


def observe_clip(report: ClipReport, seconds: float) -> None:
    """A clip was made; one that another worker had begun says nothing of how long clips take."""
    if report.first_attempt == 1:
        CLIP_SECONDS.observe(seconds)


def observe_speed(task: ClipTask, tools: Tools, *, duration: float, seconds: float) -> None:
    """FFmpeg has rendered that much of the clip in so many seconds."""
    RENDER_SPEED_RATIO.observe(
        duration / max(seconds, _SHORTEST_S),
        style=task.clip.style,
        preset=task.job.plan.options.preset,
        encoder=tools.rendering.encoder.encoder.name,
    )


async def observe_job(job: JobRecord, report: JobReport) -> None:
    """A run of the job has ended; a later run was accepted when its watchers were told so."""
    accepted_at = job.created_at if job.run == 1 else await _accepted_at(report)
    if accepted_at is not None:
        seconds = (report.reporter.now() - accepted_at).total_seconds()
        JOB_SECONDS.observe(max(seconds, 0.0))


async def _accepted_at(report: JobReport) -> datetime | None:
    try:
        return (await report.progress()).queued_at
    except Exception as error:  # noqa: BLE001 - a figure is not worth a job
        log.debug("Acceptance unknown", error=repr(error))
        return None
