"""What a font can draw, and how wide: read from its bytes, before anything is drawn with it."""

import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fontTools.ttLib import (  # pyright: ignore[reportMissingTypeStubs]
    TTCollection,
    TTFont,
    TTLibError,
)

_FULL_NAME = 4
_NAME_SPECIALS = frozenset("\\{},\n")


@dataclass(frozen=True, eq=False)
class Font:
    """A face of a font's file: `advances` has the width of each letter, by its code point, and
    `units` are those of an em. `ascent` and `descent` are what libass makes a line's height of.
    """

    name: str
    filename: str
    units: int
    ascent: int
    descent: int
    advances: Mapping[int, int] = field(repr=False)

    def covers(self, text: str) -> bool:
        return all(ord(ch) in self.advances for ch in text)

    def width(self, text: str, em: float) -> float:
        """Pixels at `em` pixels to the em, without kerning and ligatures, which rarely widen it."""
        return sum(self.advances.get(ord(ch), 0) for ch in text) * em / self.units

    def line_height(self, em: float) -> float:
        """What ASS calls the size of a font: from its highest point to its lowest."""
        return (self.ascent + self.descent) * em / self.units


class NoFontError(ValueError):
    """A file that no font can be read from."""


def read_fonts(data: bytes, filename: str) -> tuple[Font, ...]:
    """The faces in a TrueType or OpenType file or collection, those with a name ASS can say.

    NoFontError for anything else; a variable font is read at its default weight.
    """
    try:
        return tuple(_font(face, filename) for face in _faces(data) if _is_named(face))
    except (TTLibError, struct.error, LookupError, AssertionError, ValueError) as error:
        raise NoFontError(f"{filename} is not a TrueType or OpenType font") from error


def _faces(data: bytes) -> Iterator[Any]:
    if data.startswith(b"ttcf"):
        collection: Any = TTCollection(io.BytesIO(data), lazy=True)
        yield from collection.fonts
    else:
        yield TTFont(io.BytesIO(data), lazy=True)


def _is_named(face: Any) -> bool:
    name = face["name"].getDebugName(_FULL_NAME)
    return bool(name) and not _NAME_SPECIALS.intersection(name)


def _font(face: Any, filename: str) -> Font:
    widths = face["hmtx"].metrics
    os2, head, hhea = face["OS/2"], face["head"], face["hhea"]
    # As libass does, who does as Windows did.
    windows = (os2.usWinAscent, os2.usWinDescent)
    ascent, descent = windows if sum(windows) else (hhea.ascent, -hhea.descent)
    return Font(
        name=face["name"].getDebugName(_FULL_NAME),
        filename=filename,
        units=head.unitsPerEm,
        ascent=ascent,
        descent=descent,
        advances={code: widths[glyph][0] for code, glyph in face.getBestCmap().items()},
    )


def in_preference(fonts: Sequence[Font], *names: str) -> tuple[Font, ...]:
    """The fonts with those of these names first, in their order."""
    rank = {name: place for place, name in reversed(list(enumerate(names)))}
    return tuple(sorted(fonts, key=lambda font: rank.get(font.name, len(rank))))
