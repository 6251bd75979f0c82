"""How loud sound is every 5 ms, and where it rises."""

import numpy as np
from numpy.typing import NDArray

from viralclip.speech.port import SAMPLE_RATE
from viralclip.speech.sound import Samples

HOP_S = 0.005
_HOP = round(HOP_S * SAMPLE_RATE)
# A change is the difference between the means of so many levels before it and after it.
_SIDE = 6
# What rises or falls by less is within a sound.
_LEAST_DB = 6.0
# Levels this far below the loud ones of a piece are silence.
_SILENCE_DB, _FLOOR_DB = 35.0, -80.0

Levels = NDArray[np.float64]


def levels_of(sound: Samples) -> Levels:
    """Decibels in every 5 ms, over 15 ms."""
    count = max(len(sound) // _HOP, 1)
    power = np.zeros(count)
    whole = sound[: count * _HOP]
    if len(whole) == count * _HOP:
        power = np.mean(whole.reshape(count, _HOP).astype(np.float64) ** 2, axis=1)
    smooth = np.convolve(power, np.full(3, 1 / 3), "same")
    return np.maximum(10 * np.log10(smooth + 1e-12), _FLOOR_DB)


def silence_of(levels: Levels) -> float:
    """The level that what is said is above."""
    return max(float(np.quantile(levels, 0.95)) - _SILENCE_DB, _FLOOR_DB)


def rises_of(levels: Levels) -> Levels:
    """By how many decibels the sound is louder after each moment than before it."""
    sums = np.concatenate([[0.0], np.cumsum(np.pad(levels, _SIDE, mode="edge"))])
    means = (sums[_SIDE:] - sums[:-_SIDE]) / _SIDE
    return means[_SIDE : _SIDE + len(levels)] - means[: len(levels)]


def greatest_near(changes: Levels, time: float, *, reach_s: float) -> float:
    """Where the change is greatest near the time; the time itself if nothing changes there."""
    first = max(int((time - reach_s) / HOP_S), 0)
    near = changes[first : int((time + reach_s) / HOP_S) + 1]
    if not len(near) or float(near.max()) < _LEAST_DB:
        return time
    return (first + int(near.argmax())) * HOP_S
