"""A channel that tells a job's history again, from its records, where the history was lost."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TypedDict

import structlog

from viralclip.catalog.port import Catalog
from viralclip.catalog.records import ClipRecord, JobRecord
from viralclip.channel.port import BEGINNING, EventRange, HistoryLostError, ProgressChannel
from viralclip.engine.jobs import outline
from viralclip.events import (
    Cancelled,
    CancelledDetails,
    ClipTick,
    Complete,
    CompleteDetails,
    Event,
    Failed,
    FailedDetails,
    JobFinished,
    JobQueued,
    JobStarted,
    JobTick,
    NewEvent,
    Queued,
    SceneCompleted,
    SceneStarted,
)
from viralclip.live import Frame, Reset, Snapshot
from viralclip.progress import Progress
from viralclip.scenes import Scene
from viralclip.steps import ENDS, Step
from viralclip.storage.opening import open_storage
from viralclip.telemetry.metrics import EVENTS_PUBLISHED

_REMEMBERED_JOBS = 1024

log = structlog.get_logger(__name__)


class RebuildingChannel:
    """A progress channel over another one and the catalog.

    What it tells again is what the catalog knows (what was to be made, and what ended how), and
    what this process last said of the clips that it is making.
    """

    def __init__(self, channel: ProgressChannel, catalog: Catalog) -> None:
        self._channel = channel
        self._catalog = catalog
        self._known: OrderedDict[str, dict[str, NewEvent]] = OrderedDict()

    async def publish(self, drafts: list[NewEvent]) -> list[int]:
        """As every channel; what is said of a job that was deleted is dropped, and numbered 0."""
        gone = {draft.job_id for draft in drafts if not await self._is_known(draft)}
        wanted = [draft for draft in drafts if draft.job_id not in gone]
        try:
            published = await self._channel.publish(wanted)
        except HistoryLostError as lost:
            await self._rebuild(lost.job_id)
            published = await self._channel.publish(wanted)
        EVENTS_PUBLISHED.add(len(wanted))
        for draft in wanted:
            self._remember(draft)
        seqs = iter(published)
        return [0 if draft.job_id in gone else next(seqs) for draft in drafts]

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        await self._channel.tick(ticks)

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        progress, cursor = await self._channel.progress(job_id)
        if not progress.run and await self._rebuild(job_id):
            return await self._channel.progress(job_id)
        return progress, cursor

    async def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        while True:
            async with aclosing(self._channel.watch(job_id, after)) as frames:
                async for frame in frames:
                    if _is_empty(frame) and await self._rebuild(job_id):
                        break
                    after = frame.cursor
                    yield frame

    async def events(self, job_id: str, after: str, *, limit: int) -> EventRange | None:
        found = await self._channel.events(job_id, after, limit=limit)
        if found is not None and found.cursor == BEGINNING and await self._rebuild(job_id):
            return await self._channel.events(job_id, after, limit=limit)
        return found

    async def forget(self, job_id: str) -> None:
        self._known.pop(job_id, None)
        await self._channel.forget(job_id)

    async def _is_known(self, draft: NewEvent) -> bool:
        """Whether there is a job to speak of, whose history is there from its beginning."""
        if draft.job_id in self._known or isinstance(draft.event, JobQueued):
            return True
        job = await self._catalog.jobs.find(draft.job_id)
        if job is not None:
            await self._rebuild_run(job)
        return job is not None

    async def _rebuild(self, job_id: str) -> bool:
        """Publish the job's latest run again unless it is known; whether anything was published."""
        job = await self._catalog.jobs.find(job_id)
        return job is not None and await self._rebuild_run(job)

    async def _rebuild_run(self, job: JobRecord) -> bool:
        job_id = job.job_id
        progress, _ = await self._channel.progress(job_id)
        if progress.run >= job.run:
            return False
        events = recall(job, await self._catalog.clips.of(job_id))
        now = datetime.now(UTC)
        drafts = [
            NewEvent(job_id=job_id, run=job.run, at=now, trace_id=job.trace_id, event=event)
            for event in events
        ]
        doing = self._known.get(job_id, {}).values()
        await self._channel.publish([*drafts, *(d for d in doing if d.run == job.run)])
        log.warning(
            "Progress told again from the records",
            job_id=job_id,
            trace_id=job.trace_id,
            events=len(drafts),
        )
        return True

    def _remember(self, draft: NewEvent) -> None:
        """Keep what is true now of each clip that goes on, and of the job while it runs."""
        doing = self._known.setdefault(draft.job_id, {})
        self._known.move_to_end(draft.job_id)
        match draft.event:
            case JobStarted():
                doing["job"] = draft
            case JobFinished():
                doing.clear()
            case event if (step := getattr(event, "step", None)) in ENDS:
                doing.pop(_slot(event), None)
            case event if step is not None and not isinstance(event, Queued):
                doing[_slot(event)] = draft
            case _:
                pass
        while len(self._known) > _REMEMBERED_JOBS:
            self._known.popitem(last=False)


