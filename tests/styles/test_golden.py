"""What the styles make of a picture, judged by its pixels."""

from fractions import Fraction

import numpy as np
import pytest

from viralclip.geometry import ASPECTS, Rect, Size, output_size, parse_aspect
from viralclip.scenes import Scene
from viralclip.styles import STYLES, Filter, line
from viralclip.styles.streamer_split import Region

SOURCES = (
    Size(1280, 720),
    Size(1920, 800),
    Size(1440, 1080),
    Size(1080, 1920),
    Size(641, 361),
    Size(64, 48),
)
STATIC = {name: style for name, style in STYLES.items() if not style.analysed}
TALL = Fraction(9, 16)
WIDE = Fraction(16, 9)
HD = Size(1280, 720)


@pytest.fixture(scope="module", params=SOURCES, ids=lambda size: f"{size.width}x{size.height}")
def source(request) -> Size:
    return request.param


@pytest.fixture(scope="module", params=ASPECTS)
def aspect(request) -> Fraction:
    return parse_aspect(request.param)


@pytest.fixture(scope="module")
def drawn(draw, source, aspect):
    return draw(STATIC.values(), source, aspect)


@pytest.fixture(scope="module")
def tall(draw):
    return draw(STATIC.values(), HD, TALL)


@pytest.fixture(scope="module")
def wide(draw):
    return draw(STATIC.values(), HD, WIDE)


def test_every_clip_has_exactly_its_size_in_square_pixels(drawn, source, aspect):
    sizes = {name: (clip.size, clip.sar) for name, clip in drawn.items()}

    expected = dict.fromkeys(STATIC, (output_size(aspect), "1:1"))
    assert sizes == expected | {"original": (source.even(), "1:1")}


def test_no_clip_has_a_black_border(drawn):
    darkest = {
        name: min(_borders(clip.across), _borders(clip.down)) for name, clip in drawn.items()
    }

    assert {name: level for name, level in darkest.items() if level < 36} == {}


def test_focus_shows_a_full_crop_around_its_centre(drawn, source, aspect):
    width = min(source.width, source.height * aspect)
    height = min(source.height, source.width / aspect)
    for name, centre in (("left_focus", 0.25), ("center_focus", 0.5), ("right_focus", 0.75)):
        clip = drawn[name]
        x = min(max(source.width * centre - width / 2, 0), source.width - width)
        expected = (x, (source.height - height) / 2, width, height)

        assert clip.window(_all(clip.size)) == _about(expected), name


@pytest.mark.parametrize("name", ["split", "split_fast"])
def test_split_shows_each_half_in_its_panel(drawn, source, aspect, name):
    clip = drawn[name]
    for panel, centre in zip(_panels(clip.size, share=1 / 2), (0.25, 0.75), strict=True):
        width = min(source.width / 2, source.height * panel.size.aspect)
        height = min(source.height, source.width / 2 / panel.size.aspect)
        expected = (source.width * centre - width / 2, (source.height - height) / 2, width, height)

        assert clip.window(panel) == _about(expected)


def test_streamer_shows_the_whole_frame_in_its_middle(drawn, source):
    clip = drawn["streamer"]
    factor = min(clip.size.width / source.width, clip.size.height / source.height)
    middle = _centred(source, factor, clip.size)

    assert clip.window(middle) == _about((0, 0, source.width, source.height))


def test_streamer_split_shows_the_default_corner_and_the_game(drawn, source):
    clip = drawn["streamer_split"]
    webcam, game = _panels(clip.size, share=1 / 3)
    corner = (0, 0, source.width / 3, source.height / 3)

    assert clip.window(webcam) == _about(_covering(corner, webcam))
    assert clip.window(game) == _about(_covering((0, 0, source.width, source.height), game))


def test_split_puts_the_left_half_on_top_of_a_tall_clip(tall):
    top, bottom = np.split(tall["split"].u, 2)

    assert (top.max() < 128, bottom.min() > 128) == (True, True)


def test_split_puts_the_left_half_on_the_left_of_a_wide_clip(wide):
    left, right = np.split(wide["split"].u, 2, axis=1)

    assert (left.max() < 128, right.min() > 128) == (True, True)


