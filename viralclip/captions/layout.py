"""Words to at most two lines that fit: broken where a reader would, measured by the fonts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from viralclip.captions.fonts import Font
from viralclip.captions.runs import Run, clusters, is_right_to_left, runs_of
from viralclip.captions.style import CaptionStyle
from viralclip.geometry import Rect, Size
from viralclip.words.transcript import Word

# Words that belong to the one behind them: articles, and the shortest prepositions and conjunctions
# of the languages that are often captioned.
_ENGLISH = "a an the of to in on at by for and or but my your his her its our their this that"
_GERMAN = "der die das den dem des ein eine einen einem einer eines und oder im am zu mit von"
_SPANISH = "el la los las un una unos unas de del al y o en con por su mi tu"
_FRENCH = "le les une des du au aux et ou ce cette mon ma mes son sa ses"
_OTHERS = "il lo gli i di da e che per os as um uma do dos das no na в на с и а к о у не"  # noqa: RUF001 - Russian
_LEANING = frozenset(f"{_ENGLISH} {_GERMAN} {_SPANISH} {_FRENCH} {_OTHERS}".split())
_PAUSES = (",", ";", ":", "-", "–", "—", "、", "，", "；", "：", "،")  # noqa: RUF001 - meant
_PITCH = 0.8
# Kerning rarely widens; shaping may by a little.
_SLACK = 0.98
_SCALES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
# What a word grows by where it pops, and what a box adds around it, in ems.
GROWTH = 1.08
BOX_PADDING = 0.16


@dataclass(frozen=True)
class Piece:
    """A word in a line, or the part of one: `word` is its index in the chunk, and `space` is the
    room before it in ems, where another stands before it."""

    runs: tuple[Run, ...]
    word: int
    joined: bool
    space: float = 0.0

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class Block:
    """Lines of pieces at `em` pixels, how wide the widest is and how high they are together."""

    lines: tuple[tuple[Piece, ...], ...]
    em: float
    width: float
    pitch: float
    height: float
    right_to_left: bool = False


@dataclass(frozen=True)
class Measure:
    """What lines are measured with: a style's fonts, the preferred one first, in an area."""

    style: CaptionStyle
    fonts: tuple[Font, ...]
    frame: Size
    area: Rect

    @property
    def em(self) -> float:
        return self.style.letters.size * min(self.frame.width, self.frame.height)

    def room(self, em: float) -> float:
        """The width that letters may take, so that outline, box and growth stay inside."""
        grown = GROWTH if self.style.highlight == "pop" else 1.0
        around = BOX_PADDING if self.style.highlight == "box" else self.style.paint.outline
        return (self.area.width - 2 * around * em) * _SLACK / grown

    def set(self, text: str) -> tuple[Run, ...]:
        runs = self._known.get(text)
        if runs is None:
            written = text.upper() if self.style.letters.case == "upper" else text
            runs = self._known[text] = runs_of(written, self.fonts)
        return runs

    @cached_property
    def _known(self) -> dict[str, tuple[Run, ...]]:
        """Texts that were set: a word is tried in many lines, and said again and again."""
        return {}

    def piece(self, text: str, word: int, *, joined: bool) -> Piece:
        runs = self.set(text)
        # The space of a font of emoji is as wide as they are.
        font = self.fonts[0] if runs and runs[0].is_symbol else runs[0].font if runs else None
        natural = font.width(" ", 1.0) if font else 0.0
        return Piece(runs, word, joined, max(natural, self.style.letters.space))


def block_of(words: Sequence[Word], measure: Measure) -> Block | None:
    """The words in as few lines as they fit in; None where they do not fit.

    A word that stands alone is made smaller, or parted, until it fits.
    """
    pieces = [measure.piece(word.text, at, joined=word.joined) for at, word in enumerate(words)]
    if len(words) > 1:
        return _set(pieces, words, measure, measure.em)
    for scale in _SCALES:
        block = _set(pieces, words, measure, measure.em * scale)
        if block is not None:
            return block
    return _parted(pieces[0], measure)


