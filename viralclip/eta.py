"""How long clips take, learned online, and a job's time left with the band it should fall in."""

import heapq
import math
from dataclasses import dataclass

from pydantic import BaseModel

from viralclip.progress import ClipState, Progress, SceneState
from viralclip.steps import Step

# Before anything is learned: about one second of work per second of clip, give or take a factor of three.
_PRIOR_LOG_RATE = 0.0
_PRIOR_VARIANCE = 1.0
_FLOOR_VARIANCE = 0.02
# The weight of a new observation never falls below this, so that a change of machine is noticed.
_MIN_GAIN = 0.1
_Z80 = 1.2816


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
        variance = (1 - gain) * (self.log_variance + gain * error * error)
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
    """The job's time left with `slots` clips made side by side, or None when nothing is left to do."""
    waiting = [(scene, clip) for scene in progress.scenes for clip in scene.clips if not clip.ended]
    if not waiting or progress.status == "finished":
        return None
    works = [_work(scene, clip, timings.rate(clip.style, preset)) for scene, clip in waiting]
    low, mid, high = (_makespan([work[i] for work in works], slots) for i in range(3))
    return TimeLeft(expected=mid, low=low, high=high)


def _work(scene: SceneState, clip: ClipState, rate: Rate) -> tuple[float, float, float]:
    """Low, expected and high seconds of work left in a clip."""
    if clip.step is Step.RENDERING and clip.eta_sec is not None:
        return clip.eta_sec * 0.8, clip.eta_sec, clip.eta_sec * 1.25
    left = scene.duration_sec * (1 - clip.fraction) * math.exp(rate.log_mean)
    spread = math.exp(_Z80 * math.sqrt(rate.log_variance))
    return left / spread, left, left * spread


def _makespan(works: list[float], slots: int) -> float:
    """When the last of these would end if each next one takes the slot that is free first."""
    free = [0.0] * max(1, slots)
    for work in works:
        heapq.heapreplace(free, free[0] + work)
    return max(free)
