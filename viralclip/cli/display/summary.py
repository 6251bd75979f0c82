"""What became of a job: what was made, what was not and why, and what to do next."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from viralclip.cli import figures, words
from viralclip.events import ComputingCameraPath, DetectingFaces, Event, UnknownEvent
from viralclip.progress import ClipState, Failure, Progress, SceneState
from viralclip.steps import Step
from viralclip.text import counted


class Place(NamedTuple):
    """A clip and the scene it shows."""

    scene: SceneState
    clip: ClipState


@dataclass(frozen=True)
class FailedAlike:
    """Clips that failed in the same step for the same reason."""

    failure: Failure
    places: tuple[Place, ...]


class Cameras:
    """How each style chose what to show, as it was said while its clips were made."""

    def __init__(self) -> None:
        self._detectors: dict[str, set[str]] = {}
        self._algorithms: dict[str, set[str]] = {}

    def add(self, event: Event | UnknownEvent) -> None:
        match event:
            case DetectingFaces(style=style, details=looking):
                self._detectors.setdefault(style, set()).add(words.detector(looking.detector))
            case ComputingCameraPath(style=style, details=planning):
                self._algorithms.setdefault(style, set()).add(words.algorithm(planning.algorithm))
            case _:
                pass

    def lines(self) -> list[str]:
        """Such as "intelligent follows the main face (yunet)"."""
        return [
            f"{style} {' or '.join(sorted(found))} ({', '.join(sorted(self._by(style)))})"
            for style, found in self._algorithms.items()
        ]

    def _by(self, style: str) -> set[str]:
        return self._detectors.get(style, {words.detector("")})


def places(progress: Progress) -> Iterator[Place]:
    """All clips of the job, in the order of the plan."""
    return (Place(scene, clip) for scene in progress.scenes for clip in scene.clips)


def made(progress: Progress) -> list[Place]:
    return [place for place in places(progress) if place.clip.step is Step.COMPLETE]


def failures(progress: Progress) -> list[FailedAlike]:
    """Failures by reason: one full disk is one piece of news, however many clips it cost."""
    alike: dict[Failure, list[Place]] = {}
    for place in places(progress):
        if place.clip.failure is not None:
            alike.setdefault(place.clip.failure, []).append(place)
    return [FailedAlike(failure, tuple(found)) for failure, found in alike.items()]


def warnings(progress: Progress) -> list[str]:
    """Each warning once, with how often it was said."""
    said = Counter(notice.message for notice in progress.warnings)
    return [
        f"{message} ({count} times)" if count > 1 else message for message, count in said.items()
    ]


def tally(progress: Progress) -> list[str]:
    """How many clips are where, without the empty groups."""
    steps = [clip.step for scene in progress.scenes for clip in scene.clips]
    waiting = steps.count(Step.QUEUED)
    ended = progress.clips_completed + progress.clips_failed + progress.clips_cancelled
    groups = (
        (len(steps) - waiting - ended, "running"),
        (progress.clips_failed, "failed"),
        (progress.clips_cancelled, "cancelled"),
        (waiting, "waiting"),
    )
    done = f"{progress.clips_completed} of {len(steps)} done"
    return [done, *(f"{count} {group}" for count, group in groups if count)]


def remaining(progress: Progress, now: datetime) -> list[str]:
    """What is known of the rest: that nobody is at it, that it waits, or how long it takes and, but
    for the last two minutes, when it is done."""
    if not progress.has_worker:
        return [figures.standstill(progress.moved_at, now)]
    if progress.status == "queued":
        return [words.JOBS["queued"]]
    left = progress.left
    if left is None:
        return []
    said = [figures.time_left(left.expected_sec, left.low_sec, left.high_sec)]
    if left.done is not None and not figures.is_counted(left.expected_sec, left.high_sec):
        said.append(figures.done_about(*left.done, now=now))
    return said


def headline(progress: Progress) -> str:
    """The whole story in one sentence, without its full stop."""
    total, done = progress.clips_total, progress.clips_completed
    share = f"{done} of {counted(total, 'clip')}"
    match progress.outcome:
        case "succeeded":
            return _success(progress)
        case "partial":
            return f"{share} made, {_losses(progress)}"
        case "failed" if not done:
            return f"No clip was made, {_losses(progress)}"
        case "failed":
            return f"The job failed; {share} made, {_losses(progress)}"
        case "cancelled":
            return f"Cancelled; {share} made"
        case None:
            return f"Not finished; {share} made so far"


def elapsed(progress: Progress, now: datetime) -> float:
    """Seconds since the run was accepted, until it was over."""
    if progress.queued_at is None:
        return 0.0
    return max(((progress.finished_at or now) - progress.queued_at).total_seconds(), 0.0)


def next_command(progress: Progress) -> str:
    """The command that makes what is missing; empty when nothing is."""
    unmade = progress.clips_total - progress.clips_completed
    return f"viralclip retry {progress.job_id}" if progress.outcome and unmade else ""


def size_of(url: str) -> int | None:
    """Bytes of a clip that lies on this machine."""
    try:
        return Path(url).stat().st_size if Path(url).is_absolute() else None
    except (OSError, ValueError):
        return None


def _success(progress: Progress) -> str:
    total = progress.clips_total
    kept = sum(place.clip.kept for place in places(progress))
    every = "The clip" if total == 1 else f"All {total} clips"
    was = "was" if total == 1 else "were"
    if kept == total:
        return f"{every} {was} made before and nothing changed"
    return f"{every} made" + (f", {kept} of them kept from before" if kept else "")


def _losses(progress: Progress) -> str:
    losses = ((progress.clips_failed, "failed"), (progress.clips_cancelled, "cancelled"))
    return ", ".join(f"{count} {word}" for count, word in losses if count) or "none failed"
