"""What is left of each clip, by what was learned of clips like it and by what FFmpeg says."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime

from viralclip.durations import Timings
from viralclip.factors import Prediction
from viralclip.job_work import ClipKey, ClipWorkload, Line, Piece
from viralclip.progress import ClipState, Progress, SceneState
from viralclip.steps import (
    ANALYSIS,
    TRANSCRIPTION,
    Route,
    Step,
    clip_fraction,
    is_analysed,
    is_before,
    is_transcribed,
)
from viralclip.workload import Observation, Workload

# FFmpeg's own time left is off by so much at first, and by less the more of the clip is done.
_SPEED_NOISE, _SPEED_NOISE_AT_END = 0.45, 0.12
# Before a render's first frame, and to check and store the clip after its last one, it takes so
# long, on a machine as slow as is typical.
_BEGIN_S, _FINISH_S = 0.3, 0.2
# An encoder reads so many seconds of the clip ahead of what it writes, and to read, frame and look
# at a frame is so much of the work on it.
_AHEAD_S, _AHEAD_SHARE = 0.9, 0.5
# Speed is measured over so many seconds, in which it rises when nothing is left to read.
_MEASURED_S, _LEAST_OF_SPEED = 5.0, 0.75
# A clip that is so many times slower since it began than of late may have stopped meanwhile.
_STOPPED = 3.0
# What a render says of others once so much of it is done: its speed may have been its own, or the
# moment's, by so much more than it is unsure of its own end.
_LEAST_OF_GLIMPSE, _GLIMPSE_DOUBTED, _GLIMPSE_DOUBT = 0.1, 2.0, 0.02
_MOST_GLIMPSES = 8
# However long a stage already takes, it takes this share of that longer.
_OVERDUE = 0.25
# The clips of other jobs are in the middle of their work, more or less.
_MIDDLE, _MIDDLE_NOISE = 0.5, 0.6


class Pieces:
    """What is left of clips, by what was learned and by what FFmpeg says."""

    def __init__(
        self,
        clips: Mapping[ClipKey, ClipWorkload],
        timings: Timings,
        line: Line,
        now: datetime,
    ) -> None:
        self._clips = clips
        self._timings = timings
        self._line = line
        self._now = now
        self._busy = 1.0
        self._eased = 1.0
        self._known: dict[Workload, Prediction] = {}
        self._doubts: dict[str, Mapping[str, float]] = {}
        self.slowdowns: list[float] = []

    def of(self, progress: Progress) -> Iterator[Piece]:
        """The pieces of the job's clips that have not ended, in order.

        How fast those are that run is how fast others like them will be.
        """
        running = sum(
            clip.step is not Step.QUEUED and not clip.ended
            for scene in progress.scenes
            for clip in scene.clips
        )
        each = max(self._line.slots_each, 1)
        self._busy = float(max(1, min(running + len(self._line.running), each)))
        self.slowdowns = self._slowdowns(each)
        self._eased = self._eased_by(progress)
        self._timings = self._glimpsed(progress)
        self._known.clear()
        for scene in progress.scenes:
            yield from self._of_scene(scene)

    def _glimpsed(self, progress: Progress) -> Timings:
        """What was learned, with what the speed of the renders that run says of others."""
        timings = self._timings
        glimpses = [
            glimpse
            for scene in progress.scenes
            for clip in scene.clips
            if (work := self._clips.get((scene.scene_id, clip.style)))
            if (glimpse := self._glimpse(clip, work.render))
        ]
        for seen, doubt in glimpses[:_MOST_GLIMPSES]:
            timings = timings.glimpse(seen, doubt)
        return timings

    def _glimpse(self, clip: ClipState, render: Workload) -> tuple[Observation, float] | None:
        """What a running render will have taken, by its speed, and the variance of that."""
        fraction = clip.step_fraction or 0.0
        elapsed, left = self._elapsed(clip), self._left_by_speed(clip, render)
        if clip.step is not Step.RENDERING or fraction < _LEAST_OF_GLIMPSE or left is None:
            return None
        whole = elapsed + left + _FINISH_S
        doubt = _GLIMPSE_DOUBTED * _speed_variance(fraction) * (1 - elapsed / whole) ** 2
        machine, busy = self._line.machine, self._busy
        seen = Observation(workload=render, machine=machine, busy=busy, seconds=whole)
        return seen, doubt + _GLIMPSE_DOUBT

    def of_other(self, clip: ClipWorkload, name: str, *, begun: bool = True) -> Piece:
        whole = self._predict(clip.render)
        share, noise = (_MIDDLE, _MIDDLE_NOISE) if begun else (1.0, _deviation(whole))
        doubts = self._doubts_of(clip.render)
        seconds = whole.seconds / self._slowdown * share
        return Piece(name, seconds, noise, doubts, mine=False, begun=begun)

    def _of_scene(self, scene: SceneState) -> Iterator[Piece]:
        """What its clips share is counted for the first one that needs it, and those that wait
        with it."""
        done = {
            TRANSCRIPTION: any(_is_heard(clip) for clip in scene.clips),
            ANALYSIS: any(_is_analysed(clip) for clip in scene.clips),
        }
        taken: set[Route] = set()
        for clip in sorted(scene.clips, key=lambda clip: clip.step is Step.QUEUED):
            work = self._clips.get((scene.scene_id, clip.style))
            if clip.ended or work is None:
                continue
            needed = {TRANSCRIPTION: work.transcription, ANALYSIS: work.analysis}
            shared = {
                steps: workload
                for steps, workload in needed.items()
                if workload is not None
                and not done[steps]
                and not (steps in taken and clip.step is Step.QUEUED)
            }
            taken |= shared.keys()
            yield self._piece(scene, clip, work.render, shared)

    def _piece(
        self,
        scene: SceneState,
        clip: ClipState,
        render: Workload,
        shared: Mapping[Route, Workload],
    ) -> Piece:
        seconds, variance = self._left_of_render(clip, render)
        for steps, workload in shared.items():
            whole = self._predict(workload).seconds / self._slowdown
            seconds += whole * (1 - clip_fraction(clip.step, clip.step_fraction or 0.0, steps))
        return Piece(
            name=f"{scene.scene_id}/{clip.style}",
            seconds=seconds,
            noise=math.sqrt(variance),
            doubts=self._doubts_of(render) if _is_ahead(clip) else {},
            begun=clip.step is not Step.QUEUED,
        )

    def _left_of_render(self, clip: ClipState, render: Workload) -> tuple[float, float]:
        """Seconds alone on the machine, and the variance of their logarithm."""
        whole = self._predict(render)
        slowdown = self._slowdown
        if _is_ahead(clip):
            return whole.seconds / slowdown, whole.noise * whole.scale**2
        machine = whole.seconds / slowdown / render.typical_seconds(1.0)
        begin, finish = _BEGIN_S * machine, _FINISH_S * machine
        if clip.step is not Step.RENDERING:
            left = max(clip.eta_sec or 0.0, finish * slowdown)
            return left / slowdown, _SPEED_NOISE**2
        elapsed, fraction = self._elapsed(clip), clip.step_fraction or 0.0
        work = max(whole.seconds - (begin + finish) * slowdown, _FINISH_S * slowdown)
        ahead = _work_left(fraction, render.seconds)
        # Nothing is written until the encoder has looked ahead, and that is work, too.
        rest = work * ahead if fraction else begin * slowdown + work - elapsed
        left = max(rest, _OVERDUE * elapsed * ahead) + finish * slowdown
        variance = whole.deviation**2
        if (seen := self._left_by_speed(clip, render)) is not None:
            left, variance = _combined((left, variance), (seen, _speed_variance(fraction)))
        return left / slowdown, variance

    def _elapsed(self, clip: ClipState) -> float:
        """For how many seconds it has been at its step."""
        return max((self._now - clip.since).total_seconds(), 0.0) if clip.since else 0.0

    def _left_by_speed(self, clip: ClipState, render: Workload) -> float | None:
        """Seconds left of a running render by FFmpeg's speed, in the company that it has now."""
        fraction = clip.step_fraction or 0.0
        if clip.eta_sec is None or not fraction:
            return None
        rest = _work_left(fraction, render.seconds) / max(1 - fraction, 1e-6)
        of_speed = max(rest, _LEAST_OF_SPEED) * self._eased
        return of_speed * _by_speed(clip.eta_sec, self._elapsed(clip), fraction)

    @property
    def _slowdown(self) -> float:
        """How many times longer a clip takes in the company that the job's clips have now."""
        return self.slowdowns[int(self._busy) - 1]

    def _predict(self, workload: Workload) -> Prediction:
        """How long it takes in that company, which is what most clips were learned in."""
        if workload not in self._known:
            machine, busy = self._line.machine, self._busy
            self._known[workload] = self._timings.predict(workload, machine=machine, busy=busy)
        return self._known[workload]

    def _doubts_of(self, render: Workload) -> Mapping[str, float]:
        """Shared by all clips of a style and preset: how long they are matters little to it."""
        key = f"{render.source}/{render.style}/{render.preset}/{render.output_rate:.0f}"
        if key not in self._doubts:
            model = self._timings.model("render")
            machine = model.machines.get(self._line.machine)
            scale = model.scale
            doubts = {name: scale * by for name, by in model.doubts(render).items()}
            own = machine.variance if machine else model.unknown_machine
            shared = {"machine": own, f"source {render.source}": model.source(render).variance}
            spread = {name: scale * math.sqrt(variance) for name, variance in shared.items()}
            self._doubts[key] = doubts | spread
        return self._doubts[key]

    def _eased_by(self, progress: Progress) -> float:
        """What has to be taken off speeds that were measured while there was more company."""
        ends = [c.since for s in progress.scenes for c in s.clips if c.ended and c.since]
        quiet = (self._now - max(ends)).total_seconds() if ends else math.inf
        crowded = max(1 - quiet / _MEASURED_S, 0.0)
        busy = int(self._busy)
        now, before = self.slowdowns[busy - 1], self.slowdowns[min(busy, len(self.slowdowns) - 1)]
        return now / (now + crowded * (before - now))

    def _slowdowns(self, each: int) -> list[float]:
        """How many times longer a typical clip takes beside 0, 1, 2, ... others."""
        some = next((work.render for work in self._clips.values()), None)
        if some is None:
            return [1.0] * each
        times = [
            self._timings.predict(some, machine=self._line.machine, busy=busy + 1.0).seconds
            for busy in range(each)
        ]
        # More clips at once never make one faster.
        return [max(time / times[0], 1.0) for time in times]


