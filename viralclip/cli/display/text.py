"""Text from outside made safe to print: no control characters, widths all terminals agree on."""

import unicodedata
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

_JOINERS = "\u200c\u200d"
_UNKNOWN = "\ufffd"
_WIDE = 2
_SQUEEZABLE = 6  # cells, from which a name cut in its middle can be recognised
# Terminals disagree about how wide these make an emoji, so they go, and flags become letters.
_AMBIGUOUS = {
    **dict.fromkeys((0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400), *range(0xE0000, 0xE0080))),
    **{0x1F1E6 + place: chr(ord("A") + place) for place in range(26)},
}


@lru_cache(maxsize=4096)
def clean(text: str, encoding: str = "utf-8") -> str:
    """`text` as one line that cannot move the cursor, change colours or reorder the rest."""
    plain = text.translate(_AMBIGUOUS)
    shown = "".join(
        _harmless(char, plain[place - 1] if place else "") for place, char in enumerate(plain)
    )
    line = " ".join(shown.split())
    return line.encode(encoding, "replace").decode(encoding)


def faithful(path: str, encoding: str = "utf-8") -> str:
    """A path or URL that can be copied from the screen: unchanged, or visibly escaped."""
    encoded = path.encode(encoding, "backslashreplace").decode(encoding)
    return encoded if encoded.isprintable() else encoded.encode("unicode_escape").decode("ascii")


def fit(text: str, width: int, *, ellipsis: str) -> str:
    """`text` cut to at most `width` cells, never through a wide character."""
    if cell_len(text) <= width:
        return text
    if width <= len(ellipsis):
        return set_cell_size(text, max(width, 0)).rstrip()
    return set_cell_size(text, width - len(ellipsis)).rstrip() + ellipsis


def squeeze(name: str, width: int, *, ellipsis: str) -> str:
    """`name` cut in its middle: names of one family differ at their end."""
    room = width - cell_len(ellipsis)
    if cell_len(name) <= width or room < _SQUEEZABLE:
        return fit(name, width, ellipsis=ellipsis)
    head = room // 3
    tail = name[::-1]
    return fit(name, head, ellipsis="") + ellipsis + fit(tail, room - head, ellipsis="")[::-1]


def pad(text: str, width: int) -> str:
    """`text`, not wider than `width`, filled up with spaces to exactly `width` cells."""
    return set_cell_size(text, max(width, 0))


def _harmless(char: str, before: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category in ("Cs", "Co", "Cn"):
        return _UNKNOWN
    if category != "Cf":
        return char
    # Persian and Indic scripts need joiners between letters; joined emoji have no agreed width.
    joins_letters = char in _JOINERS and before.isprintable() and cell_len(before) < _WIDE
    return char if joins_letters else ""
