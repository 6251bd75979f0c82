"""What people read: one table of words for each vocabulary of the wire, and friendly figures."""

import math
from collections.abc import Callable
from datetime import datetime

from viralclip import steps
from viralclip.events import NO_DETECTOR, Algorithm, Level, Outcome
from viralclip.progress import ClipState, JobStatus, SceneStatus
from viralclip.steps import Step
from viralclip.text import counted

STEPS: dict[Step, str] = {step: facts.words for step, facts in steps.STEPS.items()}

OUTCOMES: dict[Outcome, str] = {
    "succeeded": "succeeded",
    "partial": "partly done",
    "failed": "failed",
    "cancelled": "cancelled",
}

SCENES: dict[SceneStatus, str] = {
    "pending": "waiting",
    "processing": "in progress",
    "completed": "done",
    "partial": "partly done",
    "failed": "failed",
    "cancelled": "cancelled",
}

JOBS: dict[JobStatus, str] = {
    "queued": "waiting for a worker",
    "running": "in progress",
    "finished": "finished",
}

ALGORITHMS: dict[Algorithm, str] = {
    "basic": "follows the main face",
    "motion": "follows the motion",
    "audio_aware": "follows speech",
    "speaker_aware": "follows the speaker",
}

LEVELS: dict[Level, str] = {
    "debug": "detail",
    "info": "note",
    "warning": "warning",
    "error": "error",
}

# The reason in a few words, for places that know the code but not the message.
CODES: dict[str, str] = {
    "internal": "something went wrong inside viralclip",
    "invalid_request": "the request cannot be accepted",
    "invalid_scenes": "the scene list has faults",
    "unknown_style": "the style is not known",
    "style_does_not_fit": "no chosen style fits the video",
    "invalid_aspect": "the aspect ratio is not supported",
    "unknown_encoder": "the encoder is not known",
    "source_missing": "the video cannot be found",
    "source_not_video": "the file is not a video",
    "source_still": "the file is a picture",
    "source_too_large": "the video is too large",
    "source_too_heavy": "the file takes too much to look into",
    "unknown_audio_track": "the audio track is not there",
    "output_not_writable": "the output folder is not writable",
    "tool_missing": "a tool is missing",
    "not_installed": "a package is missing",
    "detector_missing": "faces cannot be looked for",
    "unknown_job": "the job is not known",
    "job_busy": "the job is still running",
    "clip_failed": "the clip cannot be made",
    "source_changed": "the video changed",
    "source_unreadable": "the video cannot be decoded there",
    "analysis_failed": "the scene could not be looked through",
    "analysis_stalled": "looking through the scene made no progress",
    "render_failed": "FFmpeg could not render it",
    "render_stalled": "FFmpeg stopped making progress",
    "render_timed_out": "FFmpeg took too long",
    "render_incomplete": "FFmpeg left the clip too short",
    "encoder_busy": "the hardware encoder was busy",
    "disk_full": "the disk is full",
    "worker_crashed": "its worker crashed",
    "thumbnail_failed": "no thumbnail could be made",
    "model_unavailable": "the face model is not available",
    "job_failed": "the job cannot go on",
    "storage_unavailable": "the storage did not answer",
    "storage_rejected": "the storage refused the clip",
    "storage_full": "the destination is full",
}

# What to try next, where the message itself does not say it.
ADVICE: dict[str, str] = {
    "source_unreadable": "Play the video at this scene; if it breaks there too, fetch it again.",
    "analysis_failed": "Try the clip again; a style that follows nobody needs no such look.",
    "render_failed": "If a retry fails too, the log says what FFmpeg did not like.",
    "render_stalled": "Check that the disk of the video is there and fast enough.",
    "render_timed_out": "Try shorter scenes or --preset fast.",
    "worker_crashed": "Often memory ran out: try fewer slots or --preset fast.",
}

_MINUTE = 60
_HOUR = 3600
_ALMOST_NOW = 8
_COUNTED_S = 120
_NARROW_BAND = 1.4
_NEARLY_ONE = {"min": 45, "h": 45 * _MINUTE}
_KILO = 1000


def reason(code: str) -> str:
    """Why, in a few words; a code from a newer worker still reads as words."""
    return CODES.get(code, code.replace("_", " "))


def clip_words(clip: ClipState, *, now: datetime) -> tuple[str, ...]:
    """What a clip is doing: the step in words, then its details, the most telling first."""
    describe = _DETAILED.get(clip.step, _usual)
    step, *details = (part for part in describe(clip, now) if part)
    slow = [f"{_times(clip.slow_times)} as long as usual"] if clip.slow_times else []
    return (step, *slow, *details)


def anomaly(step: Step, times: float | None) -> str:
    """What is not as it should be: "rendering takes 4 times what clips like this take here"."""
    if times is None:
        return f"{STEPS[step]} takes unusually long"
    return f"{STEPS[step]} takes {_times(times)} what clips like this take here"


def _times(count: float) -> str:
    near = round(count)
    return "twice" if near <= 2 else f"{near} times"  # noqa: PLR2004 - a word of its own