def recall(job: JobRecord, clips: Sequence[ClipRecord]) -> Iterator[Event]:
    """What the records say has happened to a job, all its runs told as its latest."""
    everything = [clip.model_copy(update={"run": job.run}) for clip in clips]
    yield outline(job, everything)
    if job.attempt:
        # Who it was is not recorded; the worker itself will say so under a later number.
        yield JobStarted(worker="", attempt=0)
    for scene in job.plan.scenes:
        here = [clip for clip in everything if clip.scene_id == scene.id]
        if job.attempt or any(clip.ending for clip in here):
            yield from _scene(job, scene, here)
    if job.outcome is not None:
        yield JobFinished(outcome=job.outcome, **_counts(everything))


def _scene(job: JobRecord, scene: Scene, clips: Sequence[ClipRecord]) -> Iterator[Event]:
    yield SceneStarted(
        scene_id=scene.id,
        title=scene.title,
        style_count=len(clips),
        start_sec=scene.start,
        duration_sec=scene.duration,
    )
    for clip in clips:
        yield Queued(scene_id=scene.id, style=clip.style)
    ended = [clip for clip in clips if clip.ending is not None]
    yield from (_end(job, clip) for clip in ended)
    if len(ended) == len(clips):
        yield SceneCompleted(scene_id=scene.id, **_counts(clips))


def _end(job: JobRecord, clip: ClipRecord) -> Complete | Failed | Cancelled:
    match clip.ending:
        case "complete":
            stored = open_storage(job.storage_url).url(clip.key or "")
            url = job.clip_address(clip.scene_id, clip.style) or stored
            clip_id = job.plan.clip(clip.scene_id, clip.style).clip_id
            details = CompleteDetails(
                clip_id=clip_id,
                url=url,
                bytes=clip.size,
                duration_sec=clip.duration,
                has_thumbnail=clip.thumbnail is not None,
                has_captions=clip.captions,
            )
            return Complete(scene_id=clip.scene_id, style=clip.style, details=details)
        case "cancelled":
            by = CancelledDetails(by=job.stop_by or clip.stop_by or "user")
            return Cancelled(scene_id=clip.scene_id, style=clip.style, details=by)
        case _:
            why = clip.failure or _UNRECORDED
            return Failed(scene_id=clip.scene_id, style=clip.style, details=why)


_UNRECORDED = FailedDetails(
    step=Step.QUEUED, code="internal", message="The clip failed.", retryable=True
)


class _Counts(TypedDict):
    clips_completed: int
    clips_failed: int
    clips_cancelled: int


def _counts(clips: Sequence[ClipRecord]) -> _Counts:
    endings = [clip.ending for clip in clips]
    return {
        "clips_completed": endings.count("complete"),
        "clips_failed": endings.count("failed"),
        "clips_cancelled": endings.count("cancelled"),
    }


def _is_empty(frame: Frame) -> bool:
    return isinstance(frame, Snapshot | Reset) and not frame.progress.run


def _slot(event: object) -> str:
    return f"{getattr(event, 'scene_id', None)}/{getattr(event, 'style', None)}"
