"""One scene: its clips side by side, and the promise that the scene ends once they all have."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from viralclip.catalog.records import ClipRecord
from viralclip.events import Queued, SceneCompleted, SceneStarted
from viralclip.pipeline.clip import UNEXPLAINED, end_cancelled, say_end
from viralclip.pipeline.endings import record_end
from viralclip.pipeline.reporter import JobReport
from viralclip.pipeline.tools import ClipEnd, ClipTask, Tools
from viralclip.progress import ClipState
from viralclip.scenes import Scene
from viralclip.steps import Step
from viralclip.telemetry.metrics import SCENE_SECONDS

RunClips = Callable[[Sequence[ClipTask]], Awaitable[None]]

log = structlog.get_logger(__name__)


async def process_scene(
    scene: Scene,
    tasks: Sequence[ClipTask],
    tools: Tools,
    report: JobReport,
    run_clips: RunClips,
) -> None:
    """Make the scene's clips with `run_clips` and see that each of them has ended afterwards."""
    began = tools.clock()
    announce(scene, tasks, report)
    await run_clips(tasks)
    await settle_scene(scene, tasks, tools, report)
    SCENE_SECONDS.observe(tools.clock() - began)


def announce(scene: Scene, tasks: Sequence[ClipTask], report: JobReport) -> None:
    """Say that the scene is begun and its clips wait; saying it again changes nothing."""
    say_started(scene, len(tasks), report)
    for task in tasks:
        report.say(Queued(scene_id=scene.id, style=task.clip.style))


def say_started(scene: Scene, style_count: int, report: JobReport) -> None:
    report.say(
        SceneStarted(
            scene_id=scene.id,
            title=scene.title,
            style_count=style_count,
            start_sec=scene.start,
            duration_sec=scene.duration,
        )
    )


async def settle_scene(
    scene: Scene, tasks: Sequence[ClipTask], tools: Tools, report: JobReport
) -> None:
    """End every clip that has no ending yet, say each ending, and say that the scene is over.

    Everything said here may have been said before: the channel keeps the first telling.
    """
    records = {
        (r.scene_id, r.style): r for r in await tools.catalog.clips.of(report.job_id, scene.id)
    }
    job = await tools.catalog.jobs.find(report.job_id)
    for task in tasks:
        record = records.get((scene.id, task.clip.style))
        stop = record.stop_by if record else None
        current = ClipTask(job=job or task.job, clip=task.clip, stop=stop)
        await _settle_clip(current, record, tools, report)
    await _say_completed(scene, tools, report)


async def _settle_clip(
    task: ClipTask, record: ClipRecord | None, tools: Tools, report: JobReport
) -> ClipEnd:
    clip_report = report.clip(task.clip.scene.id, task.clip.style)
    if record is not None and record.ending is not None:
        return say_end(task, tools, clip_report, record)
    if (told := await _told_complete(task, report)) is not None:
        completed = await _record_complete(task, record, tools, kept=told.kept)
        return say_end(task, tools, clip_report, completed)
    if task.stopped_by is not None:
        return await end_cancelled(task, tools, clip_report)
    log.error("Clip ended without saying how", scene_id=task.clip.scene.id, style=task.clip.style)
    failed = await record_end(task.record("failed", failure=UNEXPLAINED), tools)
    return say_end(task, tools, clip_report, failed)


async def _told_complete(task: ClipTask, report: JobReport) -> ClipState | None:
    """The clip, if its completion was told although its record could not be saved then."""
    try:
        told = await report.told()
    except Exception as error:  # noqa: BLE001 - a job must come to its end without the channel
        log.warning("Progress unknown", error=repr(error))
        return None
    place = (task.clip.scene.id, task.clip.style)
    clips = ((scene, clip) for scene in told.scenes for clip in scene.clips)
    found = (clip for scene, clip in clips if (scene.scene_id, clip.style) == place)
    return next((clip for clip in found if clip.step is Step.COMPLETE), None)


async def _record_complete(
    task: ClipTask, reserved: ClipRecord | None, tools: Tools, *, kept: bool
) -> ClipRecord:
    """The clip lies under the key that was reserved for it last."""
    file: dict[str, object] = {"key": task.key}
    if reserved is not None and reserved.key is not None:
        file = {"key": reserved.key, "size": reserved.size}
    return await record_end(task.record("complete").model_copy(update=file), tools, kept=kept)


async def _say_completed(scene: Scene, tools: Tools, report: JobReport) -> None:
    clips = await tools.catalog.clips.of(report.job_id, scene.id)
    report.say(
        SceneCompleted(
            scene_id=scene.id,
            clips_completed=sum(clip.ending == "complete" for clip in clips),
            clips_failed=sum(clip.ending == "failed" for clip in clips),
            clips_cancelled=sum(clip.ending == "cancelled" for clip in clips),
        )
    )
