"""The text of a cue to words: where each begins and ends, and when it is said."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from viralclip.words.cues import Cue, Piece
from viralclip.words.scripts import is_unspaced, may_part, parted
from viralclip.words.transcript import MAX_WORD, Word

_TOKEN = re.compile(r"\S+")


@dataclass(frozen=True)
class _Token:
    text: str
    joined: bool
    start: float | None = None
    end: float | None = None
    confidence: float | None = None


def weight_of(text: str) -> int:
    """How long it takes to say, in letters; a word takes a moment, however short it is."""
    return 1 + sum(ch.isalnum() for ch in text)


def words_of(cue: Cue, start: float, end: float, *, shift: float, language: str) -> list[Word]:
    """The words of a cue that lasts from `start` to `end`, with `shift` to bring its pieces' times
    to the same clock.

    Pieces without white space between them are one word, as recognisers give "You" and "Tube";
    times that the cue does not have are spread by the letters.
    """
    tokens = [part for token in _tokens(cue.pieces, shift) for part in _parts(token, language)]
    last = len(tokens) - 1
    return [
        Word(
            text=token.text,
            start=begins,
            end=max(begins, ends),
            confidence=token.confidence,
            speaker=cue.speaker,
            joined=token.joined,
            break_after=True if cue.is_line and at == last else None,
            spread=shared,
        )
        for at, (token, begins, ends, shared) in enumerate(_timed(tokens, start, end))
    ]


def _tokens(pieces: Sequence[Piece], shift: float) -> Iterator[_Token]:
    """Runs without white space; one that is written without spaces is cut where pieces meet."""
    text = "".join(piece.text for piece in pieces)
    spans = _spans(pieces)
    for match in _TOKEN.finditer(text):
        cuts = [
            at
            for _, at, piece in spans
            if match.start() < at < match.end()
            and piece.start is not None
            and may_part(text[at - 1], text[at])
        ]
        for here, there in pairwise([match.start(), *cuts, match.end()]):
            for begin in range(here, there, MAX_WORD):
                finish = min(begin + MAX_WORD, there)
                covered = [each for each in spans if each[1] < finish and each[0] > begin]
                yield _token(text, begin, finish, covered, shift, joined=begin > match.start())


_Span = tuple[int, int, Piece]


def _spans(pieces: Sequence[Piece]) -> list[_Span]:
    """Each piece with the offset of its end and of its first letter."""
    spans: list[_Span] = []
    offset = 0
    for piece in pieces:
        blank = len(piece.text) - len(piece.text.lstrip())
        spans.append((offset + len(piece.text.rstrip()), offset + blank, piece))
        offset += len(piece.text)
    return [span for span in spans if span[2].text.strip()]


def _token(
    text: str, begin: int, finish: int, covered: Sequence[_Span], shift: float, *, joined: bool
) -> _Token:
    """What its pieces know of it: a start if one starts with it, an end if one ends with it."""
    (_, first_at, first), (last_end, _, last) = covered[0], covered[-1]
    start = first.start if first_at == begin else None
    end = last.end if last_end == finish else None
    known = [piece.confidence for _, _, piece in covered if piece.confidence is not None]
    return _Token(
        text[begin:finish],
        joined,
        None if start is None else max(start + shift, 0.0),
        None if end is None else max(end + shift, 0.0),
        min(known, default=None),
    )


def _parts(token: _Token, language: str) -> Iterator[_Token]:
    """The phrases of a token in a script without spaces; the times within it are spread later."""
    phrases = parted(token.text, language) if any(map(is_unspaced, token.text)) else [token.text]
    last = len(phrases) - 1
    for at, phrase in enumerate(phrases):
        yield _Token(
            phrase,
            token.joined if at == 0 else True,
            token.start if at == 0 else None,
            token.end if at == last else None,
            token.confidence,
        )


_Timed = tuple[_Token, float, float, tuple[float, float] | None]


def _timed(tokens: Sequence[_Token], start: float, end: float) -> Iterator[_Timed]:
    """When each token is said: what is known of it, or its letters' share of the stretch between
    times that are, which comes with it.

    Every time lies in the cue, and none before the one before it.
    """
    reached = start
    for run, following in _runs(tokens):
        known = run[0].start
        begins = reached if known is None else min(max(known, reached), end)
        ends = run[-1].end if run[-1].end is not None else following
        ends = end if ends is None else min(max(ends, begins), end)
        is_known = len(run) == 1 and (known is not None or run[-1].end is not None)
        for token, first, last in _shared(run, begins, ends):
            yield token, first, last, None if is_known else (begins, ends)
        reached = ends


def _runs(tokens: Sequence[_Token]) -> Iterator[tuple[Sequence[_Token], float | None]]:
    """Tokens between two times that are known, and the start that is known behind them."""
    borders = [
        at
        for at in range(1, len(tokens))
        if tokens[at].start is not None or tokens[at - 1].end is not None
    ]
    for here, there in pairwise([0, *borders, len(tokens)]):
        if here < there:
            yield tokens[here:there], tokens[there].start if there < len(tokens) else None


def _shared(
    run: Sequence[_Token], begins: float, ends: float
) -> Iterator[tuple[_Token, float, float]]:
    weights = [weight_of(token.text) for token in run]
    second, done = (ends - begins) / sum(weights), 0
    for token, weight in zip(run, weights, strict=True):
        yield token, begins + second * done, begins + second * (done + weight)
        done += weight
