"""Fonts made of numbers, so that what is measured with them can be reckoned in the head."""

from viralclip.captions.areas import area_of
from viralclip.captions.fonts import Font
from viralclip.captions.layout import Measure
from viralclip.captions.style import Amount, CaptionStyle, Highlight, Letters, Paint
from viralclip.geometry import Size
from viralclip.words.transcript import Word

LATIN = [chr(code) for code in range(0x20, 0x250)]
# Half an em a letter, and as high as wide.
SANS = Font("Sans", "sans.ttf", 100, 80, 20, {ord(ch): 50 for ch in LATIN})
HEBREW = Font("Hebrew", "hebrew.ttf", 100, 80, 20, dict.fromkeys([32, *range(1424, 1536)], 50))
EMOJI = Font("Emoji", "emoji.ttf", 100, 100, 50, dict.fromkeys([0x20, 0x1F525, 0x1F469], 100))
FONTS = (SANS, HEBREW, EMOJI)
FRAME = Size(1000, 1000)


def style(
    *, words: int = 4, lines: int = 2, chars: int = 20, highlight: Highlight = "colour", **look
) -> CaptionStyle:
    """A look of 50 pixels to the em in a frame of 1000."""
    amount = Amount(words=words, lines=lines, chars=chars, seconds=3.0)
    letters = Letters("Sans", 0.05, **look)
    return CaptionStyle("test", "", letters, Paint(outline=0.0), amount, highlight)


def measure(look: CaptionStyle | None = None, frame: Size = FRAME) -> Measure:
    return Measure(look or style(), FONTS, frame, area_of("full", frame))


def words(text: str, *, each: float = 0.3, start: float = 0.0) -> list[Word]:
    return [
        Word(text=part, start=start + at * each, end=start + (at + 1) * each)
        for at, part in enumerate(text.split())
    ]