def test_the_streamer_background_is_a_dark_cover_of_the_frame(tall):
    above = tall["streamer"].across[:600]
    covered = np.linspace(438, 842, 1080) / 1280 * 170 + 60

    assert above.mean(axis=0) == pytest.approx((covered - 16) * 0.6 + 16, abs=6)


def test_the_streamer_background_has_no_sharp_edges(tall):
    streamer, focus = tall["streamer"].u, tall["center_focus"].u

    assert _edge_width(streamer[100]) > 60
    assert _edge_width(focus[100]) < 8


def test_a_scenes_webcam_fills_the_webcam_panel(draw):
    scene = Scene(start=0, end=1, options={"webcam": Region(x=0.75, y=0.5, width=0.25, height=0.5)})
    clip = draw([STYLES["streamer_split"]], HD, TALL, scene=scene)["streamer_split"]
    webcam, _ = _panels(clip.size, share=1 / 3)

    assert clip.window(webcam) == _about(_covering((960, 360, 320, 360), webcam))


def test_a_webcam_beyond_the_frame_is_drawn_inside_it(draw):
    scene = Scene(start=0, end=1, options={"webcam": Region(x=0.9, y=1, width=1, height=0)})
    clip = draw([STYLES["streamer_split"]], Size(641, 361), TALL, scene=scene)["streamer_split"]

    assert clip.size == Size(1080, 1920)


def test_an_original_larger_than_4k_is_scaled_down_whole(draw):
    clip = draw([STYLES["original"]], Size(4097, 258), TALL)["original"]

    assert clip.size == Size(3840, 242)
    assert clip.window(_all(clip.size)) == pytest.approx((0, 0, 4097, 258), abs=2)


@pytest.mark.parametrize(
    "pixels", ["yuv420p10le", "yuv422p", "yuv422p10le", "yuv444p", "nv12", "yuva420p", "gray"]
)
def test_every_style_draws_every_kind_of_pixels(draw, pixels):
    clips = draw(STATIC.values(), HD, TALL, before=line(Filter.of("format", pixels)))

    assert {name: clip.sar for name, clip in clips.items()} == dict.fromkeys(STATIC, "1:1")
    assert min(_borders(clip.across) for clip in clips.values()) >= 36
    assert clips["center_focus"].window(_all(clips["center_focus"].size)) == _about(
        (437.5, 0, 405, 720)
    )


def _all(size: Size) -> Rect:
    return Rect(0, 0, size.width, size.height)


def _panels(size: Size, *, share: float) -> tuple[Rect, Rect]:
    if size.width > size.height:
        cut = round(size.width * share)
        return Rect(0, 0, cut, size.height), Rect(cut, 0, size.width - cut, size.height)
    cut = round(size.height * share)
    return Rect(0, 0, size.width, cut), Rect(0, cut, size.width, size.height - cut)


def _covering(
    region: tuple[float, float, float, float], panel: Rect
) -> tuple[float, float, float, float]:
    x, y, full_width, full_height = region
    width = min(full_width, full_height * panel.size.aspect)
    height = min(full_height, full_width / panel.size.aspect)
    return x + (full_width - width) / 2, y + (full_height - height) / 2, width, height


def _centred(source: Size, factor: float, target: Size) -> Rect:
    width, height = round(source.width * factor), round(source.height * factor)
    return Rect((target.width - width) // 2, (target.height - height) // 2, width, height)


def _about(window: tuple[float, ...]):
    """Sides are cut to even pixels and centred: at most two pixels, and a fifth to read them."""
    return pytest.approx(tuple(map(float, window)), abs=2.2)


def _edge_width(row: np.ndarray) -> int:
    """Over how many pixels the left half's colour becomes the right half's."""
    low, high = int(row.min()), int(row.max())
    margin = (high - low) / 10
    return int(((row > low + margin) & (row < high - margin)).sum())


def _borders(luma: np.ndarray) -> int:
    return int(min(luma[0].min(), luma[-1].min(), luma[:, 0].min(), luma[:, -1].min()))
