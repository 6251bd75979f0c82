"""What captions look like, as data: letters, colours, how much at once, and what marks a word."""

import re
from dataclasses import dataclass
from typing import Literal

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
Highlight = Literal["colour", "pop", "box", "none"]
Case = Literal["as_written", "upper"]


@dataclass(frozen=True)
class Letters:
    """A font by its full name, its em as a share of the frame's shorter side, its case, and the
    least room between two words in ems, for what is drawn around a word."""

    font: str
    size: float
    case: Case = "as_written"
    space: float = 0.0


@dataclass(frozen=True)
class Paint:
    """Colours like #FFE500; `outline` is a share of the em."""

    fill: str = "#FFFFFF"
    active: str = "#FFE500"
    outline_colour: str = "#000000"
    outline: float = 0.07
    box: str = "#7A2BF5"

    def __post_init__(self) -> None:
        for colour in (self.fill, self.active, self.outline_colour, self.box):
            if not _COLOUR.fullmatch(colour):
                raise ValueError(f"{colour!r} is not a colour like #FFE500")


@dataclass(frozen=True)
class Amount:
    """The most that is shown at once."""

    words: int
    lines: int = 2
    chars: int = 24
    seconds: float = 3.0


@dataclass(frozen=True)
class CaptionStyle:
    """A look for captions; `summary` is one line for lists."""

    name: str
    summary: str
    letters: Letters
    paint: Paint
    amount: Amount
    highlight: Highlight


_SANS, _POSTER = "Montserrat ExtraBold", "Anton Regular"
BUILT_IN: tuple[CaptionStyle, ...] = (
    CaptionStyle(
        "phrase",
        "A few words in two lines; the one being said is yellow",
        Letters(_SANS, 0.062),
        Paint(),
        Amount(words=5, chars=20),
        "colour",
    ),
    CaptionStyle(
        "pop",
        "One to three words in capitals; the one being said grows",
        Letters(_POSTER, 0.083, "upper", space=0.42),
        Paint(active="#FFE500", outline=0.08),
        Amount(words=3, lines=1, chars=14, seconds=1.6),
        "pop",
    ),
    CaptionStyle(
        "box",
        "A few words; a coloured box stands behind the one being said",
        Letters(_SANS, 0.058, space=0.42),
        Paint(active="#FFFFFF", outline=0.06),
        Amount(words=4, chars=18),
        "box",
    ),
    CaptionStyle(
        "plain",
        "Subtitles in two lines; no word is marked",
        Letters("Noto Sans Bold", 0.05),
        Paint(outline=0.08),
        Amount(words=12, chars=32, seconds=6.0),
        "none",
    ),
)
