"""Progress is a fold: the state of a job is every event so far, plus the last ticks."""

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeVar, assert_never

from pydantic import AwareDatetime, BaseModel, ConfigDict

from viralclip.events import (
    AnomalyFound,
    Cancelled,
    ClipOutline,
    ClipProgressed,
    ClipTick,
    Complete,
    Envelope,
    Failed,
    JobFinished,
    JobQueued,
    JobRecovered,
    JobStarted,
    JobTick,
    Logged,
    Outcome,
    Retrying,
    SceneCompleted,
    SceneOutline,
    SceneStarted,
    UnknownEvent,
    Warned,
    WorkerTick,
)
from viralclip.routes import Routed
from viralclip.steps import ENDS, Route, Step, clip_fraction, total_weight

JobStatus = Literal["queued", "running", "finished"]
SceneStatus = Literal["pending", "processing", "completed", "partial", "failed", "cancelled"]

# What a running job may show at most: 1.0 is said by job_finished alone.
_ALMOST = 0.999
_KEPT_WARNINGS = 50
_NO_ETA: dict[str, object] = {
    "eta_sec": None,
    "eta_low_sec": None,
    "eta_high_sec": None,
    "eta_at": None,
    "eta_low_at": None,
    "eta_high_at": None,
}

T = TypeVar("T")


class _Value(BaseModel, frozen=True):
    model_config = ConfigDict(extra="ignore", json_schema_serialization_defaults_required=True)


class Failure(_Value, frozen=True):
    """Why a clip failed, and in which step."""

    step: Step
    code: str
    message: str
    retryable: bool


class ClipState(_Value, Routed, frozen=True):
    """Where one clip is: `fraction` is of the clip, `step_fraction` of the step (None: not known).

    `reached` is the furthest that any attempt of this run came: it never falls, as `fraction` does
    when another attempt begins. `slow_times` is how many times longer than usual the step takes,
    while that is an anomaly.
    """

    style: str
    step: Step = Step.QUEUED
    attempt: int = 1
    since: AwareDatetime | None = None
    fraction: float = 0.0
    reached: float = 0.0
    step_fraction: float | None = None
    fps: float | None = None
    speed: float | None = None
    eta_sec: float | None = None
    url: str | None = None
    kept: bool = False
    failure: Failure | None = None
    cancelled_by: str | None = None
    retry_in_sec: float | None = None
    retry_code: str | None = None
    slow_times: float | None = None
    details: dict[str, str | int | float | bool] = {}

    @property
    def ended(self) -> bool:
        return self.step in ENDS


class SceneState(_Value, frozen=True):
    """Where one scene is; `work_done` of `work_whole` weighted seconds are behind it.

    A clip that failed or was cancelled counts for what it had reached: what it will never do is no
    longer part of the whole.
    """

    scene_id: int
    title: str
    start_sec: float
    duration_sec: float
    status: SceneStatus = "pending"
    clips: tuple[ClipState, ...]
    clips_completed: int = 0
    clips_failed: int = 0
    clips_cancelled: int = 0
    work_done: float = 0.0
    work_whole: float = 0.0

    @property
    def style_count(self) -> int:
        return len(self.clips)


class Notice(_Value, frozen=True):
    """A warning worth showing beside the job or the clip it speaks of."""

    at: AwareDatetime
    code: str
    message: str
    scene_id: int | None
    style: str | None


class Left(NamedTuple):
    """What is left of a job, as it is to be shown: seconds, and when it is done.

    `done` is when it is expected to be, and the earliest and latest of its band.
    """

    expected_sec: float
    low_sec: float | None
    high_sec: float | None
    done: tuple[AwareDatetime, AwareDatetime, AwareDatetime] | None = None


class Progress(_Value, frozen=True):
    """The state of one job as every viewer sees it; `fraction` never falls within a run.

    `moved_at` is when something was last heard of it. `has_worker` is False where no worker is
    alive that is at it: nothing moves then, and no time left is known. `eta_at` is when it will be
    done, steadier than the seconds left.
    """

    job_id: str
    seq: int = 0
    run: int = 0
    status: JobStatus = "queued"
    outcome: Outcome | None = None
    worker: str | None = None
    has_worker: bool = True
    moved_at: AwareDatetime | None = None
    fraction: float = 0.0
    eta_sec: float | None = None
    eta_low_sec: float | None = None
    eta_high_sec: float | None = None
    eta_at: AwareDatetime | None = None
    eta_low_at: AwareDatetime | None = None
    eta_high_at: AwareDatetime | None = None
    queued_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    clips_completed: int = 0
    clips_failed: int = 0
    clips_cancelled: int = 0
    clips_total: int = 0
    scenes: tuple[SceneState, ...] = ()
    warnings: tuple[Notice, ...] = ()

    @property
    def left(self) -> Left | None:
        """The time left until what is shown as the end; a worker of the version before tells
        seconds alone."""
        if self.eta_sec is None:
            return None
        done, low, high = self.eta_at, self.eta_low_at, self.eta_high_at
        if self.moved_at is None or done is None or low is None or high is None:
            return Left(self.eta_sec, self.eta_low_sec, self.eta_high_sec)
        left = [max((at - self.moved_at).total_seconds(), 0.0) for at in (done, low, high)]
        return Left(*left, done=(done, low, high))

    def as_shown(self, clip: ClipState) -> ClipState:
        """The clip with no more time left than its job has: alone it knows only how fast it was of
        late, beside others."""
        left = self.left
        if left is None or clip.eta_sec is None:
            return clip
        most = left.expected_sec if left.high_sec is None else left.high_sec
        return clip.model_copy(update={"eta_sec": min(clip.eta_sec, most)})


