"""One run of a job: its scenes, and its outcome."""

import shutil
from collections.abc import Awaitable, Callable, Sequence

import structlog

from viralclip.catalog.records import ClipRecord, FoundRun, JobRecord
from viralclip.errors import ViralclipError
from viralclip.events import JobFinished, JobStarted, Outcome
from viralclip.pipeline.published import Published, published_by_now
from viralclip.pipeline.reporter import JobReport
from viralclip.pipeline.settling import announce, settle
from viralclip.pipeline.stopwatch import observe_job
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.scenes import Scene

RunScenes = Callable[[Sequence[Scene]], Awaitable[None]]

log = structlog.get_logger(__name__)


async def process_job(
    found: FoundRun, attempt: int, tools: Tools, report: JobReport, run_scenes: RunScenes
) -> Outcome:
    """Make the run's scenes with `run_scenes`; afterwards every promise about endings holds,
    whatever it raises.

    A run that has ended is told to its end once more, in case whoever ended it died before.
    """
    job, clips = found
    if job.outcome is None:
        report.emit(JobStarted(worker=tools.worker.name, attempt=attempt))
        log.info("Job started", attempt=attempt)
    scenes = scenes_of_run(job, clips)
    tasks = [task for scene in scenes for task in tasks_of(job, scene, clips)]
    # Of a run that nobody began before nothing is published.
    published = await published_by_now(report) if attempt > 1 else Published()
    announce(tasks, published, report)
    await report.reporter.flush()
    try:
        await run_scenes(scenes)
    except Exception:
        log.exception("Scenes failed")
        await tools.catalog.runs.stop(job.job_id, by=ViralclipError.code, failed=True)
    # Each scene has settled itself, unless its workflow failed or its worker died.
    latest = await tools.catalog.runs.find(job.job_id) or found
    clips = await settle(tasks, latest.clips, tools, report)
    return await _finish(latest.job, clips, tools, report)


def scenes_of_run(job: JobRecord, clips: Sequence[ClipRecord]) -> list[Scene]:
    wanted = {clip.scene_id for clip in clips if clip.run == job.run}
    return [scene for scene in job.plan.scenes if scene.id in wanted]


def tasks_of(job: JobRecord, scene: Scene, clips: Sequence[ClipRecord]) -> list[ClipTask]:
    """The scene's clips in this run, in the order of the plan's styles."""
    known = {(clip.scene_id, clip.style): clip for clip in clips if clip.run == job.run}
    return [
        ClipTask(
            job=job,
            clip=clip,
            crashes=known[scene.id, clip.style].crashes,
            stop=known[scene.id, clip.style].stop_by,
        )
        for clip in job.plan.clips_of(scene.id)
        if (scene.id, clip.style) in known
    ]


def judge(clips: Sequence[ClipRecord], *, stopped: bool, stop_failed: bool) -> Outcome:
    """The job's outcome from its clips' endings and whether, and why, it was stopped."""
    endings = [clip.ending for clip in clips]
    completed, failed = endings.count("complete"), endings.count("failed")
    if stop_failed:
        return "failed"
    if completed == len(endings):
        return "succeeded"
    if stopped:
        return "cancelled"
    if completed:
        return "partial"
    return "failed" if failed else "cancelled"


async def _finish(
    job: JobRecord, clips: Sequence[ClipRecord], tools: Tools, report: JobReport
) -> Outcome:
    outcome = judge(clips, stopped=job.stop_by is not None, stop_failed=job.stop_failed)
    at = report.reporter.now()
    is_first = await tools.catalog.runs.finish(job.job_id, job.run, outcome, at)
    shutil.rmtree(tools.storing.folder(job.job_id), ignore_errors=True)
    report.emit(
        JobFinished(
            outcome=outcome,
            clips_completed=sum(clip.ending == "complete" for clip in clips),
            clips_failed=sum(clip.ending == "failed" for clip in clips),
            clips_cancelled=sum(clip.ending == "cancelled" for clip in clips),
        )
    )
    await report.reporter.flush()
    if is_first:
        await observe_job(job, report)
    log.info("Job finished", outcome=outcome)
    return outcome