def scene_number(scene_id: int) -> str:
    return f"{scene_id:02}"


def percent(fraction: float, *, outcome: Outcome | None = None) -> int:
    """Whole percent, rounded down: 100 is said of a finished job that made something, alone."""
    if outcome in ("succeeded", "partial"):
        return 100
    return min(math.floor(fraction * 100), 99)


def is_counted(eta: float, high: float | None) -> bool:
    """Whether the rest is counted in seconds: a clock that shows minutes says less than that."""
    return (eta if high is None else high) < _COUNTED_S


def time_left(eta: float | None, low: float | None, high: float | None) -> str:
    """How long a job still takes, as precisely as is known; empty when nothing is."""
    if eta is None:
        return ""
    if is_counted(eta, high):
        return f"{_about(eta)} left"
    if low is None or high is None or high <= max(low, 1) * _NARROW_BAND:
        return f"{_about(eta)} left"
    least, most = _rounded(low), _rounded(high)
    if _phrase(least) == _phrase(most):
        return f"{_about(eta)} left"
    if least < _ALMOST_NOW:
        return f"up to {_phrase(most)} left"
    return f"{_span(least, most)} left"


def done_about(expected: datetime, low: datetime, high: datetime, *, now: datetime) -> str:
    """When a job will be done: "done about 14:32 (14:30-14:36)"; a day of its own is named."""
    about, least, most = (_clock_time(at, now) for at in (expected, low, high))
    return f"done about {about}" + (f" ({least}-{most})" if least != most else "")


def _clock_time(at: datetime, now: datetime) -> str:
    here = at.astimezone()
    return f"{here:%H:%M}" if here.date() == now.astimezone().date() else f"{here:%a %H:%M}"


def standstill(moved_at: datetime | None, now: datetime) -> str:
    """What to say of a job that no worker is at."""
    return f"no worker; nothing has moved{_since(moved_at, now)}"


def interrupted(moved_at: datetime | None, now: datetime) -> str:
    """The same of a job whose command has died."""
    return f"interrupted; nothing has moved{_since(moved_at, now)}"


def _since(moved_at: datetime | None, now: datetime) -> str:
    if moved_at is None:
        return ""
    here, today = moved_at.astimezone(), now.astimezone().date()
    return f" since {here:%H:%M}" if here.date() == today else f" since {here:%Y-%m-%d %H:%M}"


def duration(seconds: float) -> str:
    """A measured time: 0.4 s, 12.0 s, 1 min 42 s, 2 h 05 min."""
    if seconds < _MINUTE:
        return f"{math.floor(max(seconds, 0.0) * 10) / 10:.1f} s"
    if seconds < _HOUR:
        minutes, rest = divmod(int(seconds), _MINUTE)
        return f"{minutes} min {rest:02} s"
    hours, rest = divmod(int(seconds), _HOUR)
    return f"{hours} h {rest // _MINUTE:02} min"


def clock(seconds: float) -> str:
    """A running time: 1:42, 1:02:03."""
    minutes, rest = divmod(int(max(seconds, 0.0)), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def file_size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < _KILO:
            return f"{size:.0f} {unit}" if unit != "MB" else f"{size:.1f} MB"
        size /= _KILO
    return f"{size:.2f} GB"


def cancelled_by(by: str) -> str:
    """Who cancelled, or the error of a sibling that ended the whole job."""
    return f"because {reason(by)}" if by in CODES else f"by {by}"


def _about(seconds: float) -> str:
    rounded = _rounded(seconds)
    return "a few seconds" if rounded <= _ALMOST_NOW else f"about {_phrase(rounded)}"


def _span(least: float, most: float) -> str:
    less, low_unit = _phrase(least).split(" ")
    more, unit = _phrase(most).split(" ")
    if low_unit == unit:
        return f"{less}-{more} {unit}"
    if least >= _NEARLY_ONE.get(unit, math.inf):
        return f"1-{more} {unit}"
    return f"{less} {low_unit} - {more} {unit}"


def _rounded(seconds: float) -> float:
    """As exact as people want it: a long time is never known to the second."""
    for below, grain in ((10, 1), (30, 5), (90, 10), (600, 60), (_HOUR * 1.5, 300)):
        if seconds < below:
            return round(seconds / grain) * grain
    return round(seconds / 1800) * 1800


def _phrase(seconds: float) -> str:
    if seconds < _MINUTE * 1.5:
        return f"{seconds:.0f} s"
    if seconds < _HOUR * 1.5:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:g} h"


def _pace(clip: ClipState) -> tuple[str, ...]:
    """FFmpeg's figures, where there are any; speed is seconds of clip per second of work."""
    figures = (
        (clip.fps, lambda fps: f"{fps:.0f} fps"),
        (clip.speed, lambda speed: f"{speed:.1f}x"),
        (clip.eta_sec, lambda eta: f"{_phrase(_rounded(eta))} left" if eta >= 1 else ""),
    )
    return tuple(said for value, say in figures if value is not None and (said := say(value)))


