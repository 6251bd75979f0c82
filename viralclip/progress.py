"""Progress is a fold: the state of a job is every event so far, plus the last ticks."""

from collections.abc import Iterable
from typing import Literal, assert_never

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
    Warned,
)
from viralclip.steps import ENDS, Step, clip_fraction, total_weight

JobStatus = Literal["queued", "running", "finished"]
SceneStatus = Literal["pending", "processing", "completed", "partial", "failed", "cancelled"]

# What a running job may show at most: 1.0 is said by job_finished alone.
_ALMOST = 0.999
_KEPT_WARNINGS = 50


class _Value(BaseModel, frozen=True):
    model_config = ConfigDict(extra="ignore", json_schema_serialization_defaults_required=True)


class Failure(_Value, frozen=True):
    """Why a clip failed, and in which step."""

    step: Step
    code: str
    message: str
    retryable: bool


class ClipState(_Value, frozen=True):
    """Where one clip is: `fraction` is of the clip, `step_fraction` of the step (None: not known)."""

    style: str
    analysed: bool
    step: Step = Step.QUEUED
    attempt: int = 1
    since: AwareDatetime | None = None
    fraction: float = 0.0
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
    details: dict[str, str | int | float | bool] = {}

    @property
    def ended(self) -> bool:
        return self.step in ENDS


class SceneState(_Value, frozen=True):
    scene_id: int
    title: str
    start_sec: float
    duration_sec: float
    status: SceneStatus = "pending"
    clips: tuple[ClipState, ...]
    clips_completed: int = 0
    clips_failed: int = 0
    clips_cancelled: int = 0

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


class Progress(_Value, frozen=True):
    """The state of one job as every viewer sees it; `fraction` never falls within a run."""

    job_id: str
    seq: int = 0
    run: int = 0
    status: JobStatus = "queued"
    outcome: Outcome | None = None
    worker: str | None = None
    fraction: float = 0.0
    eta_sec: float | None = None
    eta_low_sec: float | None = None
    eta_high_sec: float | None = None
    queued_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    clips_completed: int = 0
    clips_failed: int = 0
    clips_cancelled: int = 0
    clips_total: int = 0
    scenes: tuple[SceneState, ...] = ()
    warnings: tuple[Notice, ...] = ()


def fold(job_id: str, envelopes: Iterable[Envelope]) -> Progress:
    """The progress after all `envelopes`, in order from the first."""
    progress = Progress(job_id=job_id)
    for envelope in envelopes:
        progress = advance(progress, envelope)
    return progress


def advance(progress: Progress, item: Envelope | ClipTick | JobTick) -> Progress:
    """The progress after one more envelope or tick; an envelope seen before changes nothing."""
    match item:
        case Envelope():
            return progress if item.seq <= progress.seq else _told(progress, item)
        case ClipTick():
            return _clip_ticked(progress, item)
        case JobTick():
            return _job_ticked(progress, item)
        case _:
            assert_never(item)


def _told(progress: Progress, envelope: Envelope) -> Progress:
    after = _happened(progress, envelope)
    return after.model_copy(update={"seq": envelope.seq})


def _happened(progress: Progress, envelope: Envelope) -> Progress:
    match envelope.event:
        case JobQueued() as queued:
            return _queued(progress, queued, envelope.at)
        case JobStarted(worker=worker):
            return progress.model_copy(update={"status": "running", "worker": worker})
        case JobRecovered(to_worker=worker):
            return progress.model_copy(update={"worker": worker})
        case SceneStarted(scene_id=scene_id):
            return _with_scene(progress, scene_id, {"status": "processing"})
        case SceneCompleted() as done:
            return _with_scene(progress, done.scene_id, _scene_end(done))
        case Warned() as warning:
            return _warned(progress, warning, envelope.at)
        case Logged() | AnomalyFound():
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
    return SceneState(
        scene_id=outline.scene_id,
        title=outline.title,
        start_sec=outline.start_sec,
        duration_sec=outline.duration_sec,
        clips=tuple(clips.values()),
        clips_completed=sum(clip.step is Step.COMPLETE for clip in clips.values()),
    )


def _waiting(outline: ClipOutline) -> ClipState:
    return ClipState(style=outline.style, analysed=outline.analysed)


def _stepped(progress: Progress, event: ClipProgressed, at: AwareDatetime) -> Progress:
    clip = _find(progress, event.scene_id, event.style)
    if clip is None or clip.ended or event.attempt < clip.attempt:
        return progress
    return _with_clip(progress, event.scene_id, _after_step(clip, event, at))


def _after_step(clip: ClipState, event: ClipProgressed, at: AwareDatetime) -> ClipState:
    fresh = ClipState(style=clip.style, analysed=clip.analysed, step=event.step, since=at)
    fraction = clip_fraction(event.step, 0.0, analysed=clip.analysed)
    same_attempt = event.attempt == clip.attempt
    return fresh.model_copy(
        update={
            "attempt": event.attempt,
            "fraction": max(clip.fraction, fraction) if same_attempt else fraction,
            "details": event.details.model_dump(mode="json"),
            **_facts(clip, event),
        }
    )


