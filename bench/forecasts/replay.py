"""Replays recorded jobs: what would have been told at any moment, by the model and naively."""

import heapq
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from viralclip.durations import Timings
from viralclip.eta import TimeLeft, time_left
from viralclip.job_work import ClipKey, ClipWorkload, Line
from viralclip.pipeline.workload import Means, workloads
from viralclip.plan import Options, Video, choose, make_plan
from viralclip.progress import ClipState, Progress, SceneState
from viralclip.scenes import Scene
from viralclip.steady import DoneAt, steady
from viralclip.steps import Step, clip_fraction, route_of
from viralclip.styles import STYLES
from viralclip.workload import Observation, Stage

SHARES = (0.1, 0.25, 0.5, 0.75)
START = datetime(2026, 1, 1, tzinfo=UTC)
MACHINE = "bench"
_CORES = 2
_LEAST_OF_ETA = 0.2
_ORDER = {step.value: place for place, step in enumerate(Step)}


@dataclass(frozen=True)
class Job:
    """A recorded job, and what its clips take by its plan."""

    row: Mapping[str, Any]
    clips: Mapping[ClipKey, ClipWorkload]

    @property
    def seconds(self) -> float:
        return max(clip["steps"]["complete"] for clip in self.row["clips"])

    def learned(self, *, by: float) -> Iterator[tuple[float, Observation]]:
        """What each clip that had ended by then teaches, and when it ended."""
        for clip in self.row["clips"]:
            ended = clip["steps"]["complete"]
            work = self.clips[clip["scene"], clip["style"]]
            stages: dict[Stage, Any] = {"analysis": work.analysis, "render": work.render}
            for stage, workload in stages.items():
                if ended <= by and workload is not None and stage in clip:
                    seconds, busy = clip[stage]
                    yield (
                        ended,
                        Observation(workload=workload, machine=MACHINE, busy=busy, seconds=seconds),
                    )

    def progress(self, at: float) -> Progress:
        """What was known of the job so many seconds after it began."""
        scenes = [
            SceneState(
                scene_id=scene_id,
                title="",
                start_sec=0,
                duration_sec=duration,
                clips=tuple(
                    _state(clip, at) for clip in self.row["clips"] if clip["scene"] == scene_id
                ),
            )
            for scene_id, duration in enumerate(self.row["scenes"], 1)
        ]
        whole = sum(scene.duration_sec * len(scene.clips) for scene in scenes)
        done = sum(scene.duration_sec * clip.fraction for scene in scenes for clip in scene.clips)
        return Progress(
            job_id="j", status="running", scenes=tuple(scenes), fraction=done / max(whole, 1e-9)
        )


def open_job(row: Mapping[str, Any]) -> Job:
    known = {"name": "", "path": "", "identity": str(row["recipe"]), "has_audio": True}
    video = Video.model_validate({**known, **row["video"]})
    scenes = [
        Scene(id=at, title="", start=0, end=seconds) for at, seconds in enumerate(row["scenes"], 1)
    ]
    styles = [choose(STYLES[name]) for name in row["styles"]]
    options = Options.model_validate({"preset": row["preset"], "aspect": row["aspect"]})
    plan = make_plan(video, scenes, styles, options)
    return Job(row, workloads(plan, Means("x264", row["threads"], _CORES)))


def _state(clip: Mapping[str, Any], at: float) -> ClipState:
    # Several steps may have been told at one moment: the last of them is what it is at.
    reached = [(when, _ORDER[step], step) for step, when in clip["steps"].items() if when <= at]
    since, _, name = max(reached)
    step = Step(name)
    route = route_of(analysed=STYLES[clip["style"]].analysed)
    ticks = [tick for tick in clip["ticks"] if tick[0] <= at] if step is Step.RENDERING else []
    fraction, eta = _since(ticks[-1], at) if ticks else (None, None)
    return ClipState(
        style=clip["style"],
        route=route,
        step=step,
        since=START + timedelta(seconds=since),
        step_fraction=fraction,
        eta_sec=eta,
        fraction=clip_fraction(step, fraction or 0.0, route),
    )