def _number(clip: ClipState, name: str) -> float | None:
    value = clip.details.get(name)
    return value if isinstance(value, int | float) else None


def _figure(clip: ClipState, name: str, say: Callable[[float], str]) -> str:
    value = _number(clip, name)
    return "" if value is None else say(value)


def _extracting(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    return STEPS[clip.step], _figure(clip, "duration_sec", lambda sec: f"{sec:.1f} s")


def _detecting(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    sampled = _figure(clip, "sample_fps", lambda fps: f"{fps:g} frames/s")
    return STEPS[clip.step], *_pace(clip), sampled, detector(str(clip.details.get("detector", "")))


def _detected(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    frames = _figure(clip, "frames", lambda count: counted(int(count), "frame"))
    faces = _number(clip, "faces")
    if faces is None:
        return STEPS[clip.step], frames
    if not faces:
        return "no face found", frames
    sure = _figure(clip, "mean_confidence", lambda share: f"{share:.0%} sure")
    return f"{counted(int(faces), 'face')} found", frames, sure


def _planning(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    return STEPS[clip.step], algorithm(str(clip.details.get("algorithm", ""))), *_pace(clip)


def algorithm(name: str) -> str:
    words: dict[str, str] = {**ALGORITHMS}
    return words.get(name, name)


def detector(name: str) -> str:
    return name if name not in ("", NO_DETECTOR) else "no face detector"


def _planned(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    figures = (("shots", "shot"), ("keyframes", "keyframe"), ("speaker_switches", "speaker change"))
    return STEPS[clip.step], *(
        _figure(clip, name, lambda count, noun=noun: counted(int(count), noun))
        for name, noun in figures
    )


def _framing(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    return STEPS[clip.step], _figure(clip, "frames", lambda count: counted(int(count), "frame"))


def _rendering(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    again = f"attempt {clip.attempt}" if clip.attempt > 1 else ""
    return STEPS[clip.step], again, *_pace(clip), str(clip.details.get("encoder", ""))


def _rendered(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    width, height = _number(clip, "width"), _number(clip, "height")
    return (
        STEPS[clip.step],
        _figure(clip, "bytes", file_size),
        _figure(clip, "duration_sec", lambda sec: f"{sec:.1f} s"),
        f"{width:.0f}x{height:.0f}" if width and height else "",
    )


def _storing(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    name = str(clip.details.get("filename", ""))
    return STEPS[clip.step], _figure(clip, "bytes", file_size), *_pace(clip), name


def _usual(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    return STEPS[clip.step], *_pace(clip)


def _stored(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    return STEPS[clip.step], str(clip.details.get("key", ""))


def _complete(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    return (STEPS[clip.step], "kept, nothing changed" if clip.kept else "")


def _failed(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    if clip.failure is None:
        return (STEPS[clip.step],)
    if clip.failure.step is Step.QUEUED:
        return "failed while waiting", clip.failure.message
    return f"failed while {STEPS[clip.failure.step]}", clip.failure.message


def _retrying(clip: ClipState, now: datetime) -> tuple[str, ...]:
    waited = (now - clip.since).total_seconds() if clip.since else 0.0
    wait = (clip.retry_in_sec or 0.0) - max(waited, 0.0)
    when = f"trying again in {math.ceil(wait)} s" if wait > 0 else "trying again now"
    return when, reason(clip.retry_code or "internal")


def _cancelled(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    return (STEPS[clip.step], cancelled_by(clip.cancelled_by) if clip.cancelled_by else "")


_DETAILED: dict[Step, Callable[[ClipState, datetime], tuple[str, ...]]] = {
    Step.EXTRACTING_SEGMENT: _extracting,
    Step.DETECTING_FACES: _detecting,
    Step.FACE_DETECTION_COMPLETE: _detected,
    Step.COMPUTING_CAMERA_PATH: _planning,
    Step.CAMERA_PATH_COMPLETE: _planned,
    Step.COMPUTING_CROP_WINDOWS: _framing,
    Step.RENDERING: _rendering,
    Step.RENDER_COMPLETE: _rendered,
    Step.UPLOADING: _storing,
    Step.UPLOAD_COMPLETE: _stored,
    Step.COMPLETE: _complete,
    Step.FAILED: _failed,
    Step.RETRYING: _retrying,
    Step.CANCELLED: _cancelled,
}


def describe_disk_use(used: dict[str, int]) -> str:
    """The whole, and its largest parts, in words."""
    parts = ", ".join(f"{name} {bytes_of(size)}" for name, size in list(used.items())[:_SHOWN])
    return f"{bytes_of(sum(used.values()))}: {parts}" if used else "nothing"


def bytes_of(size: int) -> str:
    """A size for people: 734 MiB, 1.2 GiB."""
    scaled = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if scaled < _UNIT:
            return f"{scaled:.0f} {unit}" if unit != "GiB" else f"{scaled:.1f} GiB"
        scaled /= _UNIT
    return f"{scaled:.1f} TiB"


_UNIT = 1024
_SHOWN = 6