def _is_ahead(clip: ClipState) -> bool:
    """Whether the whole render is still to come."""
    return is_before(clip.step, Step.RENDERING)


def _is_analysed(clip: ClipState) -> bool:
    return is_analysed(clip.route) and not _is_ahead(clip)


def _is_heard(clip: ClipState) -> bool:
    return is_transcribed(clip.route) and is_before(Step.TRANSCRIBING, clip.step)


def _deviation(prediction: Prediction) -> float:
    return prediction.scale * math.sqrt(prediction.noise)


def _work_left(fraction: float, seconds: float) -> float:
    """The share of a render's work that is left when the fraction of its frames is written.

    Frames that are written have been read some time before: at the end only writing is left.
    """
    if not fraction:
        return 1.0
    read = min(fraction + _AHEAD_S / seconds, 1.0)
    return _AHEAD_SHARE * (1 - read) + (1 - _AHEAD_SHARE) * (1 - fraction)


def _by_speed(eta_sec: float, elapsed: float, fraction: float) -> float:
    """The time left by the speed of late, which knows nothing of a process that has stopped; by
    that since the beginning, if that says so."""
    since_began = elapsed * (1 - fraction) / fraction
    return max(eta_sec, since_began / _STOPPED, 0.1)


def _speed_variance(fraction: float) -> float:
    deviation = _SPEED_NOISE_AT_END + (_SPEED_NOISE - _SPEED_NOISE_AT_END) * (1 - fraction) ** 3
    return deviation**2


def _combined(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Two estimates as one, each weighed by how sure it is of the logarithm."""
    (first, spread), (second, also) = one, other
    weight = also / (spread + also)
    log_seconds = weight * math.log(first) + (1 - weight) * math.log(second)
    return math.exp(log_seconds), spread * also / (spread + also)
