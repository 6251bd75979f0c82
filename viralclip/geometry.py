"""Sizes, rectangles and aspect ratios in pixels of a picture, and crops that stay inside it."""

from dataclasses import dataclass
from fractions import Fraction

from viralclip.errors import InvalidAspectError

ASPECTS = ("9:16", "1:1", "4:5", "16:9")


@dataclass(frozen=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int

    @property
    def aspect(self) -> float:
        return self.width / self.height

    def even(self) -> "Size":
        """The largest size inside this one with even sides, as 4:2:0 chroma needs."""
        return Size(self.width - self.width % 2, self.height - self.height % 2)


@dataclass(frozen=True)
class Rect:
    """A rectangle in pixels; x and y are its top left corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)


def parse_aspect(value: str) -> Fraction:
    """Width over height for one of ASPECTS."""
    if value not in ASPECTS:
        raise InvalidAspectError(value=value, known=", ".join(ASPECTS))
    width, height = value.split(":")
    return Fraction(int(width), int(height))


def output_size(aspect: Fraction, *, short_side: int = 1080) -> Size:
    """The even output size of `aspect` whose shorter side is `short_side` pixels."""
    if aspect < 1:
        return Size(_even(short_side), _even(short_side / aspect))
    return Size(_even(short_side * aspect), _even(short_side))


def crop(region: Rect, aspect: float, *, centre_x: float = 0.5, centre_y: float = 0.5) -> Rect:
    """The largest even crop of `aspect` inside `region`, centred at shares of it if it fits so."""
    width = min(region.width, region.height * aspect)
    height = min(region.height, region.width / aspect)
    size = Size(max(2, _even(width)), max(2, _even(height)))
    x = _inside(region.width * centre_x - size.width / 2, region.width - size.width)
    y = _inside(region.height * centre_y - size.height / 2, region.height - size.height)
    return Rect(region.x + x, region.y + y, size.width, size.height)


def _inside(offset: float, room: int) -> int:
    return round(min(max(offset, 0), max(room, 0)))


def _even(value: float | Fraction) -> int:
    return int(value + Fraction(1, 10**6)) // 2 * 2
