"""The words of a clip to the script that draws them, with the fonts it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from viralclip.captions.areas import AreaName, area_of
from viralclip.captions.bands import Band, Faces, bands_in, choose_bands
from viralclip.captions.chunks import Chunk, chunks_of
from viralclip.captions.fonts import Font, in_preference
from viralclip.captions.layout import Measure
from viralclip.captions.runs import missing_letters
from viralclip.captions.script import Page, script_of
from viralclip.captions.style import CaptionStyle
from viralclip.geometry import Size
from viralclip.words.transcript import Word


@dataclass(frozen=True)
class Canvas:
    """The clip that captions are drawn on; `seam` is where a split style's panels meet, in pixels
    from the top, and `faces` are where people are in its own frames, if anybody looked."""

    size: Size
    fps: Fraction
    duration: float
    seam: float | None = None
    faces: Faces | None = None


@dataclass(frozen=True)
class Captions:
    """An ASS script, the font files it needs, and what is shown when and where."""

    script: str
    fonts: tuple[str, ...]
    chunks: tuple[Chunk, ...]
    bands: tuple[Band, ...]


def compose(
    words: Sequence[Word],
    canvas: Canvas,
    *,
    style: CaptionStyle,
    area: AreaName,
    fonts: Sequence[Font],
) -> Captions:
    """Captions for words in the clip's own time.

    Letters that none of the fonts has are left out; `undrawable` names them beforehand.
    """
    measure = measure_for(canvas.size, style=style, area=area, fonts=fonts)
    chunks = chunks_of(words, measure, until=canvas.duration)
    inside = measure.area
    highest = max((chunk.block.height for chunk in chunks), default=0.0)
    bands = bands_in(inside, highest, seam=canvas.seam)
    chosen = choose_bands(chunks, bands, inside, canvas.faces)
    page = Page(canvas.size, canvas.fps, inside)
    return Captions(
        script=script_of(chunks, chosen, style, page),
        fonts=_files(chunks),
        chunks=tuple(chunks),
        bands=tuple(chosen),
    )


def measure_for(
    frame: Size, *, style: CaptionStyle, area: AreaName, fonts: Sequence[Font]
) -> Measure:
    """What the lines of a style are measured with in such a frame."""
    preferred = in_preference(fonts, style.letters.font, "Montserrat ExtraBold", "Noto Sans Bold")
    return Measure(style, preferred, frame, area_of(area, frame))


def undrawable(words: Sequence[Word], fonts: Sequence[Font]) -> tuple[str, ...]:
    """The letters of the words that none of the fonts can draw."""
    return missing_letters((word.text for word in words), fonts)


def _files(chunks: Sequence[Chunk]) -> tuple[str, ...]:
    used = {
        run.font.filename
        for chunk in chunks
        for line in chunk.block.lines
        for piece in line
        for run in piece.runs
    }
    return tuple(sorted(used))
