"""Whether a stage that still runs takes far longer than it should."""

import math
from dataclasses import dataclass

from viralclip.factors import Prediction

# Past what 99 of 100 take, so many robust deviations off, and so many times what is expected.
_QUANTILE = 0.99
_DEVIATIONS = 4.0
_TIMES = 2.0


@dataclass(frozen=True)
class Anomaly:
    """A stage takes `times` what is expected of it; `score` is in robust deviations."""

    times: float
    score: float


def judge(
    elapsed: float, expected: Prediction, *, deviation: float, left: float | None = None
) -> Anomaly | None:
    """What to say of a stage that has run for `elapsed` seconds; None while it may be all right.

    `deviation` is the robust one of standardised residuals, `left` how many seconds FFmpeg says
    that it still needs.
    """
    error = math.log(max(elapsed, 1e-3)) - expected.log_seconds
    score = error / math.sqrt(expected.doubt + expected.noise) / deviation
    if (
        elapsed <= expected.quantile(_QUANTILE)
        or score <= _DEVIATIONS
        or elapsed <= _TIMES * expected.seconds
    ):
        return None
    return Anomaly(times=(elapsed + (left or 0.0)) / expected.seconds, score=score)
