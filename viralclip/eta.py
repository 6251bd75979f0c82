"""A job's time left with the band it should fall in: its queue, simulated over the slots."""

import functools
import heapq
import math
import random
import statistics
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from viralclip.durations import Prediction, Timings, Workload
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

ClipKey = tuple[int, str]

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
# However long a stage already takes, it takes this share of that longer.
_OVERDUE = 0.25
# The clips of other jobs are in the middle of their work, more or less.
_MIDDLE, _MIDDLE_NOISE = 0.5, 0.6
# What nobody knows of a job: how even the machine's speed is meanwhile, and how its clips meet.
_JOB_NOISE = 0.12
# So many draws are made in all, a few milliseconds of work, however large the job.
_BUDGET = 3000
_FEWEST_FUTURES = 20
_MOST_FUTURES = 200


@dataclass(frozen=True)
class ClipWorkload:
    """What a clip takes: its render, and before that what its scene's clips share: the analysis,
    and the transcription of its speech."""

    render: Workload
    analysis: Workload | None = None
    transcription: Workload | None = None


@dataclass(frozen=True)
class Line:
    """The slots that serve a job, and whose clips are made in them before its last one.

    `waiting` are the clips that wait, in the order they begin: those of other jobs, and None for
    each one of this job. `running` are the clips of others that are made now. Each machine has
    `slots_each` of the `slots`.
    """

    slots: int
    slots_each: int
    machine: str
    waiting: Sequence[ClipWorkload | None] = ()
    running: Sequence[ClipWorkload] = ()


@dataclass(frozen=True)
class TimeLeft:
    """Seconds left, and the band that holds the truth four times out of five."""

    expected: float
    low: float
    high: float


def time_left(
    progress: Progress,
    clips: Mapping[ClipKey, ClipWorkload],
    timings: Timings,
    line: Line,
    *,
    now: datetime,
) -> TimeLeft | None:
    """The job's time left, or None when nothing is left.

    Many futures are imagined and the middle eight tenths of them are the band: what one clip takes
    too long another makes up for, so a band made of every clip's worst case would be far too wide.
    """
    if progress.status == "finished":
        return None
    pieces = _Pieces(clips, timings, line, now)
    mine = [*pieces.of(progress)]
    if not mine:
        return None
    begun = [piece for piece in mine if piece.begun]
    others = [pieces.of_other(clip, f"running {i}") for i, clip in enumerate(line.running)]
    waiting = [piece for piece in mine if not piece.begun]
    works = [*begun, *others, *_in_line(waiting, line, pieces)]
    slots = max(line.slots, len(begun) + len(others), 1)
    ends = _futures(works, replace(line, slots=slots), pieces.slowdowns)
    deciles = statistics.quantiles(ends, n=10)
    return TimeLeft(expected=deciles[4], low=deciles[0], high=deciles[8])


@dataclass(frozen=True)
class _Piece:
    """What is left of a clip: typical seconds alone on the machine, and what is not known of them.

    `noise` is the deviation of the clip's own logarithm; each of `doubts` moves it along with all
    clips that share the doubt.
    """

    name: str
    seconds: float
    noise: float
    doubts: Mapping[str, float]
    mine: bool = True
    begun: bool = False


