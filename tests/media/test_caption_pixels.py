"""What libass draws is what was composed, read back from the pixels of every frame."""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from viralclip.captions.areas import AREAS, AreaName, area_of
from viralclip.captions.bands import Band
from viralclip.captions.chunks import Chunk
from viralclip.captions.composing import Canvas, Captions, compose, undrawable
from viralclip.captions.registry import caption_style
from viralclip.captions.style import BUILT_IN
from viralclip.filter_graph import Filter, line
from viralclip.geometry import Size
from viralclip.media.burning import burnt, font_folder
from viralclip.media.fonts import load_fonts
from viralclip.words.transcript import Word

FPS = Fraction(10)
EACH_S = 1.5
GREY = 96
SIZE = Size(216, 384)
GAP_S = 0.2
PLAIN = {
    "en": "We're here, aren't we?",
    "de": "Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung.",
    "es": "¿Qué pasó, señor Núñez?",
    "fr": "Ça va être là-bas où l'œuf",
    "ru": "Съешь ещё этих мягких булок",
    "el": "Καλημέρα σας, φίλοι",
    "vi": "Tiếng Việt rất dễ đọc",
    "braces": "{\\b1}bold{\\b0} {\\pos(0,0)}",
    "backslash": "C:\\new\\hope \\N ends\\",
    "quotes": "it's \"quoted\" 'n' `ticked`",
    "percent": "100% %{pts} of it",
    "filter": "a,b;c [in] =x: y",
    "newline": "one\ntwo three",
    "hurry": "so I was like no way he did not say that to you and then",
    "capitals": "ÀÉÎÕÜ ŠŽŁ ß",
}
SHAPED = {
    "ar": "مرحبا بالعالم كيف حالكم",
    "he": "שלום לכולם מה שלומכם",
    "hi": "शुभ प्रभात दोस्तों",
    "th": "สวัสดีชาวโลกทุกคน",
    "emoji": "fire 🔥 and 👩\u200d🚀 go",
}
UNDRAWABLE = {"ja": "日本語の字幕", "zh": "你好世界", "ko": "안녕하세요"}
Frames = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def spoken(text: str, start: float) -> Iterator[Word]:
    """Its words, the last of which ends a caption; those of `hurry` come at 400 a minute."""
    parts = text.split()
    step = min(0.15 if len(parts) > 9 else 0.3, (EACH_S - 0.2) / max(len(parts), 1))
    for at, part in enumerate(parts):
        begin = start + at * step
        last = at == len(parts) - 1
        yield Word(text=part, start=begin, end=begin + step, break_after=True if last else None)


def words_of(texts: Sequence[str]) -> list[Word]:
    return [word for at, text in enumerate(texts) for word in spoken(text, at * (EACH_S + GAP_S))]


@dataclass(frozen=True)
class Drawn:
    """Captions, and every frame of a grey clip that they were burnt into."""

    captions: Captions
    frames: Frames
    look: str

    @cached_property
    def inked(self) -> Mask:
        """Where anything was drawn."""
        return np.abs(self.frames.astype(np.int16) - GREY).max(axis=3) > 24

    @cached_property
    def yellow(self) -> Mask:
        red, green, blue = (self.frames[..., at] for at in range(3))
        return (red > 200) & (green > 170) & (blue < 90)

    @cached_property
    def white(self) -> Mask:
        return self.frames.min(axis=3) > 225

    @property
    def shown(self) -> Iterator[tuple[Chunk, Band, slice]]:
        for chunk, band in zip(self.captions.chunks, self.captions.bands, strict=True):
            yield chunk, band, slice(round(chunk.start * FPS), round(chunk.end * FPS))


