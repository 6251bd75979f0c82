"""What a clip is doing, in words: the step, then its details."""

import math
from collections.abc import Callable
from datetime import datetime

from viralclip.cli.figures import file_size, seconds_left
from viralclip.cli.words import STEPS, algorithm, cancelled_by, detector, multiple, reason
from viralclip.progress import ClipState
from viralclip.steps import Step
from viralclip.text import counted


def clip_words(clip: ClipState, *, now: datetime) -> tuple[str, ...]:
    """What a clip is doing: the step in words, then its details, the most telling first."""
    describe = _DETAILED.get(clip.step, _usual)
    step, *details = (part for part in describe(clip, now) if part)
    slow = [f"{multiple(clip.slow_times)} as long as usual"] if clip.slow_times else []
    return (step, *slow, *details)


def _pace(clip: ClipState) -> tuple[str, ...]:
    """FFmpeg's figures, where there are any; speed is seconds of clip per second of work."""
    figures = (
        (clip.fps, lambda fps: f"{fps:.0f} fps"),
        (clip.speed, lambda speed: f"{speed:.1f}x"),
        (clip.eta_sec, seconds_left),
    )
    return tuple(text for value, write in figures if value is not None and (text := write(value)))


def _number(clip: ClipState, name: str) -> float | None:
    value = clip.details.get(name)
    return value if isinstance(value, int | float) else None


def _figure(clip: ClipState, name: str, write: Callable[[float], str]) -> str:
    value = _number(clip, name)
    return "" if value is None else write(value)


def _extracting(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    return STEPS[clip.step], _figure(clip, "duration_sec", lambda sec: f"{sec:.1f} s")


def _transcribing(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    sound = _figure(clip, "audio_sec", lambda sec: f"{sec:.1f} s of sound")
    engine = f"{clip.details.get('engine', '')} {clip.details.get('model', '')}".strip()
    return STEPS[clip.step], *_pace(clip), sound, engine


def _transcribed(clip: ClipState, _now: datetime) -> tuple[str, ...]:
    heard = _number(clip, "words")
    if heard == 0:
        return ("no speech found",)
    language = str(clip.details.get("language", ""))
    return STEPS[clip.step], _figure(clip, "words", lambda n: counted(int(n), "word")), language


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
    Step.TRANSCRIBING: _transcribing,
    Step.TRANSCRIPT_COMPLETE: _transcribed,
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