def fold(job_id: str, envelopes: Iterable[Envelope]) -> Progress:
    """The progress after all `envelopes`, in order from the first."""
    progress = Progress(job_id=job_id)
    for envelope in envelopes:
        progress = advance(progress, envelope)
    return progress


def next_attempt(progress: Progress, scene_id: int, style: str) -> int:
    """The attempt of a clip that begins now: the first, or the one after what was cut short."""
    clips = (clip for s in progress.scenes if s.scene_id == scene_id for clip in s.clips)
    known = next((clip for clip in clips if clip.style == style), None)
    if known is None or known.step is Step.QUEUED:
        return 1
    return known.attempt + 1


def advance(progress: Progress, item: Envelope | ClipTick | JobTick | WorkerTick) -> Progress:
    """The progress after one more envelope or tick; an envelope seen before changes nothing."""
    match item:
        case Envelope():
            return progress if item.seq <= progress.seq else _after_envelope(progress, item)
        case ClipTick():
            return _clip_ticked(progress, item)
        case JobTick():
            return _job_ticked(progress, item)
        case WorkerTick():
            return _worker_ticked(progress, item)
        case _:
            assert_never(item)


def _after_envelope(progress: Progress, envelope: Envelope) -> Progress:
    """Whatever happens is a worker's doing; a tick may be one that a dead worker left."""
    # A worker that took over a job at its very end may still speak; only another run opens it.
    is_over = progress.status == "finished" and not isinstance(envelope.event, JobQueued)
    if is_over or isinstance(envelope.event, UnknownEvent):
        return progress.model_copy(update={"seq": envelope.seq})
    update = {"seq": envelope.seq, "moved_at": envelope.at, "has_worker": True}
    return _after_event(progress, envelope).model_copy(update=update)


def _after_event(progress: Progress, envelope: Envelope) -> Progress:
    match envelope.event:
        case JobQueued() as queued:
            return _queued(progress, queued, envelope.at)
        case JobStarted(worker=worker):
            return progress.model_copy(update={"status": "running", "worker": worker})
        case JobRecovered(to_worker=worker):
            return progress.model_copy(update={"worker": worker})
        case SceneStarted(scene_id=scene_id):
            return _scene_marked(progress, scene_id, {"status": "processing"})
        case SceneCompleted() as done:
            return _scene_marked(progress, done.scene_id, _scene_end(done))
        case Warned() as warning:
            return _warned(progress, warning, envelope.at)
        case AnomalyFound() as anomaly:
            return _slowed(progress, anomaly)
        case Logged() | UnknownEvent():
            return progress
        case JobFinished() as finished:
            return _finished(progress, finished, envelope.at)
        case _:
            return _stepped(progress, envelope.event, envelope.at)


def _queued(progress: Progress, event: JobQueued, at: AwareDatetime) -> Progress:
    known = {scene.scene_id: scene for scene in progress.scenes}
    for outline in event.scenes:
        known[outline.scene_id] = _outlined(known.get(outline.scene_id), outline)
    scenes = tuple(known[scene_id] for scene_id in sorted(known))
    fresh = Progress(job_id=progress.job_id, run=event.run, queued_at=at, scenes=scenes)
    return fresh.model_copy(update={**_counts(scenes), "fraction": _fraction(0.0, scenes)})


def _outlined(scene: SceneState | None, outline: SceneOutline) -> SceneState:
    clips = {clip.style: clip for clip in scene.clips} if scene else {}
    clips |= {clip.style: _waiting(clip) for clip in outline.clips}
    fresh = SceneState(
        scene_id=outline.scene_id,
        title=outline.title,
        start_sec=outline.start_sec,
        duration_sec=outline.duration_sec,
        clips=(),
    )
    return _with_clips(fresh, tuple(clips.values()))