def _set(
    pieces: Sequence[Piece], words: Sequence[Word], measure: Measure, em: float
) -> Block | None:
    room = measure.room(em)
    if line_width(pieces, em) <= room and _is_short(pieces, measure):
        return _block([pieces], em)
    if measure.style.amount.lines == 1:
        return None
    breaks = [
        at
        for at in range(1, len(pieces))
        if all(line_width(half, em) <= room for half in (pieces[:at], pieces[at:]))
    ]
    if not breaks:
        return None
    best = min(breaks, key=lambda at: _cost(pieces, words, at, em))
    return _block([pieces[:best], pieces[best:]], em)


def _is_short(pieces: Sequence[Piece], measure: Measure) -> bool:
    chars = sum(len(piece.text) + 1 for piece in pieces) - 1
    return chars <= measure.style.amount.chars or len(pieces) == 1


def _cost(pieces: Sequence[Piece], words: Sequence[Word], at: int, em: float) -> float:
    """How bad a line break is: lines of one length, and nothing that belongs together apart."""
    upper, lower = line_width(pieces[:at], em), line_width(pieces[at:], em)
    return abs(upper - lower) / max(upper, lower) + break_cost(words[at - 1], words[at])


def break_cost(before: Word, after: Word) -> float:
    """How much a reader minds a break between two words, 0 for not at all."""
    if before.text.lower() in _LEANING:
        return 2.0
    if pauses_after(before):
        return -0.5
    return -0.2 if after.text.lower() in _LEANING else 0.0


def pauses_after(word: Word) -> bool:
    return word.text.endswith(_PAUSES)


def line_width(pieces: Sequence[Piece], em: float) -> float:
    return sum(
        (0.0 if piece.joined or at == 0 else piece.space * em)
        + sum(run.width(em) for run in piece.runs)
        for at, piece in enumerate(pieces)
    )


def _block(lines: Sequence[Sequence[Piece]], em: float) -> Block:
    fonts = {run.font for line in lines for piece in line for run in piece.runs}
    height = max((font.line_height(em) for font in fonts), default=em)
    text = "".join(piece.text for line in lines for piece in line)
    return Block(
        lines=tuple(tuple(line) for line in lines),
        em=em,
        width=max(line_width(line, em) for line in lines),
        pitch=height * _PITCH,
        height=height + (len(lines) - 1) * height * _PITCH,
        right_to_left=is_right_to_left(text),
    )


def _parted(piece: Piece, measure: Measure) -> Block:
    """A word too long for a line in two, with a hyphen; at the smallest size whatever it takes."""
    letters = list(clusters(piece.text))
    half = (len(letters) + 1) // 2
    halves = ["".join(letters[:half]) + "-", "".join(letters[half:])]
    lines = [[Piece(measure.set(text), piece.word, joined=True)] for text in halves]
    smallest = measure.em * _SCALES[-1]
    ems = (measure.em * scale for scale in _SCALES)
    fitting = (em for em in ems if all(line_width(line, em) <= measure.room(em) for line in lines))
    return _block(lines, next(fitting, smallest))


def fits_alone(text: str, measure: Measure) -> bool:
    """Whether a word fits into two lines, however small it is made."""
    block = block_of([Word(text=text, start=0, end=0)], measure)
    return block is not None and block.width <= measure.room(block.em)


def timed_parts(word: Word, measure: Measure) -> Iterator[Word]:
    """The word, or the halves of one that fits in no two lines, each with its share of the time."""
    letters = list(clusters(word.text))
    if len(letters) < 2 or fits_alone(word.text, measure):  # noqa: PLR2004 - two halves
        yield word
        return
    half, middle = len(letters) // 2, (word.start + word.end) / 2
    parts = (
        ("".join(letters[:half]), word.start, middle),
        ("".join(letters[half:]), middle, word.end),
    )
    for at, (text, start, end) in enumerate(parts):
        part = word.model_copy(update={"text": text, "joined": word.joined or at > 0})
        yield from timed_parts(part.during(start, end), measure)
