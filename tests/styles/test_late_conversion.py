"""Colours are converted where the least is left of a picture, and before a filter sees them."""

from fractions import Fraction

import pytest

from viralclip.filter_graph import IN, OUT, Chain, Filter, Graph, line
from viralclip.geometry import Size
from viralclip.late_conversion import convert_late
from viralclip.scenes import Scene
from viralclip.styles import STYLES, View
from viralclip.styles.style import StaticStyle

TONES = (Filter.of("tones"), Filter.of("format", "yuv420p"))
_4K, _TALL = Size(3840, 2160), Fraction(9, 16)


def test_what_only_crops_and_scales_is_converted_at_the_end():
    graph = line(Filter.of("crop", 100, 100), Filter.of("scale@x", 50, 50))

    assert _drawn(graph) == "[in]crop,scale@x[v_out_unconverted];[v_out_unconverted]tones,format[v]"


def test_nothing_to_convert_changes_nothing():
    graph = line(Filter.of("crop", 100, 100))

    assert convert_late(graph, ()) is graph


def test_a_filter_that_looks_at_colours_is_given_converted_ones():
    graph = line(Filter.of("scale", 50, 50), Filter.of("gblur"), Filter.of("crop", 9, 9))

    assert _drawn(graph) == "[in]scale,tones,format,gblur,crop[v]"


def test_each_branch_is_converted_for_itself():
    graph = Graph(
        (
            Chain((Filter.of("overlay"),), ("back", "front"), (OUT,)),
            Chain((Filter.of("split"),), (IN,), ("a", "b")),
            Chain((Filter.of("scale"), Filter.of("gblur")), ("a",), ("back",)),
            Chain((Filter.of("crop"),), ("b",), ("front",)),
        )
    )

    assert _drawn(graph) == (
        "[in]split[v_a][v_b];[v_a]scale,tones,format,gblur[v_back];[v_b]crop[v_front];"
        "[v_front]tones,format[v_front_converted];[v_back][v_front_converted]overlay[v]"
    )


def test_branches_that_meet_again_untouched_are_converted_together():
    graph = Graph(
        (
            Chain((Filter.of("split"),), (IN,), ("a", "b")),
            Chain((Filter.of("vstack"),), ("a", "b"), (OUT,)),
        )
    )

    assert _drawn(graph).endswith("[v_a][v_b]vstack[v_out_unconverted];"
                                  "[v_out_unconverted]tones,format[v]")  # fmt: skip


def test_a_picture_that_the_style_makes_itself_is_left_alone():
    graph = Graph(
        (
            Chain((Filter.of("color"), Filter.of("scale")), (), ("card",)),
            Chain((Filter.of("vstack"),), ("card", IN), (OUT,)),
        )
    )

    assert _drawn(graph) == (
        "[]color,scale[v_card];[in]tones,format[v_in_converted];[v_card][v_in_converted]vstack[v]"
    ).replace("[]", "")


@pytest.mark.parametrize(
    "name", [name for name, style in STYLES.items() if isinstance(style, StaticStyle)]
)
def test_no_style_converts_more_than_it_shows(name: str):
    style = STYLES[name]
    view = View(_4K, style.target_size(_4K, _TALL), Scene(id=1, title="", start=0, end=1))

    drawn = convert_late(style.graph(view), TONES).render(input="in")

    for chain in drawn.split(";"):
        before, tones, _ = chain.partition("tones")
        assert not tones or "scale" in before or "out_unconverted" in before or "front" in before


def _drawn(graph: Graph) -> str:
    bare = tuple(
        Chain(tuple(Filter.of(part.name) for part in chain.filters), chain.inputs, chain.outputs)
        for chain in convert_late(graph, TONES).chains
    )
    return Graph(bare).render(input="in")