class _Pieces:
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

    def of(self, progress: Progress) -> Iterator[_Piece]:
        """The pieces of the job's clips that have not ended, in order."""
        running = sum(
            clip.step is not Step.QUEUED and not clip.ended
            for scene in progress.scenes
            for clip in scene.clips
        )
        each = max(self._line.slots_each, 1)
        self._busy = float(max(1, min(running + len(self._line.running), each)))
        self.slowdowns = self._slowdowns(each)
        self._eased = self._eased_by(progress)
        for scene in progress.scenes:
            yield from self._of_scene(scene)

    def of_other(self, clip: ClipWorkload, name: str, *, begun: bool = True) -> _Piece:
        whole = self._predict(clip.render)
        share, noise = (_MIDDLE, _MIDDLE_NOISE) if begun else (1.0, _deviation(whole))
        doubts = self._doubts_of(clip.render)
        seconds = whole.seconds / self._slowdown * share
        return _Piece(name, seconds, noise, doubts, mine=False, begun=begun)

    def _of_scene(self, scene: SceneState) -> Iterator[_Piece]:
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
    ) -> _Piece:
        seconds, variance = self._left_of_render(clip, render)
        for steps, workload in shared.items():
            whole = self._predict(workload).seconds / self._slowdown
            seconds += whole * (1 - clip_fraction(clip.step, clip.step_fraction or 0.0, steps))
        return _Piece(
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
        elapsed = max((self._now - clip.since).total_seconds(), 0.0) if clip.since else 0.0
        fraction = clip.step_fraction or 0.0
        work = max(whole.seconds - (begin + finish) * slowdown, _FINISH_S * slowdown)
        ahead = _work_left(fraction, render.seconds)
        # Nothing is written until the encoder has looked ahead, and that is work, too.
        rest = work * ahead if fraction else begin * slowdown + work - elapsed
        left = max(rest, _OVERDUE * elapsed * ahead) + finish * slowdown
        variance = whole.deviation**2
        if clip.eta_sec is not None and fraction > 0:
            of_speed = max(ahead / max(1 - fraction, 1e-6), _LEAST_OF_SPEED) * self._eased
            seen = of_speed * _by_speed(clip.eta_sec, elapsed, fraction)
            left, variance = _combined((left, variance), (seen, _speed_variance(fraction)))
        return left / slowdown, variance

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


def _in_line(waiting: Sequence[_Piece], line: Line, pieces: _Pieces) -> Iterator[_Piece]:
    """What waits, in the order it begins; of others only what begins before the job's last."""
    mine = iter(waiting)
    left = len(waiting)
    for place, clip in enumerate(line.waiting):
        if not left:
            return
        if clip is not None:
            yield pieces.of_other(clip, f"waiting {place}", begun=False)
        else:
            left -= 1
            yield next(mine)
    yield from mine


def _futures(works: Sequence[_Piece], line: Line, slowdowns: Sequence[float]) -> list[float]:
    """When the last of the job's works might end, many times over; the same for the same works."""
    count = max(_FEWEST_FUTURES, min(_MOST_FUTURES, _BUDGET // len(works)))
    names = {name for work in works for name in work.doubts}
    shared = {name: _draws(name, count) for name in sorted(names)}
    moves = _moves(works, shared, count)
    whole = [math.exp(_JOB_NOISE * draw) for draw in _draws("the job", count)]
    noises = [_draws(work.name, count) for work in works]
    mine = [work.mine for work in works]
    return [
        whole[i]
        * _end(
            [
                work.seconds * math.exp(work.noise * noise[i] + moves[id(work.doubts)][i])
                for work, noise in zip(works, noises, strict=True)
            ],
            mine,
            line,
            slowdowns,
        )
        for i in range(count)
    ]


def _moves(
    works: Sequence[_Piece], shared: Mapping[str, Sequence[float]], count: int
) -> dict[int, list[float]]:
    """How far what is shared moves the logarithm, in each future: once for each set of doubts."""
    moves: dict[int, list[float]] = {}
    for work in works:
        if id(work.doubts) not in moves:
            parts = [(by, shared[name]) for name, by in work.doubts.items() if by]
            moves[id(work.doubts)] = [sum(by * draw[i] for by, draw in parts) for i in range(count)]
    return moves


@functools.lru_cache(maxsize=2048)
def _draws(name: str, count: int) -> tuple[float, ...]:
    """Evenly spread draws of a normal variable, in an order that is the name's own."""
    draws = list(_quantiles(count))
    random.Random(zlib.crc32(name.encode())).shuffle(draws)  # noqa: S311 - a forecast, not a secret
    return tuple(draws)


@functools.cache
def _quantiles(count: int) -> tuple[float, ...]:
    normal = statistics.NormalDist()
    return tuple(normal.inv_cdf((i + 0.5) / count) for i in range(count))


def _end(
    works: Sequence[float], mine: Sequence[bool], line: Line, slowdowns: Sequence[float]
) -> float:
    """When the last of the job's works ends if each next one takes the slot that is free first.

    All that run at once are slowed down evenly, so that one clock, which runs the slower the more
    of them there are, says when each ends: works are in seconds of that clock.
    """
    slots = line.slots
    machines = math.ceil(slots / max(1, line.slots_each))
    running = list(zip(works[:slots], mine[:slots], strict=True))
    heapq.heapify(running)
    clock = time = end = 0.0
    coming = slots
    while running:
        at, own = heapq.heappop(running)
        each = min(math.ceil((len(running) + 1) / machines), len(slowdowns))
        time += (at - clock) * slowdowns[each - 1]
        clock = at
        end = time if own else end
        if coming < len(works):
            heapq.heappush(running, (clock + works[coming], mine[coming]))
            coming += 1
    return end