def _facts(clip: ClipState, event: ClipProgressed) -> dict[str, object]:
    """What a step says beyond its name; a clip that ended short keeps the share it had reached."""
    match event:
        case Complete(details=done):
            return {"fraction": 1.0, "url": done.url, "kept": done.kept}
        case Failed(details=why):
            return {"fraction": clip.fraction, "failure": Failure(**why.model_dump())}
        case Cancelled(details=why):
            return {"fraction": clip.fraction, "cancelled_by": why.by}
        case Retrying(details=why):
            return {"retry_in_sec": why.delay_sec, "retry_code": why.code}
        case _:
            return {}


def _clip_ticked(progress: Progress, tick: ClipTick) -> Progress:
    clip = _find(progress, tick.scene_id, tick.style)
    if clip is None or clip.step is not tick.step or clip.attempt != tick.attempt:
        return progress
    step_fraction = max(clip.step_fraction or 0.0, min(tick.fraction, 1.0))
    reached = clip_fraction(tick.step, step_fraction, analysed=clip.analysed)
    ticked = clip.model_copy(
        update={
            "step_fraction": step_fraction,
            "fraction": max(clip.fraction, reached),
            "fps": tick.fps,
            "speed": tick.speed,
            "eta_sec": tick.eta_sec,
        }
    )
    return _with_clip(progress, tick.scene_id, ticked)


def _job_ticked(progress: Progress, tick: JobTick) -> Progress:
    if progress.status == "finished":
        return progress
    return progress.model_copy(
        update={
            "eta_sec": tick.eta_sec,
            "eta_low_sec": tick.eta_low_sec,
            "eta_high_sec": tick.eta_high_sec,
        }
    )


def _warned(progress: Progress, event: Warned, at: AwareDatetime) -> Progress:
    notice = Notice(
        at=at,
        code=event.code,
        message=event.message,
        scene_id=event.scene_id,
        style=event.style,
    )
    return progress.model_copy(update={"warnings": (*progress.warnings, notice)[-_KEPT_WARNINGS:]})


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
            "eta_sec": None,
            "eta_low_sec": None,
            "eta_high_sec": None,
            "finished_at": at,
            "clips_completed": event.clips_completed,
            "clips_failed": event.clips_failed,
            "clips_cancelled": event.clips_cancelled,
        }
    )


def _find(progress: Progress, scene_id: int, style: str) -> ClipState | None:
    for scene in progress.scenes:
        if scene.scene_id == scene_id:
            return next((clip for clip in scene.clips if clip.style == style), None)
    return None


def _with_clip(progress: Progress, scene_id: int, clip: ClipState) -> Progress:
    scene = next(scene for scene in progress.scenes if scene.scene_id == scene_id)
    clips = tuple(clip if old.style == clip.style else old for old in scene.clips)
    return _with_scene(progress, scene_id, {"clips": clips, **_scene_counts(clips)})


def _with_scene(progress: Progress, scene_id: int, update: dict[str, object]) -> Progress:
    scenes = tuple(
        scene.model_copy(update=update) if scene.scene_id == scene_id else scene
        for scene in progress.scenes
    )
    return progress.model_copy(
        update={
            "scenes": scenes,
            "fraction": _fraction(progress.fraction, scenes),
            **_counts(scenes),
        }
    )


def _scene_counts(clips: tuple[ClipState, ...]) -> dict[str, int]:
    return {
        "clips_completed": sum(clip.step is Step.COMPLETE for clip in clips),
        "clips_failed": sum(clip.step is Step.FAILED for clip in clips),
        "clips_cancelled": sum(clip.step is Step.CANCELLED for clip in clips),
    }


def _counts(scenes: tuple[SceneState, ...]) -> dict[str, int]:
    return {
        "clips_completed": sum(scene.clips_completed for scene in scenes),
        "clips_failed": sum(scene.clips_failed for scene in scenes),
        "clips_cancelled": sum(scene.clips_cancelled for scene in scenes),
        "clips_total": sum(len(scene.clips) for scene in scenes),
    }


def _fraction(shown: float, scenes: tuple[SceneState, ...]) -> float:
    """The share of the work that is done: clips weigh as much as they take.

    A clip that failed or was cancelled counts for what it had reached, and what it will never do
    is no longer part of the whole. When nothing is complete or goes on, the bar stands still.
    """
    done = whole = 0.0
    moving = False
    for scene in scenes:
        for clip in scene.clips:
            weight = scene.duration_sec * total_weight(analysed=clip.analysed)
            lost = clip.step in (Step.FAILED, Step.CANCELLED)
            done += weight * clip.fraction
            whole += weight * (clip.fraction if lost else 1.0)
            moving = moving or not lost
    reached = done / whole if moving and whole else 0.0
    return max(shown, min(reached, _ALMOST))
