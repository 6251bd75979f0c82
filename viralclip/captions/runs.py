"""Text to runs of one font each, and the letters that no font has."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from viralclip.captions.fonts import Font

_JOINER = "\u200d"
# Marks that choose between a coloured and a plain emoji, of which there is only a plain one, and
# marks that are seen by nobody.
_UNSEEN = frozenset(
    "\u00ad\u200b\u2060\ufeff\ufe0e\ufe0f\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_SKINS = ("\U0001f3fb", "\U0001f3ff")
_FLAGS = ("\U0001f1e6", "\U0001f1ff")
_RTL = frozenset({"R", "AL"})


@dataclass(frozen=True)
class Run:
    """Text in one font."""

    text: str
    font: Font

    @property
    def is_symbol(self) -> bool:
        """Whether it begins with an emoji or another sign that is no letter and no mark."""
        return unicodedata.category(self.text[0]) == "So"

    def width(self, em: float) -> float:
        return self.font.width(self.text, em)


def runs_of(text: str, fonts: Sequence[Font]) -> tuple[Run, ...]:
    """The text in the first font that has all of it, else each letter in the first that has it.

    Letters that no font has are left out: `missing_letters` names them.
    """
    runs: list[Run] = []
    for cluster in clusters(text):
        font = _font_of(cluster, text, fonts, runs[-1].font if runs else None)
        if font is None:
            continue
        drawn = cluster if font.covers(cluster) else cluster.replace(_JOINER, "")
        if runs and runs[-1].font is font:
            runs[-1] = Run(runs[-1].text + drawn, font)
        else:
            runs.append(Run(drawn, font))
    return tuple(runs)


def missing_letters(texts: Iterable[str], fonts: Sequence[Font]) -> tuple[str, ...]:
    """Each letter, with the marks on it, that none of the fonts can draw, in order."""
    missing: dict[str, None] = {}
    for text in texts:
        missing |= {
            cluster: None
            for cluster in clusters(text)
            if not any(_draws(font, cluster) for font in fonts)
        }
    return tuple(missing)


def clusters(text: str) -> Iterator[str]:
    """What counts as one letter: with the marks on it, or an emoji of several."""
    held = ""
    for ch in unicodedata.normalize("NFC", text):
        if ch in _UNSEEN:
            continue
        if held and _continues(held, ch):
            held += ch
        else:
            if held:
                yield held
            held = ch
    if held:
        yield held


def is_right_to_left(text: str) -> bool:
    """Whether any letter of it is of a script that is written from the right."""
    return any(unicodedata.bidirectional(ch) in _RTL for ch in text)


def _continues(held: str, ch: str) -> bool:
    if ch == _JOINER or held.endswith(_JOINER) or unicodedata.category(ch).startswith("M"):
        return True
    flags = sum(_FLAGS[0] <= each <= _FLAGS[1] for each in held + ch)
    return _SKINS[0] <= ch <= _SKINS[1] or flags == len(held + ch) == 2  # noqa: PLR2004 - a pair


def _font_of(cluster: str, text: str, fonts: Sequence[Font], before: Font | None) -> Font | None:
    plain = "".join(clusters(text))
    whole = next((font for font in fonts if font.covers(plain)), None)
    if whole is not None:
        return whole
    if before is not None and before.covers(cluster) and not cluster[0].isalnum():
        return before
    return next((font for font in fonts if _draws(font, cluster)), None)


def _draws(font: Font, cluster: str) -> bool:
    return font.covers(cluster) or font.covers(cluster.replace(_JOINER, ""))
