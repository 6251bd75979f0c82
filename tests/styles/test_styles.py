"""The table of styles and the choice among them."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.errors import StyleDoesNotFitError, UnknownStyleError
from viralclip.geometry import ASPECTS, Size, parse_aspect
from viralclip.scenes import Scene
from viralclip.styles import (
    STYLES,
    Filter,
    Graph,
    StaticStyle,
    View,
    all_styles,
    resolve,
    target_size,
)
from viralclip.styles.streamer import fitted
from viralclip.styles.streamer_split import Region, pixels

HD = Size(1280, 720)
PHONE = Size(1080, 1920)
TALL = Fraction(9, 16)
SIDES = st.integers(min_value=8, max_value=5000)


@dataclass(frozen=True)
class Window:
    x: float
    y: float
    width: float
    height: float


def test_the_built_in_styles_stand_in_this_order():
    assert tuple(STYLES) == (
        "original",
        "split",
        "split_fast",
        "left_focus",
        "center_focus",
        "right_focus",
        "streamer",
        "streamer_split",
        "intelligent",
        "intelligent_motion",
        "intelligent_speaker",
        "intelligent_split",
        "intelligent_split_speaker",
    )


def test_every_style_says_in_one_line_what_it_does():
    for name, style in STYLES.items():
        assert style.name == name
        assert 0 < len(style.summary) <= 60
        assert "\n" not in style.summary


def test_static_styles_need_no_analysis():
    static = [style for style in STYLES.values() if isinstance(style, StaticStyle)]

    assert [style.name for style in static if style.analysed] == []


def test_all_means_every_style_that_fits_in_the_order_of_the_table():
    assert _names("all", source=HD) == tuple(all_styles())
    assert _names("all", source=PHONE) == (
        "original",
        "split",
        "split_fast",
        "center_focus",
        "streamer",
        "streamer_split",
        "intelligent",
        "intelligent_motion",
        "intelligent_speaker",
        "intelligent_split",
        "intelligent_split_speaker",
    )


def test_styles_are_chosen_once_in_the_order_they_were_asked_for():
    assert _names("split", "original", "split", source=HD) == ("split", "original")
    assert _names("streamer", "all", source=HD)[:3] == ("streamer", "original", "split")


def test_a_style_that_does_not_fit_is_left_out_of_several():
    assert _names("left_focus", "original", source=PHONE) == ("original",)


def test_a_choice_of_which_nothing_fits_is_refused():
    with pytest.raises(StyleDoesNotFitError) as caught:
        _names("left_focus", "right_focus", source=PHONE)

    assert str(caught.value) == "None of the chosen styles fits a 1080x1920 video at 9:16."


def test_an_unknown_style_is_named_with_the_known_ones():
    with pytest.raises(UnknownStyleError) as caught:
        _names("original", "Split", source=HD)

    assert caught.value.facts["name"] == "Split"
    assert str(caught.value.facts["known"]).startswith("original, split, split_fast, left_focus")
    assert str(caught.value.facts["known"]).endswith(", all")


def test_a_video_too_small_for_two_halves_fits_no_style():
    with pytest.raises(StyleDoesNotFitError):
        _names("all", source=Size(640, 4))


@pytest.mark.parametrize(
    ("source", "aspect", "fits"),
    [
        (Size(1280, 720), "9:16", True),
        (Size(1280, 720), "1:1", True),
        (Size(1280, 720), "16:9", False),
        (Size(641, 361), "16:9", False),
        (Size(1998, 1080), "16:9", False),
        (Size(1920, 800), "16:9", True),
        (Size(1080, 1920), "9:16", False),
        (Size(1080, 1920), "16:9", False),
        (Size(1080, 1080), "4:5", True),
    ],
)
def test_left_and_right_focus_fit_only_with_room_to_the_sides(source, aspect, fits):
    shape = parse_aspect(aspect)

    assert STYLES["left_focus"].fits(source, shape) is fits
    assert STYLES["right_focus"].fits(source, shape) is fits
    assert STYLES["center_focus"].fits(source, shape)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Size(1920, 800), Size(1920, 800)),
        (Size(641, 361), Size(640, 360)),
        (Size(7680, 4320), Size(3840, 2160)),
        (Size(4320, 7680), Size(2160, 3840)),
    ],
)
def test_original_keeps_its_own_size_up_to_4k(source, target):
    assert target_size(STYLES["original"], source, TALL) == target


@pytest.mark.parametrize(
    ("aspect", "target"),
    [
        ("9:16", Size(1080, 1920)),
        ("1:1", Size(1080, 1080)),
        ("4:5", Size(1080, 1350)),
        ("16:9", Size(1920, 1080)),
    ],
)
def test_the_other_styles_have_1080_on_their_short_side(aspect, target):
    others = [style for name, style in STYLES.items() if name != "original"]

    assert {target_size(style, HD, parse_aspect(aspect)) for style in others} == {target}


@given(st.builds(Size, SIDES, SIDES), st.sampled_from(ASPECTS))
def test_every_crop_is_even_and_inside_the_frame(source, aspect):
    for style in STYLES.values():
        for window in _crops(_graph(style, source, parse_aspect(aspect))):
            sides = (window.x, window.y, window.width, window.height)

            assert all(side % 2 == 0 for side in sides), style.name
            assert window.x >= 0, style.name
            assert window.y >= 0, style.name
            assert 0 < window.x + window.width <= source.width, style.name
            assert 0 < window.y + window.height <= source.height, style.name


@given(st.builds(Size, SIDES, SIDES), st.sampled_from(ASPECTS))
def test_every_scaled_size_is_even_and_not_empty(source, aspect):
    for style in STYLES.values():
        graph = _graph(style, source, parse_aspect(aspect))
        for part in _filters(graph, "scale"):
            assert all(int(side) >= 2 and int(side) % 2 == 0 for side in part.args), style.name


@given(
    st.builds(
        Region,
        x=st.floats(-2, 2),
        y=st.floats(-2, 2),
        width=st.floats(0, 2),
        height=st.floats(0, 2),
    ),
    st.builds(Size, SIDES, SIDES),
)
def test_any_region_becomes_even_pixels_inside_the_frame(region, source):
    window = pixels(region, source)

    assert all(side % 2 == 0 for side in (window.x, window.y, window.width, window.height))
    assert min(window.x, window.y, window.width - 4, window.height - 4) >= 0
    assert window.x + window.width <= source.width
    assert window.y + window.height <= source.height


def test_a_region_is_measured_in_shares_of_the_frame():
    window = pixels(Region(x=0.5, y=0.25, width=0.25, height=0.5), HD)

    assert (window.x, window.y, window.width, window.height) == (640, 180, 320, 360)


def test_no_thin_strip_of_background_is_left_beside_the_fitted_frame():
    assert fitted(Size(1366, 768), Size(1920, 1080)).size == Size(1920, 1080)
    assert fitted(Size(1280, 720), Size(1080, 1920)).size == Size(1080, 608)


def _names(*names: str, source: Size) -> tuple[str, ...]:
    return tuple(style.name for style in resolve(names, source=source, aspect=TALL))


def _graph(style, source: Size, aspect: Fraction) -> Graph:
    scene = Scene(id=1, title="", start=0, end=1)
    return style.graph(View(source, target_size(style, source, aspect), scene))


def _crops(graph: Graph) -> list[Window]:
    orders = [[float(arg) for arg in part.args] for part in _filters(graph, "crop")]
    return [Window(x, y, width, height) for width, height, x, y in orders]


def _filters(graph: Graph, name: str) -> list[Filter]:
    return [part for chain in graph.chains for part in chain.filters if part.name == name]
