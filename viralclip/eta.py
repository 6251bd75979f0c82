"""How long clips take, learned online, and a job's time left with the band it should fall in."""

import functools
import heapq
import math
import random
import statistics
import zlib
from dataclasses import dataclass

from pydantic import BaseModel

from viralclip.progress import ClipState, Progress, SceneState
from viralclip.steps import Step

# Before anything is learned: one second of work per second of clip, give or take a factor of three.
_PRIOR_LOG_RATE = 0.0
_PRIOR_VARIANCE = 1.0
_FLOOR_VARIANCE = 0.02
# The weight of a new observation never falls below this, so that a change of machine is noticed.
_MIN_GAIN = 0.1
# How many observations the mean is worth at most, because of that gain.
_MEMORY = 2 / _MIN_GAIN - 1
# How far FFmpeg's own time left is off, as the standard deviation of its logarithm.
_RENDERING_NOISE = 0.17
# So many draws are made in all, a few milliseconds of work, however large the job.
_BUDGET = 6000
_FEWEST_FUTURES = 20
_MOST_FUTURES = 200


class Rate(BaseModel, frozen=True):
    """Seconds of work per second of clip, as the mean and variance of its logarithm."""

    count: int = 0
    log_mean: float = _PRIOR_LOG_RATE
    log_variance: float = _PRIOR_VARIANCE

    def observe(self, rate: float) -> "Rate":
        """The rate after one more clip; exponentially weighted, in log space."""
        count = self.count + 1
        gain = max(1 / count, _MIN_GAIN)
        error = math.log(max(rate, 1e-4)) - self.log_mean
        variance = (1 - gain) * self.log_variance + gain * error * error
        return Rate(
            count=count,
            log_mean=self.log_mean + gain * error,
            log_variance=max(variance, _FLOOR_VARIANCE) if count > 1 else _PRIOR_VARIANCE / 4,
        )


class Timings(BaseModel, frozen=True):
    """Rates by style and preset; a pair not seen yet borrows from the others."""

    rates: dict[str, Rate] = {}

    def observe(self, style: str, preset: str, rate: float) -> "Timings":
        key = f"{style}/{preset}"
        return Timings(rates={**self.rates, key: self.rates.get(key, Rate()).observe(rate)})

    def rate(self, style: str, preset: str) -> Rate:
        known = self.rates.get(f"{style}/{preset}")
        if known is not None:
            return known
        similar = [r for key, r in self.rates.items() if key.endswith(f"/{preset}")]
        if not similar:
            return Rate()
        mean = sum(r.log_mean for r in similar) / len(similar)
        return Rate(log_mean=mean, log_variance=_PRIOR_VARIANCE / 2)


@dataclass(frozen=True)
class TimeLeft:
    """Seconds left, and the band that holds the truth four times out of five."""

    expected: float
    low: float
    high: float


def time_left(progress: Progress, timings: Timings, *, preset: str, slots: int) -> TimeLeft | None:
    """The job's time left when `slots` clips are made side by side, or None when nothing is left.

    Many futures are imagined and the middle eight tenths of them are the band: what one clip takes
    too long another makes up for, so a band made of every clip's worst case would be far too wide.
    """
    waiting = [(scene, clip) for scene in progress.scenes for clip in scene.clips if not clip.ended]
    if not waiting or progress.status == "finished":
        return None
    waiting.sort(key=lambda place: place[1].step is Step.QUEUED)  # what has begun holds the slots
    works = [_work(scene, clip, timings.rate(clip.style, preset)) for scene, clip in waiting]
    deciles = statistics.quantiles(_futures(works, slots), n=10)
    return TimeLeft(expected=deciles[4], low=deciles[0], high=deciles[8])


@dataclass(frozen=True)
class _Work:
    """What is left of a clip: typical seconds, and how far the logarithm may be off.

    `noise` is the clip's own; `doubt` is how well the rate is known, shared by all clips of `rate`.
    """

    name: str
    seconds: float
    noise: float
    rate: str = ""
    doubt: float = 0.0


def _work(scene: SceneState, clip: ClipState, rate: Rate) -> _Work:
    name = f"{scene.scene_id}/{clip.style}"
    if clip.step is Step.RENDERING and clip.eta_sec is not None:
        return _Work(name, clip.eta_sec, _RENDERING_NOISE)
    seconds = scene.duration_sec * (1 - clip.fraction) * math.exp(rate.log_mean)
    if not rate.count:
        # Nothing is known of this style: if its clips are slow, they are slow together.
        return _Work(name, seconds, 0.0, "", math.sqrt(rate.log_variance))
    doubt = math.sqrt(rate.log_variance / min(rate.count, _MEMORY))
    return _Work(name, seconds, math.sqrt(rate.log_variance), clip.style, doubt)


def _futures(works: list[_Work], slots: int) -> list[float]:
    """When the last of the works might end, many times over; the same for the same works."""
    count = max(_FEWEST_FUTURES, min(_MOST_FUTURES, _BUDGET // len(works)))
    doubts = {work.rate: _draws(work.rate, count) for work in works}
    noises = [_draws(work.name, count) for work in works]
    return [
        _makespan(
            [
                work.seconds * math.exp(work.noise * noise[i] + work.doubt * doubts[work.rate][i])
                for work, noise in zip(works, noises, strict=True)
            ],
            slots,
        )
        for i in range(count)
    ]


def _draws(name: str, count: int) -> list[float]:
    """Evenly spread draws of a normal variable, in an order that is the name's own."""
    draws = list(_quantiles(count))
    random.Random(zlib.crc32(name.encode())).shuffle(draws)  # noqa: S311 - a forecast, not a secret
    return draws


@functools.cache
def _quantiles(count: int) -> tuple[float, ...]:
    normal = statistics.NormalDist()
    return tuple(normal.inv_cdf((i + 0.5) / count) for i in range(count))


def _makespan(works: list[float], slots: int) -> float:
    """When the last of these would end if each next one takes the slot that is free first."""
    free = [0.0] * max(1, slots)
    for work in works:
        heapq.heapreplace(free, free[0] + work)
    return max(free)