def _waiting(outline: ClipOutline) -> ClipState:
    return ClipState(style=outline.style, route=outline.route)


def _stepped(progress: Progress, event: ClipProgressed, at: AwareDatetime) -> Progress:
    place = _find(progress, event.scene_id, event.style)
    if place is None or place.clip.ended:
        return progress
    # An ending always counts: whoever says it may not know how often the clip was tried.
    if event.attempt < place.clip.attempt and event.step not in ENDS:
        return progress
    return _with_clip(progress, place, _after_step(place.clip, event, at))


def _after_step(clip: ClipState, event: ClipProgressed, at: AwareDatetime) -> ClipState:
    begun = _share(event.step, 0.0, clip.route)
    fraction = begun if event.attempt > clip.attempt else max(clip.fraction, begun)
    update: dict[str, object] = {
        "step": event.step,
        "since": at,
        "attempt": max(clip.attempt, event.attempt),
        "fraction": fraction,
        "reached": max(clip.reached, fraction),
        "details": event.details.model_dump(mode="json", exclude_none=True),
        **_facts(clip, event),
    }
    return ClipState(style=clip.style, route=clip.route).model_copy(update=update)


def _facts(clip: ClipState, event: ClipProgressed) -> dict[str, object]:
    """What a step says beyond its name; a clip that ended short keeps the share it had reached."""
    match event:
        case Complete(details=done):
            return {"url": done.url, "kept": done.kept}
        case Failed(details=why):
            return {"fraction": clip.fraction, "failure": Failure(**why.model_dump())}
        case Cancelled(details=why):
            return {"fraction": clip.fraction, "cancelled_by": why.by}
        case Retrying(details=why):
            return {"retry_in_sec": why.delay_sec, "retry_code": why.code}
        case _:
            return {}


def _clip_ticked(progress: Progress, tick: ClipTick) -> Progress:
    place = _find(progress, tick.scene_id, tick.style)
    if place is None or not _fits(place.clip, tick) or progress.status == "finished":
        return progress
    clip = place.clip
    step_fraction = max(clip.step_fraction or 0.0, min(tick.fraction, 1.0))
    fraction = max(clip.fraction, _share(tick.step, step_fraction, clip.route))
    ticked = clip.model_copy(
        update={
            "step_fraction": step_fraction,
            "fraction": fraction,
            "reached": max(clip.reached, fraction),
            "fps": tick.fps if progress.has_worker else None,
            "speed": tick.speed if progress.has_worker else None,
            "eta_sec": tick.eta_sec if progress.has_worker else None,
        }
    )
    return _with_clip(progress, place, ticked)


def _fits(clip: ClipState, tick: ClipTick) -> bool:
    return not clip.ended and clip.step is tick.step and clip.attempt == tick.attempt


def _job_ticked(progress: Progress, tick: JobTick) -> Progress:
    if progress.status == "finished":
        return progress
    moved = progress.model_copy(update={"moved_at": tick.at or progress.moved_at})
    if not progress.has_worker:
        return moved
    return moved.model_copy(
        update={
            "eta_sec": tick.eta_sec,
            "eta_low_sec": tick.eta_low_sec,
            "eta_high_sec": tick.eta_high_sec,
            "eta_at": tick.eta_at,
            "eta_low_at": tick.eta_low_at,
            "eta_high_at": tick.eta_high_at,
        }
    )


def _worker_ticked(progress: Progress, tick: WorkerTick) -> Progress:
    if progress.status == "finished" or tick.alive == progress.has_worker:
        return progress
    if tick.alive:
        return progress.model_copy(update={"has_worker": True})
    scenes = tuple(_standing_still(scene) for scene in progress.scenes)
    return progress.model_copy(update={"has_worker": False, "scenes": scenes, **_NO_ETA})


def _standing_still(scene: SceneState) -> SceneState:
    still = {"fps": None, "speed": None, "eta_sec": None}
    clips = tuple(clip if clip.ended else clip.model_copy(update=still) for clip in scene.clips)
    return scene.model_copy(update={"clips": clips})


def _warned(progress: Progress, event: Warned, at: AwareDatetime) -> Progress:
    notice = Notice(
        at=at,
        code=event.code,
        message=event.message,
        scene_id=event.scene_id,
        style=event.style,
    )
    return progress.model_copy(update={"warnings": (*progress.warnings, notice)[-_KEPT_WARNINGS:]})


def _slowed(progress: Progress, event: AnomalyFound) -> Progress:
    """The clip is marked until the step is over: what has ended late is no fault."""
    place = _find(progress, event.scene_id, event.style)
    if place is None or place.clip.step is not event.step:
        return progress
    return _with_clip(progress, place, place.clip.model_copy(update={"slow_times": event.times}))


