"""For pipes and logs: one line per event that matters, and a sign of life in between."""

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self, TextIO

from viralclip.cli import figures, words
from viralclip.cli.clip_words import clip_words
from viralclip.cli.display.marks import HighWaterMarks
from viralclip.cli.display.summary import (
    Cameras,
    Place,
    elapsed,
    failures,
    headline,
    made,
    next_command,
    places,
    remaining,
    size_of,
    tally,
    warnings,
)
from viralclip.cli.display.text import clean, faithful
from viralclip.events import (
    AnomalyFound,
    ClipProgressed,
    Envelope,
    JobFinished,
    JobQueued,
    JobRecovered,
    JobStarted,
    Logged,
    SceneCompleted,
    SceneStarted,
    Tick,
    UnknownEvent,
    Warned,
    WorkerTick,
)
from viralclip.live import EventFrame, Frame, TickFrame
from viralclip.progress import Progress
from viralclip.steps import Step
from viralclip.text import counted

_SIGN_OF_LIFE_S = 10
_WORTH_A_LINE = frozenset(
    {
        Step.TRANSCRIPT_COMPLETE,
        Step.FACE_DETECTION_COMPLETE,
        Step.RENDERING,
        Step.COMPLETE,
        Step.FAILED,
        Step.RETRYING,
        Step.CANCELLED,
    }
)


class PlainDisplay:
    """Lines without control characters, each with the job's percentage in front."""

    def __init__(self, stdout: TextIO, *, now: Callable[[], datetime]) -> None:
        self._stdout = stdout
        self._encoding = stdout.encoding or "utf-8"
        self._now = now
        self._opened = self._last_line = now()
        self._marks = HighWaterMarks()
        self._cameras = Cameras()
        self._has_worker = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._stdout.flush()

    def show(self, frame: Frame, progress: Progress) -> None:
        fraction = self._marks.job(progress)
        percent = figures.percent(fraction, outcome=progress.outcome)
        if isinstance(frame, EventFrame):
            self._has_worker = True
        if isinstance(frame, EventFrame) and self._is_new(frame.envelope):
            self._cameras.add(frame.envelope.event)
            for line in self._lines(frame.envelope, progress):
                self._write_line(line, percent=percent)
        elif isinstance(frame, TickFrame) and (self._is_turn(frame.tick) or self._was_silent()):
            self._write_line(self._state(progress), percent=percent)

    def note(self, message: str) -> None:
        self._write_line(f"note: {message}")

    def finish(self, progress: Progress) -> None:
        took = figures.duration(elapsed(progress, self._now()))
        self._write_line(f"{headline(progress)}. Time taken: {took}.")
        for place in made(progress):
            self._write_line(f"made: {_name(place)}:", self._file(place))
        for line in self._cameras.lines():
            self._write_line(f"camera: {line}")
        for alike in failures(progress):
            self._finish_failed(alike.failure.message, alike.failure.code, alike.places)
        for place in places(progress):
            if place.clip.step is Step.CANCELLED:
                self._write_line(f"cancelled: {_name(place)}")
        for message in warnings(progress):
            self._write_line(f"warning: {message}")
        if command := next_command(progress):
            self._write_line(f"next: {command}")

    def _finish_failed(self, message: str, code: str, found: tuple[Place, ...]) -> None:
        advice = words.ADVICE.get(code, "")
        for place in found:
            self._write_line(f"failed: {_name(place)}: {message} {advice}")

    def _lines(self, envelope: Envelope, progress: Progress) -> list[str]:
        match envelope.event:
            case JobQueued(scenes=scenes):
                clips = sum(len(scene.clips) for scene in scenes)
                of = counted(len(scenes), "scene")
                return [f"job {progress.job_id}: {counted(clips, 'clip')} of {of}"]
            case JobStarted(attempt=attempt):
                return ["started" if attempt == 1 else f"started, attempt {attempt}"]
            case JobRecovered():
                return ["the worker went away; another one goes on"]
            case Warned(message=message, scene_id=scene_id, style=style):
                return [f"warning: {_prefix(progress, scene_id, style)}{message}"]
            case Logged(level=level, message=message):
                return [] if level == "debug" else [f"{words.LEVELS[level]}: {message}"]
            case AnomalyFound(scene_id=scene_id, style=style, step=step, times=times):
                return [f"note: {_prefix(progress, scene_id, style)}{words.anomaly(step, times)}"]
            case SceneStarted() | SceneCompleted() | JobFinished() | UnknownEvent():
                return []
            case _:
                return self._clip_lines(envelope.event, progress)

    def _clip_lines(self, event: ClipProgressed, progress: Progress) -> list[str]:
        place = _find(progress, event.scene_id, event.style)
        if place is None or event.step not in _WORTH_A_LINE or place.clip.step is not event.step:
            return []
        joint = ": " if event.step is Step.FAILED else ", "
        return [f"{_name(place)}: {joint.join(clip_words(place.clip, now=self._now()))}"]

    def _is_new(self, envelope: Envelope) -> bool:
        """A job's earlier history is replayed to whoever comes later; it is not told twice."""
        return envelope.at >= self._opened

    def _is_turn(self, tick: Tick) -> bool:
        """Whether the last worker has gone, or one has come."""
        if not isinstance(tick, WorkerTick) or tick.alive == self._has_worker:
            return False
        self._has_worker = tick.alive
        return True

    def _state(self, progress: Progress) -> str:
        return ", ".join([*tally(progress), *remaining(progress, self._now())])

    def _was_silent(self) -> bool:
        waited = (self._now() - self._last_line).total_seconds()
        return not 0 <= waited < _SIGN_OF_LIFE_S

    def _file(self, place: Place) -> str:
        url = place.clip.url or ""
        size = size_of(url)
        facts = [figures.duration(place.scene.duration_sec)]
        facts += [figures.file_size(size)] if size is not None else []
        facts += ["kept"] if place.clip.kept else []
        return f"{faithful(url, self._encoding)} ({', '.join(facts)})"

    def _write_line(self, line: str, file: str = "", *, percent: int | None = None) -> None:
        self._last_line = self._now()
        before = "" if percent is None else f"[{percent:3}%] "
        after = f" {file}" if file else ""
        self._stdout.write(f"{before}{clean(line, self._encoding)}{after}\n")
        self._stdout.flush()


def _name(place: Place) -> str:
    scene = place.scene
    return f'{words.scene_number(scene.scene_id)} "{scene.title}" {place.clip.style}'


def _prefix(progress: Progress, scene_id: int | None, style: str | None) -> str:
    place = _find(progress, scene_id, style)
    return f"{_name(place)}: " if place else ""


def _find(progress: Progress, scene_id: int | None, style: str | None) -> Place | None:
    same = (
        place
        for place in places(progress)
        if place.scene.scene_id == scene_id and place.clip.style == style
    )
    return next(same, None)
