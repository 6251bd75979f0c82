"""Subtitles that come back corrected: what nobody touched stays as it was, word for word."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from viralclip.words.splitting import weight_of
from viralclip.words.transcript import Word, spelled
from viralclip.words.writing import Line

# Half a frame of the slowest clip, and what an editor loses that writes hundredths of a second.
_NEAR = 0.05
# Longer lines are no subtitles, and would take long to compare.
_MOST_PAIRS = 250_000


def returned(lines: Sequence[Line], back: Sequence[Line]) -> tuple[Word, ...] | None:
    """The words of lines that came `back`, on one clock; None if all of them are as they were.

    A line that was corrected ends a caption, and so does the one before it. Its words are said
    when those are that they stand for.
    """
    known = _Known(lines)
    same = [known.same_as(line) for line in back]
    if same == list(lines):
        return None
    words: list[Word] = []
    for line, before in zip(back, same, strict=True):
        if before is not None:
            words += before.words
            continue
        if words:
            words[-1] = _ending(words[-1])
        words += _corrected(line, known.said_in(line))
    return tuple(words)


def is_alike(one: Line, other: Line) -> bool:
    """Whether both lines say the same at the same time."""
    return (
        abs(one.start - other.start) <= _NEAR
        and abs(one.end - other.end) <= _NEAR
        and spelled(one.words) == spelled(other.words)
    )


def given_lines(words: Sequence[Word]) -> list[Line]:
    """The words of a file of subtitles in its lines."""
    lines: list[list[Word]] = []
    for word in words:
        if lines and not lines[-1][-1].break_after:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [Line(tuple(line)) for line in lines]


def without_breaks(line: Line) -> Line:
    """The line of words that nobody set in lines: where captions end is left open."""
    return Line(tuple(word.model_copy(update={"break_after": None}) for word in line.words))


class _Known:
    """Lines as they were, found by what they say, and their words, found by when they are said."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._by_text = defaultdict[str, list[Line]](list)
        for line in lines:
            self._by_text[spelled(line.words)].append(line)
        words = [word for line in lines for word in line.words]
        self._words = sorted(words, key=_middle)

    def same_as(self, line: Line) -> Line | None:
        alike = self._by_text.get(spelled(line.words), ())
        return next((each for each in alike if is_alike(each, line)), None)

    def said_in(self, line: Line) -> Sequence[Word]:
        first = bisect_left(self._words, line.start - _NEAR, key=_middle)
        return self._words[first : bisect_right(self._words, line.end + _NEAR, key=_middle)]


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _ending(word: Word) -> Word:
    return word.model_copy(update={"break_after": True})


@dataclass(frozen=True)
class _Span:
    """Words `first` to `last` of a line, which share a time by their letters.

    `spread` is what the words that they stand for had a share of.
    """

    first: int
    last: int
    start: float
    end: float
    spread: tuple[float, float] | None = None

    @property
    def shared(self) -> tuple[float, float] | None:
        alone = self.last - self.first == 1
        return self.spread if alone or self.spread else (round(self.start, 3), round(self.end, 3))


def _corrected(line: Line, said: Sequence[Word]) -> list[Word]:
    """The words of a line at the times of those that were said there."""
    speaker = said[0].speaker if said else None
    words = [
        word.model_copy(
            update={
                "start": round(start, 3),
                "end": round(end, 3),
                "speaker": word.speaker or speaker,
                "spread": span.shared,
            }
        )
        for span in _spans(line, said)
        for word, start, end in _shared(line.words[span.first : span.last], span)
    ]
    return [*words[:-1], _ending(words[-1])]


def _spans(line: Line, said: Sequence[Word]) -> Iterator[_Span]:
    """When the line's words are said: from the line's start to its end, none before another."""
    whole = (line.start, line.end)
    spans = _known_spans(said, line.words) or [_Span(0, len(line.words), *whole, spread=whole)]
    spans[0] = replace(spans[0], first=0, start=line.start)
    spans[-1] = replace(spans[-1], end=line.end)
    reached = line.start
    for span in spans:
        start = min(max(span.start, reached), line.end)
        reached = min(max(span.end, start), line.end)
        yield replace(span, start=start, end=reached)


def _known_spans(said: Sequence[Word], words: Sequence[Word]) -> list[_Span]:
    """Words that are the same, or stand for as many, each have their time; others share one, and
    what was put in shares that of the word before it."""
    if len(said) * len(words) > _MOST_PAIRS:
        return []
    texts = [word.text for word in said], [word.text for word in words]
    spans: list[_Span] = []
    for tag, first, last, begin, end in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        if tag == "insert" and spans:
            spans[-1] = replace(spans[-1], last=end)
        elif tag in {"equal", "replace"} and last - first == end - begin:
            spans += _each(said[first:last], begin)
        elif tag == "replace":
            span = _Span(begin, end, said[first].start, said[last - 1].end, said[first].spread)
            spans.append(span)
    return spans


def _each(said: Sequence[Word], begin: int) -> list[_Span]:
    return [
        _Span(at, at + 1, word.start, word.end, word.spread) for at, word in enumerate(said, begin)
    ]


def _shared(words: Sequence[Word], span: _Span) -> Iterator[tuple[Word, float, float]]:
    weights = [weight_of(word.text) for word in words]
    second, done = (span.end - span.start) / sum(weights), 0
    for word, weight in zip(words, weights, strict=True):
        yield word, span.start + done * second, span.start + (done + weight) * second
        done += weight