def _since(tick: Sequence[float | None], at: float) -> tuple[float | None, float | None]:
    """Where FFmpeg says it is at a moment after the tick: it speaks four times a second, the
    recording holds one of them."""
    told_at, fraction, eta = tick
    if told_at is None or not fraction or not eta:
        return fraction, eta
    left = max(eta - (at - told_at), _LEAST_OF_ETA * eta)
    return 1 - (1 - fraction) * left / eta, left


@dataclass
class Rates:
    """What a viewer would reckon with: the mean seconds of work per second of each style."""

    seen: dict[str, list[float]] = field(default_factory=dict)

    def observe(self, seen: Observation) -> None:
        work = seen.workload
        if work.stage == "render":
            key = f"{work.style}/{work.preset}"
            self.seen.setdefault(key, []).append(seen.seconds / work.seconds)

    def left(self, job: Job, progress: Progress) -> float | None:
        works = []
        for scene in progress.scenes:
            for clip in scene.clips:
                rate = self._rate(clip.style, job.row["preset"])
                if rate is None:
                    return None
                works.append(scene.duration_sec * rate * (1 - clip.fraction))
        free = [0.0] * job.row["slots"]
        for work in works:
            heapq.heapreplace(free, free[0] + work)
        return max(free)

    def _rate(self, style: str, preset: str) -> float | None:
        known = self.seen.get(f"{style}/{preset}")
        known = known or [rate for rates in self.seen.values() for rate in rates]
        return statistics.fmean(known) if known else None


@dataclass(frozen=True)
class EventFrame:
    """What was told at one moment of a job, beside the truth."""

    share: float
    truth: float
    model: TimeLeft
    by_fraction: float | None
    by_style: float | None


@dataclass
class Learner:
    """Learns from jobs in their order, and tells each job's time left on the way."""

    timings: Timings = field(default_factory=Timings)
    rates: Rates = field(default_factory=Rates)
    clips: int = 0

    def tell(self, job: Job) -> list[EventFrame]:
        """What would have been told, with what was learned before and in the job itself."""
        return [told for share in SHARES if (told := self._told(job, share))]

    def shown_ends(self, job: Job) -> list[datetime]:
        """The ends that were shown, one after the other, with a look each second."""
        shown: DoneAt | None = None
        ends: list[datetime] = []
        at = 1.0
        while at < job.seconds:
            left, _ = self._left(job, at)
            now = START + timedelta(seconds=at)
            if left is not None:
                shown = steady(shown, left, now)
                if not ends or ends[-1] != shown.expected:
                    ends.append(shown.expected)
            at += 1.0
        return ends

    def learn(self, job: Job) -> None:
        for _, seen in sorted(job.learned(by=job.seconds), key=lambda pair: pair[0]):
            self.timings = self.timings.observe(seen)
            self.rates.observe(seen)
            self.clips += seen.workload.stage == "render"

    def _left(self, job: Job, at: float) -> tuple[TimeLeft | None, Progress]:
        timings = self.timings
        for _, seen in sorted(job.learned(by=at), key=lambda pair: pair[0]):
            timings = timings.observe(seen)
        progress = job.progress(at)
        line = Line(job.row["slots"], job.row["slots"], MACHINE)
        now = START + timedelta(seconds=at)
        return time_left(progress, job.clips, timings, line, now=now), progress

    def _told(self, job: Job, share: float) -> EventFrame | None:
        at = job.seconds * share
        model, progress = self._left(job, at)
        if model is None:
            return None
        done = progress.fraction
        return EventFrame(
            share=share,
            truth=job.seconds - at,
            model=model,
            by_fraction=at * (1 - done) / done if done > 0 else None,
            by_style=self.rates.left(job, progress),
        )


def error(told: Sequence[EventFrame], share: float, *, of: str) -> float | None:
    """The mean absolute error at that share of the jobs, in percent of what was left."""
    errors = []
    for each in told:
        said = each.model.expected if of == "model" else getattr(each, of)
        if each.share == share and said is not None:
            errors.append(abs(said - each.truth) / each.truth * 100)
    return statistics.fmean(errors) if errors else None


def coverage(told: Sequence[EventFrame]) -> float:
    """In how many percent of the moments the truth was in the band."""
    return 100 * statistics.fmean(each.model.low <= each.truth <= each.model.high for each in told)
