"""Brings the edges of words to where the sound rises and falls.

Whisper tells times by attention, in steps of 20 ms, and begins words too early after a pause.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from viralclip.speech.levels import (
    HOP_S,
    Levels,
    greatest_near,
    levels_of,
    rises_of,
    silence_of,
)
from viralclip.speech.sound import Samples
from viralclip.words.transcript import Word

# An edge is moved by no more than this to where the sound changes.
REACH_S = 0.08
_SHORTEST_S = 0.04


def snap(words: Sequence[Word], sound: Samples) -> tuple[Word, ...]:
    """The words with edges where the sound changes most nearby; their times are of the sound."""
    return Edges(levels_of(sound)).snap(words)


class Edges:
    """Where a sound rises and falls."""

    def __init__(self, levels: Levels) -> None:
        self._levels, self._rises = levels, rises_of(levels)
        self._silence = silence_of(levels)

    def snap(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """Words that are said one after another, with edges where the sound changes nearby."""
        if not words:
            return ()
        trimmed = [_without_silence(word, self._levels, self._silence) for word in words]
        return tuple(_in_turn([self._snapped(word) for word in trimmed]))

    def _snapped(self, word: Word) -> Word:
        start = greatest_near(self._rises, word.start, reach_s=REACH_S)
        return word.during(start, greatest_near(-self._rises, word.end, reach_s=REACH_S))


def _without_silence(word: Word, levels: Levels, silence: float) -> Word:
    """The word from where there is sound to where there is none any more."""
    first = min(int(word.start / HOP_S), len(levels) - 1)
    last = min(max(int(word.end / HOP_S), first + 1), len(levels))
    loud = np.flatnonzero(levels[first:last] > silence)
    if not len(loud):
        return word
    start = max(word.start, (first + int(loud[0])) * HOP_S)
    end = min(word.end, (first + int(loud[-1]) + 1) * HOP_S)
    return word.during(start, end) if end - start >= _SHORTEST_S else word


def _in_turn(words: Sequence[Word]) -> list[Word]:
    """No word is next to nothing, or begins before the one before it has been said."""
    turned = [words[0].during(words[0].start, max(words[0].end, words[0].start + _SHORTEST_S))]
    for _, word in pairwise(words):
        start = max(word.start, turned[-1].start + _SHORTEST_S)
        if turned[-1].end > start:
            turned[-1] = turned[-1].during(turned[-1].start, start)
        turned.append(word.during(start, max(word.end, start + _SHORTEST_S)))
    return [word.during(round(word.start, 3), round(word.end, 3)) for word in turned]
