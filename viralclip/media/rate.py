"""The constant frame rate that clips of a source are rendered at."""

from fractions import Fraction

_STANDARD_RATES = tuple(
    Fraction(rate)
    for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60")
)
_MAX_RATE = 60


def output_rate(stored: Fraction, *, constant: bool) -> Fraction:
    """The constant rate, at most 60, for a stream whose (average) rate is `stored`."""
    if not constant:
        return _standard_rate_above(stored)
    standard = min(_STANDARD_RATES, key=lambda rate: abs(rate - stored))
    if abs(standard - stored) < stored / 2000:
        return standard
    # A whole divisor keeps the kept frames evenly spaced.
    divisor = -(-stored // _MAX_RATE)
    return (stored / divisor).limit_denominator(1001)


def _standard_rate_above(average: Fraction) -> Fraction:
    """Bursts are faster than the average; below 30 a frame may miss its sound by 20 ms."""
    lowest = max(average * Fraction(98, 100), Fraction(2997, 100))
    return next((rate for rate in _STANDARD_RATES if rate >= lowest), _STANDARD_RATES[-1])
