"""Words whose times are only their share of a line's, brought to where the line's sound is.

A line of subtitles says at best when its first word begins and its last one ends; often it comes
before anybody speaks, and stays when all is said. Its words are laid over the stretches of sound in
it, so that a pause lies between two words and not within one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viralclip.speech.levels import HOP_S, Levels, levels_of
from viralclip.speech.snapping import Edges
from viralclip.speech.sound import Samples
from viralclip.timecode import TimeRange
from viralclip.words.splitting import weight_of
from viralclip.words.transcript import Word, in_order

# A shorter silence lies within a word, before a plosive; shorter sounds are clicks.
_PAUSE_S, _SOUND_S = 0.1, 0.03
# Sound is what is louder than this share of the way from the quietest to the loudest, if there is
# such a way: music, or noise, is as loud everywhere.
_SHARE, _LEAST_DB = 0.4, 12.0
# Words that would be said faster were not found.
_FASTEST_S = 0.05
# What it costs to take a stretch of sound for none of the words, in seconds a second.
_UNSAID = 4.0
# A line has fewer words, and stretches of sound; to weigh more against each other takes long.
_MOST_WEIGHED = 40_000


def align(words: Sequence[Word], sound: Samples) -> tuple[Word, ...]:
    """The words, those with spread times where they are heard; their times are of the sound.

    Lines in which nothing is heard, or too little for their words, stay as they are. Lines of
    several speakers may overlap: each has the sound for itself.
    """
    levels = levels_of(sound)
    loud, edges = _loud(levels), Edges(levels)
    placed: list[Word] = []
    for spread, line in _lines(words):
        laid = _laid(line, _stretches(loud, TimeRange(*spread))) if spread else None
        placed += line if laid is None else edges.snap(laid)
    return in_order(placed)


_Spread = tuple[float, float] | None


def _lines(words: Sequence[Word]) -> Iterable[tuple[_Spread, list[Word]]]:
    """The words of each line that has times; words with their own times are all together."""
    lines = defaultdict[tuple[_Spread, str | None], list[Word]](list)
    for word in words:
        lines[word.spread, word.speaker if word.spread else None].append(word)
    return ((spread, line) for (spread, _), line in lines.items())


def _loud(levels: Levels) -> NDArray[np.bool_]:
    """Which of the levels are sound."""
    quietest, loudest = np.quantile(levels, (0.05, 0.95))
    if loudest - quietest < _LEAST_DB:
        return np.zeros(len(levels), bool)
    return levels > quietest + _SHARE * (loudest - quietest)


def _stretches(loud: NDArray[np.bool_], line: TimeRange) -> list[TimeRange]:
    """Where there is sound in the time of the line."""
    first, last = int(max(line.start, 0) / HOP_S), round(max(line.end, 0) / HOP_S)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud[first:last], [False]])))
    stretches: list[TimeRange] = []
    for start, end in ((first + edges.reshape(-1, 2)) * HOP_S).tolist():
        if stretches and start - stretches[-1].end < _PAUSE_S:
            stretches[-1] = TimeRange(stretches[-1].start, end)
        else:
            stretches.append(TimeRange(start, end))
    return [stretch for stretch in stretches if stretch.duration >= _SOUND_S]


def _laid(line: Sequence[Word], stretches: Sequence[TimeRange]) -> list[Word] | None:
    """The line's words over the stretches of its sound; None where they do not fit."""
    heard = sum(stretch.duration for stretch in stretches)
    weighed = len(line) * len(stretches) * max(len(line), len(stretches))
    if weighed > _MOST_WEIGHED or heard < _FASTEST_S * len(line):
        return None
    score = _Score(np.array([weight_of(word.text) for word in line], np.float64), stretches)
    return [
        word.during(start, end).model_copy(update={"spread": None})
        for group in score.groups()
        for word, (start, end) in zip(line[group.words], score.times(group), strict=True)
    ]


@dataclass(frozen=True)
class _Group:
    """Words that are said in stretches of sound: one word in several, or several in one."""

    words: slice
    stretches: slice


class _Score:
    """Which words are said in which stretches: the way that fits their lengths best."""

    def __init__(self, weights: np.ndarray, stretches: Sequence[TimeRange]) -> None:
        self._stretches = stretches
        self._sound = np.concatenate([[0.0], np.cumsum([each.duration for each in stretches])])
        self._said = np.concatenate([[0.0], np.cumsum(weights)])
        self._said *= self._sound[-1] / self._said[-1]

    def groups(self) -> list[_Group]:
        """The words in groups, by the cheapest way from no words and no sound to all of both."""
        words, stretches = len(self._said) - 1, len(self._stretches)
        best = {(0, 0): (0.0, (0, 0))}
        for place in ((word, stretch) for stretch in range(stretches) for word in range(words + 1)):
            if place not in best:
                continue
            for following, cost in self._steps(*place):
                total = best[place][0] + cost
                if following not in best or total < best[following][0]:
                    best[following] = (total, place)
        found: list[_Group] = []
        place = (words, stretches)
        while place != (0, 0):
            before = best[place][1]
            found.append(_Group(slice(before[0], place[0]), slice(before[1], place[1])))
            place = before
        return [group for group in reversed(found) if group.words.start < group.words.stop]

    def times(self, group: _Group) -> list[tuple[float, float]]:
        """When each word of the group is said, by its share of the group's sound."""
        held = self._stretches[group.stretches]
        shares = self._said[group.words.start : group.words.stop + 1]
        shares = (shares - shares[0]) / (shares[-1] - shares[0])
        at = (held[0].start + (held[-1].end - held[0].start) * shares).tolist()
        return list(pairwise(at))

    def _steps(self, word: int, stretch: int) -> Iterator[tuple[tuple[int, int], float]]:
        """Where it may go on from here, and what that costs: seconds that do not fit."""
        unsaid = float(self._sound[stretch + 1] - self._sound[stretch])
        yield (word, stretch + 1), _UNSAID * unsaid
        for last in range(word + 1, len(self._said)):
            yield (last, stretch + 1), self._misfit(word, last, stretch, stretch + 1)
        if word + 1 < len(self._said):
            for end in range(stretch + 2, len(self._sound)):
                yield (word + 1, end), self._misfit(word, word + 1, stretch, end)

    def _misfit(self, word: int, last: int, stretch: int, end: int) -> float:
        wanted = self._said[last] - self._said[word]
        return float((self._sound[end] - self._sound[stretch] - wanted) ** 2 / wanted)
