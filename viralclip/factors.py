"""How long a stage is expected to take, and by which factors a video and a machine differ."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

# Variances of what is learned, before anything is: of the logarithm of a factor.
MACHINE_VARIANCE = 0.12
VARIANCES = {
    "bias": 0.35,
    "seconds": 0.01,
    "output": 0.03,
    "source": 0.03,
    "detail": 0.05,
    "threads": 0.02,
    "busy": 0.05,
    "startup": 0.3,
    "captions": 0.03,
    "loudness": 0.01,
    "codec": 0.04,
    "listener": 0.3,
    "framing": 0.06,
    "preset": 0.10,
    "encoder": 0.50,
    "style": 0.02,
}
# What is beyond so many deviations is an outlier.
CLIPPED = 3.0
# What takes less is not told apart.
SHORTEST_S = 0.05
# How a source differs from others like it is learned from its first clips.
_SOURCE_VARIANCE, _MOST_OF_SOURCE = 0.05, 0.4
# That of a machine's own factor grows by this with each of its clips: it forgets within some tens.
_MACHINE_FORGETTING = 0.0001
# Five of the last six residuals of a machine on one side, and not by a hair, are a drift.
DRIFT_OF, _DRIFT_SIDE, _DRIFT_BY = 6, 5, 0.8
_NORMAL = statistics.NormalDist()


@dataclass(frozen=True)
class Prediction:
    """The logarithm of seconds, how well it is known, and how much single clips differ.

    `doubt` is the variance of what all clips of a kind share, `noise` that of each one's own.
    `scale` is how much wider than they say residuals were of late.
    """

    log_seconds: float
    doubt: float
    noise: float
    scale: float = 1.0

    @property
    def seconds(self) -> float:
        return math.exp(self.log_seconds)

    @property
    def deviation(self) -> float:
        return self.scale * math.sqrt(self.doubt + self.noise)

    def error(self, seconds: float) -> float:
        """By how much the logarithm of what it took is off."""
        return math.log(max(seconds, SHORTEST_S)) - self.log_seconds

    def quantile(self, share: float) -> float:
        """The seconds that such a share of clips like this take at most."""
        return math.exp(self.log_seconds + self.deviation * _NORMAL.inv_cdf(share))


class Source(BaseModel, frozen=True):
    """By how much the clips of one video differ from those of others like it."""

    log_factor: float = 0.0
    variance: float = _SOURCE_VARIANCE

    def after(self, error: float, variance: float) -> "Source":
        """The same after one more clip, whose error was expected with that variance."""
        gain = self.variance / variance
        moved = self.log_factor + gain * error
        return Source(
            log_factor=round(max(-_MOST_OF_SOURCE, min(moved, _MOST_OF_SOURCE)), 6),
            variance=round((1 - gain) * self.variance, 6),
        )


class Machine(BaseModel, frozen=True):
    """By how much one machine differs from the others, and its latest standardised residuals.

    `drifting` counts the clips since it was seen to have become another machine, 0 if it has not.
    """

    log_factor: float = 0.0
    variance: float = MACHINE_VARIANCE
    residuals: tuple[float, ...] = ()
    drifting: int = 0

    def after(self, residual: float) -> "Machine":
        """The machine once one more clip was off by so many deviations."""
        residuals = (*self.residuals, round(residual, 3))[-DRIFT_OF:]
        drifting = self.drifting + 1 if drift_of(residuals) else 0
        return self.model_copy(update={"residuals": residuals, "drifting": drifting})

    def moved(self, error: float, variance: float) -> "Machine":
        """The machine after an error that was expected with that variance.

        One that drifts is learned anew, for it is another now.
        """
        gain = self.variance / variance
        known = min((1 - gain) * self.variance + _MACHINE_FORGETTING, MACHINE_VARIANCE)
        return self.model_copy(
            update={
                "log_factor": self.log_factor + gain * error,
                "variance": MACHINE_VARIANCE if self.drifting else known,
            }
        )


def prior(name: str) -> float:
    """The variance of a factor's logarithm before anything is learned of it."""
    return VARIANCES[name.partition(":")[0]]


def clipped(error: float, variance: float) -> tuple[float, float]:
    """An error that is no larger than an outlier's, and the more doubtful the larger it was."""
    weight = min(1.0, CLIPPED * math.sqrt(variance) / max(abs(error), 1e-9))
    return error * weight, variance / weight**2


def drift_of(residuals: Sequence[float]) -> int:
    """1 if a machine with these latest residuals has become slower, -1 faster, 0 neither."""
    latest = residuals[-DRIFT_OF:]
    if len(latest) < DRIFT_OF:
        return 0
    slower = sum(residual > _DRIFT_BY for residual in latest)
    faster = sum(residual < -_DRIFT_BY for residual in latest)
    return (slower >= _DRIFT_SIDE) - (faster >= _DRIFT_SIDE)