@pytest.fixture(scope="module")
def draw(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Drawn]:
    folder = tmp_path_factory.mktemp("it's [a], folder:") / "work"

    @cache
    def drawn(look: str, texts: tuple[str, ...], size: Size = SIZE, area: AreaName = "feed"):
        seconds = len(texts) * (EACH_S + GAP_S)
        canvas = Canvas(size, FPS, seconds)
        style = caption_style(look)
        captions = compose(words_of(texts), canvas, style=style, area=area, fonts=load_fonts())
        with font_folder(captions.fonts, folder) as fonts:
            graph = burnt(line(Filter.of("null")), captions.script, fonts)
            [script] = graph.scripts
            file = fonts / "captions.ass.txt"
            file.write_text(script, encoding="utf-8")
            colour = f"color=0x{GREY:02X}{GREY:02X}{GREY:02X}:s={size.width}x{size.height}"
            source = f"{colour}:r={FPS}:d={seconds},format=gbrp[in]"
            text = f"{source};{graph.render(input='in', output='out', files={script: str(file)})}"
            output = ("-map", "[out]", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
            command: list[Any] = [ffmpeg, "-v", "error", "-filter_complex", text, *output]
            raw = subprocess.run(command, check=True, capture_output=True).stdout
        frames = np.frombuffer(raw, np.uint8).reshape(-1, size.height, size.width, 3)
        return Drawn(captions, frames, look)

    return drawn


def box(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is set."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


LOOKS = pytest.mark.parametrize("look", [style.name for style in BUILT_IN])
MATRIX = tuple((PLAIN | SHAPED).values())


@LOOKS
def test_every_text_is_drawn_inside_the_area_in_every_frame(draw, look):
    made = draw(look, MATRIX)
    area = area_of("feed", SIZE)

    for chunk, _, frames in made.shown:
        for inked in made.inked[frames]:
            assert inked.any(), [word.text for word in chunk.words]
            left, top, right, bottom = box(inked)
            assert area.x <= left < right <= area.x + area.width
            assert area.y <= top < bottom <= area.y + area.height
    between = np.ones(len(made.frames), bool)
    for _, _, frames in made.shown:
        between[frames] = False
    assert between.any()
    assert not made.inked[between].any()


@pytest.mark.parametrize("size", [Size(216, 216), Size(384, 216)])
@pytest.mark.parametrize("area", AREAS)
def test_other_aspects_and_areas_are_kept_within(draw, size, area):
    made = draw("phrase", tuple(PLAIN.values())[:6], size, area)
    inside = area_of(area, size)
    left, top, right, bottom = box(made.inked.any(axis=0))

    assert inside.x <= left < right <= inside.x + inside.width
    assert inside.y <= top < bottom <= inside.y + inside.height


@LOOKS
def test_nothing_is_swallowed_and_nothing_is_taken_for_an_order(draw, look):
    """Each line is as wide as its letters were measured, within kerning and the outline."""
    made = draw(look, tuple(PLAIN.values()))

    for chunk, band, frames in made.shown:
        left, top, right, bottom = box(made.inked[frames].any(axis=0))
        block, around = chunk.block, 0.35 * chunk.block.em
        said = [word.text for word in chunk.words]
        assert abs((right - left) - block.width) < 0.08 * block.width + 2 * around, said
        assert abs((top + bottom) / 2 - band.middle) < 0.5 * block.em, said


@LOOKS
def test_no_other_word_moves_while_one_is_said(draw, look):
    made = draw(look, tuple(PLAIN.values()))

    for _, _, frames in made.shown:
        ink, lit = made.white[frames], made.yellow[frames]
        if look == "pop":
            # The word that is said is drawn larger, over its neighbours' outlines.
            apart = [_grown(one | other) for one, other in pairwise(lit)]
            pairs = zip(ink, ink[1:], apart, strict=False)
            assert all(np.array_equal(one[~hole], other[~hole]) for one, other, hole in pairs)
        elif look == "phrase":
            # White and this yellow are equally red.
            red = made.frames[frames][..., 0] > 160
            assert all(_differ(red[0], each) <= _EDGES for each in red)
        else:
            assert all(_differ(ink[0], each) <= _EDGES for each in ink)


# Pixels at the edges of letters may pass a threshold in one colour and not in the other.
_EDGES = 0.03


def _differ(one: Mask, other: Mask) -> float:
    """The share of drawn pixels that are in one mask alone; of those that shifted, most are."""
    return float(np.sum(one ^ other) / max(np.sum(one | other), 1))


def _grown(mask: Mask) -> Mask:
    """Everything in the rows and columns of it, and a little around."""
    hole = np.zeros_like(mask)
    if mask.any():
        left, top, right, bottom = box(mask)
        hole[max(top - 6, 0) : bottom + 6, max(left - 6, 0) : right + 6] = True
    return hole


def test_each_word_is_marked_from_its_own_frame_on(draw):
    """Where the colour is changes at a word's start, to a place further on, and nowhere else."""
    made = draw("phrase", tuple(PLAIN.values()))
    seen = 0

    for chunk, _, frames in made.shown:
        begun = {max(round(word.start * FPS), frames.start) for word in chunk.words}
        # Of two words in one frame the later one is marked.
        starts = sorted(start for start in begun if start < frames.stop)
        changes = [
            frame
            for frame in range(frames.start + 1, frames.stop)
            if _differ(made.yellow[frame - 1], made.yellow[frame]) > 0.5
        ]
        assert made.yellow[frames.start].any()
        assert len(changes) == len(starts) - 1
        assert all(abs(c - s) <= 1 for c, s in zip(changes, starts[1:], strict=True))
        seen += len(starts)
    assert seen > 45


def test_a_box_stands_behind_the_word_that_is_said(draw):
    made = draw("box", tuple(PLAIN.values()))
    red, green, blue = (made.frames[..., at] for at in range(3))
    violet = (blue > 180) & (green < 110) & (red > 70) & (red < 180)

    for chunk, _, frames in made.shown:
        starts = {max(round(word.start * FPS), frames.start) for word in chunk.words}
        middles = [float(np.argwhere(each)[:, 1].mean()) for each in violet[frames]]
        jumps = [
            frames.start + at + 1
            for at, (one, other) in enumerate(pairwise(middles))
            if abs(one - other) > 3
        ]
        assert {jump for jump in jumps if jump not in starts} == set()
        assert len(jumps) >= len(starts) - 2


def test_letters_that_cannot_be_drawn_are_named_beforehand():
    for text in UNDRAWABLE.values():
        said = list(spoken(text, 0))
        assert set(undrawable(said, load_fonts())) == set(text)
    drawable = words_of(MATRIX)
    assert undrawable(drawable, load_fonts()) == ()


def test_an_empty_text_draws_nothing(draw):
    made = draw("phrase", ("",))

    assert made.captions.chunks == ()
    assert not made.inked.any()