def _scene_end(event: SceneCompleted) -> dict[str, object]:
    completed, failed, cancelled = (
        event.clips_completed,
        event.clips_failed,
        event.clips_cancelled,
    )
    counts = {
        "clips_completed": completed,
        "clips_failed": failed,
        "clips_cancelled": cancelled,
    }
    return {**counts, "status": _scene_status(completed, failed, cancelled)}


def _scene_status(completed: int, failed: int, cancelled: int) -> SceneStatus:
    if not failed and not cancelled:
        return "completed"
    if completed:
        return "partial"
    return "failed" if failed else "cancelled"


def _finished(progress: Progress, event: JobFinished, at: AwareDatetime) -> Progress:
    made_it = event.outcome in ("succeeded", "partial")
    return progress.model_copy(
        update={
            "status": "finished",
            "outcome": event.outcome,
            "fraction": 1.0 if made_it else progress.fraction,
            **_NO_ETA,
            "finished_at": at,
            "clips_completed": event.clips_completed,
            "clips_failed": event.clips_failed,
            "clips_cancelled": event.clips_cancelled,
        }
    )


class _Place(NamedTuple):
    """A clip, and its positions: of its scene in the job, and its own in the scene."""

    scene_at: int
    clip_at: int
    clip: ClipState


def _find(progress: Progress, scene_id: int, style: str) -> _Place | None:
    for at, scene in enumerate(progress.scenes):
        if scene.scene_id == scene_id:
            places = (_Place(at, index, clip) for index, clip in enumerate(scene.clips))
            return next((place for place in places if place.clip.style == style), None)
    return None


def _with_clip(progress: Progress, place: _Place, clip: ClipState) -> Progress:
    scene = progress.scenes[place.scene_at]
    scene = _with_clips(scene, _replaced(scene.clips, place.clip_at, clip))
    scenes = _replaced(progress.scenes, place.scene_at, scene)
    update: dict[str, object] = {"scenes": scenes, "fraction": _fraction(progress.fraction, scenes)}
    if clip.ended:
        update |= _counts(scenes)
    return progress.model_copy(update=update)


def _replaced(values: tuple[T, ...], index: int, value: T) -> tuple[T, ...]:
    return (*values[:index], value, *values[index + 1 :])


def _scene_marked(progress: Progress, scene_id: int, update: dict[str, object]) -> Progress:
    scenes = tuple(
        scene.model_copy(update=update) if scene.scene_id == scene_id else scene
        for scene in progress.scenes
    )
    return progress.model_copy(update={"scenes": scenes, **_counts(scenes)})


def _with_clips(scene: SceneState, clips: tuple[ClipState, ...]) -> SceneState:
    """The scene with other clips, counted and summed anew: sums that are adjusted would drift."""
    done = whole = 0.0
    for clip in clips:
        weight = _millionths(scene.duration_sec * total_weight(clip.route))
        done += weight * clip.reached
        whole += weight * (clip.reached if clip.step is Step.FAILED else 1.0)
    update: dict[str, object] = {"clips": clips, "work_done": done, "work_whole": whole}
    steps = [clip.step for clip in clips]
    counts = {
        "clips_completed": steps.count(Step.COMPLETE),
        "clips_failed": steps.count(Step.FAILED),
        "clips_cancelled": steps.count(Step.CANCELLED),
    }
    return scene.model_copy(update={**update, **counts})


def _counts(scenes: tuple[SceneState, ...]) -> dict[str, int]:
    return {
        "clips_completed": sum(scene.clips_completed for scene in scenes),
        "clips_failed": sum(scene.clips_failed for scene in scenes),
        "clips_cancelled": sum(scene.clips_cancelled for scene in scenes),
        "clips_total": sum(len(scene.clips) for scene in scenes),
    }


def _fraction(shown: float, scenes: tuple[SceneState, ...]) -> float:
    """The share of the work that is done: clips weigh as much as they take.

    What a failed clip will never do is no longer part of the whole; what a cancelled one leaves
    undone is, lest the bar leaps forward while a job is cancelled. When nothing is complete or
    goes on, the bar stands still.
    """
    done = whole = 0.0
    moving = False
    for scene in scenes:
        done += scene.work_done
        whole += scene.work_whole
        moving = moving or len(scene.clips) > scene.clips_failed + scene.clips_cancelled
    reached = _millionths(done / whole) if moving and whole else 0.0
    return max(shown, min(reached, _ALMOST))


def _share(step: Step, step_fraction: float, route: Route) -> float:
    return _millionths(clip_fraction(step, step_fraction, route))


def _millionths(value: float) -> float:
    """Rounded as JavaScript's Math.round does, so that no two viewers differ in a last digit."""
    return math.floor(value * 1e6 + 0.5) / 1e6
