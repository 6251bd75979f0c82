"""Words to chunks that are shown together: cut where people pause, never behind an article."""

from collections.abc import Sequence
from dataclasses import dataclass

from viralclip.captions.layout import (
    Block,
    Measure,
    block_of,
    break_cost,
    pauses_after,
    timed_parts,
)
from viralclip.words.transcript import Word

_PAUSE = 0.8
# A gap that short is not shown: the chunk stays until the next one comes.
_HELD = 0.4
# What most people read in a second, and how long a chunk waits for slower ones.
_READ_CHARS = 17
_WAITS = 1.0
_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！", "؟", "।")  # noqa: RUF001 - meant
_IMPOSSIBLE = 1e9
_COMMA_WITHIN = 0.7


@dataclass(frozen=True)
class Chunk:
    """Words that are shown together, from `start` to `end`, set in lines."""

    words: tuple[Word, ...]
    block: Block
    start: float
    end: float


def chunks_of(words: Sequence[Word], measure: Measure, *, until: float) -> list[Chunk]:
    """The words of a clip in chunks, one after another; the last is gone `until` then."""
    parts = [part for word in words for part in timed_parts(word, measure)]
    groups = [group for phrase in _phrases(parts) for group in _split(phrase, measure)]
    blocks = [block_of(group, measure) for group in groups]
    starts = [group[0].start for group in groups]
    return [
        Chunk(tuple(group), block, start, _shown_until(group, following))
        for group, block, start, following in zip(
            groups, blocks, starts, [*starts, until][1:], strict=True
        )
        if block is not None and any(piece.runs for line in block.lines for piece in line)
    ]


def _shown_until(words: Sequence[Word], following: float) -> float:
    """Through a short gap, and into a long one for as long as reading takes."""
    said = max(word.end for word in words)
    if following - said <= _HELD:
        return max(following, words[0].start)
    chars = sum(len(word.text) + 1 for word in words)
    wanted = words[0].start + chars / _READ_CHARS
    return min(max(said + _HELD / 2, min(wanted, said + _WAITS)), following)


def _phrases(words: Sequence[Word]) -> list[list[Word]]:
    """Words between the borders that every chunk respects."""
    phrases: list[list[Word]] = []
    for word in words:
        if phrases and not _is_border(phrases[-1][-1], word):
            phrases[-1].append(word)
        else:
            phrases.append([word])
    return phrases


def _is_border(before: Word, after: Word) -> bool:
    if before.break_after is not None:
        return before.break_after
    return (
        before.speaker != after.speaker
        or after.start - before.end > _PAUSE
        or before.text.endswith(_SENTENCE_ENDS)
    )


def _split(words: Sequence[Word], measure: Measure) -> list[list[Word]]:
    """The cheapest way to cut a phrase: few chunks of like length, cut where a reader would."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(words) + 1):
        begins = range(max(0, end - measure.style.amount.words), end)
        costs = [(best[at][0] + _cost(words, at, end, measure), at) for at in begins]
        best.append(min(costs))
    groups: list[list[Word]] = []
    end = len(words)
    while end:
        begin = best[end][1]
        groups.append(list(words[begin:end]))
        end = begin
    return groups[::-1]


def _cost(words: Sequence[Word], begin: int, end: int, measure: Measure) -> float:
    group, amount = words[begin:end], measure.style.amount
    if len(group) > 1 and (
        group[-1].end - group[0].start > amount.seconds
        or sum(len(word.text) + 1 for word in group) - 1 > amount.chars * amount.lines
        or block_of(group, measure) is None
    ):
        return _IMPOSSIBLE
    emptiness = 1 - len(group) / amount.words
    cut = break_cost(words[end - 1], words[end]) if end < len(words) else 0.0
    kept = _IMPOSSIBLE / 2 if end < len(words) and words[end - 1].break_after is False else 0.0
    within = sum(map(pauses_after, group[:-1])) * _COMMA_WITHIN
    return 1 + emptiness**2 + cut + kept + within
