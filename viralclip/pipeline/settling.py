"""How scenes begin and end for their watchers: every fact is published once, by whoever is there.

A worker may die between recording an ending and publishing it, or between publishing and noting
that the workflow is over. So whoever settles compares the records with what is published, and
publishes the difference: in a run without faults there is none.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import structlog

from viralclip.catalog.records import ClipPlace, ClipRecord, Ending
from viralclip.events import Queued, SceneCompleted, SceneStarted
from viralclip.pipeline.clip import UNEXPLAINED, emit_end
from viralclip.pipeline.endings import record_ends
from viralclip.pipeline.published import Published, published_by_now
from viralclip.pipeline.render import discard_renditions
from viralclip.pipeline.reporter import JobReport
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.scenes import Scene
from viralclip.steps import Step

Standing = dict[ClipPlace, ClipRecord]

log = structlog.get_logger(__name__)


def announce(tasks: Iterable[ClipTask], published: Published, report: JobReport) -> None:
    """Publish that the clips' scenes have begun and the clips wait, unless that is published."""
    for scene, here in _by_scene(tasks):
        if not published.has_begun(scene.id):
            emit_started(scene, len(here), report)
        for task in here:
            if published.clip(*_place(task)).since is None:
                report.emit(Queued(scene_id=scene.id, style=task.clip.style))


def emit_started(scene: Scene, style_count: int, report: JobReport) -> None:
    report.emit(
        SceneStarted(
            scene_id=scene.id,
            title=scene.title,
            style_count=style_count,
            start_sec=scene.start,
            duration_sec=scene.duration,
        )
    )


async def settle(
    tasks: Sequence[ClipTask], records: Sequence[ClipRecord], tools: Tools, report: JobReport
) -> list[ClipRecord]:
    """End every clip that has no ending yet, and publish what is not published of how the clips
    and their scenes ended. `records` are all of those scenes' clips; they are returned as they
    stand then."""
    published = await published_by_now(report)
    standing = {(record.scene_id, record.style): record for record in records}
    unsettled = [task for task in tasks if not _is_settled(task, standing, published)]
    if unsettled:
        unsettled = await _as_stopped_now(unsettled, standing, tools)
        standing |= await _end_open(unsettled, standing, published, tools)
    _publish_ends(tasks, unsettled, standing, published, tools, report)
    return list(standing.values())


def _is_settled(task: ClipTask, standing: Standing, published: Published) -> bool:
    record = standing.get(_place(task))
    has_ended = record is not None and record.ending is not None
    return has_ended and published.clip(*_place(task)).ended


async def _as_stopped_now(
    tasks: Sequence[ClipTask], standing: Standing, tools: Tools
) -> list[ClipTask]:
    """The clips with who asked them to stop since they were queued."""
    job = await tools.catalog.jobs.find(tasks[0].job.job_id) or tasks[0].job
    stops = {place: record.stop_by for place, record in standing.items()}
    return [replace(task, job=job, stop=stops.get(_place(task))) for task in tasks]


async def _end_open(
    tasks: Sequence[ClipTask], standing: Standing, published: Published, tools: Tools
) -> Standing:
    """Record the endings of those that have none, all at once: nobody is at them any more."""
    records = [(task, standing.get(_place(task))) for task in tasks]
    endings = [
        (task, _ending(task, record, published))
        for task, record in records
        if record is None or record.ending is None
    ]
    if not endings:
        return {}
    cancelled = [task for task, record in endings if record.ending == "cancelled"]
    await asyncio.to_thread(_discard_all, cancelled, tools)
    # A worker that was thought dead and only slept has no say any more in how clips end.
    await tools.worker.confirm_ownership()
    kept = {_place(task) for task, _ in endings if published.clip(*_place(task)).kept}
    ended = await record_ends([record for _, record in endings], tools, kept=kept)
    return {(record.scene_id, record.style): record for record in ended}


def _ending(task: ClipTask, record: ClipRecord | None, published: Published) -> ClipRecord:
    """How a clip ended whose maker left no record of it."""
    if published.clip(*_place(task)).step is Step.COMPLETE:
        # It could not be recorded then; the clip lies under the key that was reserved for it last.
        file: dict[str, object] = {"key": task.key}
        if record is not None and record.key is not None:
            file = {"key": record.key, "size": record.size}
        return task.record("complete").model_copy(update=file)
    if task.stopped_by is not None:
        return task.record("cancelled")
    log.error("Clip ended without saying how", scene_id=task.clip.scene.id, style=task.clip.style)
    return task.record("failed", failure=UNEXPLAINED)


def _publish_ends(
    tasks: Sequence[ClipTask],
    unsettled: Sequence[ClipTask],
    standing: Standing,
    published: Published,
    tools: Tools,
    report: JobReport,
) -> None:
    """Publish the missing ends of clips, each before the end of its scene."""
    missing = {scene.id: here for scene, here in _by_scene(unsettled)}
    endings: dict[int, list[Ending | None]] = defaultdict(list)
    for record in standing.values():
        endings[record.scene_id].append(record.ending)
    for scene, here in _by_scene(tasks):
        if not published.has_begun(scene.id):
            emit_started(scene, len(here), report)
        for task in missing.get(scene.id, ()):
            state = published.clip(*_place(task))
            if not state.ended:
                end = standing[_place(task)]
                emit_end(task, tools, report.clip(*_place(task)), end, kept=state.kept)
        if not published.has_completed(scene.id):
            report.emit(_completed(scene, endings[scene.id]))


def _completed(scene: Scene, endings: Sequence[Ending | None]) -> SceneCompleted:
    return SceneCompleted(
        scene_id=scene.id,
        clips_completed=endings.count("complete"),
        clips_failed=endings.count("failed"),
        clips_cancelled=endings.count("cancelled"),
    )


def _discard_all(tasks: Iterable[ClipTask], tools: Tools) -> None:
    for task in tasks:
        discard_renditions(task, tools)


def _by_scene(tasks: Iterable[ClipTask]) -> Iterator[tuple[Scene, list[ClipTask]]]:
    for _, group in groupby(tasks, key=lambda task: task.clip.scene.id):
        here = list(group)
        yield here[0].clip.scene, here


def _place(task: ClipTask) -> ClipPlace:
    return task.clip.scene.id, task.clip.style
