"""Brings the edges of words to where the sound rises and falls.

Whisper tells times by attention, in steps of 20 ms, and begins words too early after a pause.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viralclip.speech.port import SAMPLE_RATE
from viralclip.speech.sound import Samples
from viralclip.words.transcript import Word

# An edge is moved by no more than this to where the sound changes.
REACH_S = 0.08
_HOP_S = 0.005
_HOP = round(_HOP_S * SAMPLE_RATE)
# A change is the difference between the means of so many levels before it and after it.
_SIDE = 6
# What rises or falls by less is within a sound.
_LEAST_DB = 6.0
# Levels this far below the loud ones of the piece are silence.
_SILENCE_DB, _FLOOR_DB = 35.0, -80.0
_SHORTEST_S = 0.04

Levels = NDArray[np.float64]


def snap(words: Sequence[Word], sound: Samples) -> tuple[Word, ...]:
    """The words with edges where the sound changes most nearby; their times are of the sound."""
    if not words:
        return ()
    levels = _levels(sound)
    rises = _rises(levels)
    silence = max(float(np.quantile(levels, 0.95)) - _SILENCE_DB, _FLOOR_DB)
    trimmed = [_without_silence(word, levels, silence) for word in words]
    snapped = [word.during(_at(rises, word.start), _at(-rises, word.end)) for word in trimmed]
    return tuple(_in_turn(snapped))


def _levels(sound: Samples) -> Levels:
    """Decibels in every 5 ms, over 15 ms."""
    count = max(len(sound) // _HOP, 1)
    power = np.zeros(count)
    whole = sound[: count * _HOP]
    if len(whole) == count * _HOP:
        power = np.mean(whole.reshape(count, _HOP).astype(np.float64) ** 2, axis=1)
    smooth = np.convolve(power, np.full(3, 1 / 3), "same")
    return np.maximum(10 * np.log10(smooth + 1e-12), _FLOOR_DB)


def _rises(levels: Levels) -> Levels:
    """By how many decibels the sound is louder after each moment than before it."""
    sums = np.concatenate([[0.0], np.cumsum(np.pad(levels, _SIDE, mode="edge"))])
    means = (sums[_SIDE:] - sums[:-_SIDE]) / _SIDE
    return means[_SIDE : _SIDE + len(levels)] - means[: len(levels)]


def _without_silence(word: Word, levels: Levels, silence: float) -> Word:
    """The word from where there is sound to where there is none any more."""
    first = min(int(word.start / _HOP_S), len(levels) - 1)
    last = min(max(int(word.end / _HOP_S), first + 1), len(levels))
    loud = np.flatnonzero(levels[first:last] > silence)
    if not len(loud):
        return word
    start = max(word.start, (first + int(loud[0])) * _HOP_S)
    end = min(word.end, (first + int(loud[-1]) + 1) * _HOP_S)
    return word.during(start, end) if end - start >= _SHORTEST_S else word


def _at(changes: Levels, time: float) -> float:
    """Where the change is greatest near the time; the time itself if nothing changes there."""
    first = max(int((time - REACH_S) / _HOP_S), 0)
    near = changes[first : int((time + REACH_S) / _HOP_S) + 1]
    if not len(near) or float(near.max()) < _LEAST_DB:
        return time
    return (first + int(near.argmax())) * _HOP_S


def _in_turn(words: Sequence[Word]) -> list[Word]:
    """No word is next to nothing, or begins before the one before it has been said."""
    turned = [words[0].during(words[0].start, max(words[0].end, words[0].start + _SHORTEST_S))]
    for _, word in pairwise(words):
        start = max(word.start, turned[-1].start + _SHORTEST_S)
        if turned[-1].end > start:
            turned[-1] = turned[-1].during(turned[-1].start, start)
        turned.append(word.during(start, max(word.end, start + _SHORTEST_S)))
    return [word.during(round(word.start, 3), round(word.end, 3)) for word in turned]
