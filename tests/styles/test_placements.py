"""What a clip shows of its video is read from the graph that makes it."""

from fractions import Fraction

import numpy as np
import pytest

from viralclip.filter_graph import IN, OUT, Chain, Filter, Graph, line
from viralclip.geometry import Size
from viralclip.scenes import Scene
from viralclip.styles import STYLES, Framing, View, target_size
from viralclip.styles.placements import Arrangement, Box, Placement, arrangement_of

HD, TALL = Size(1920, 1080), Fraction(9, 16)


def arranged(style: str, source: Size = HD, aspect: Fraction = TALL, framing=None) -> Arrangement:
    made = STYLES[style]
    target = target_size(made, source, aspect)
    view = View(source=source, target=target, scene=Scene(start=0, end=1), framing=framing)
    found = arrangement_of(made.graph(view), source)
    assert found is not None
    return found


def of(*filters: Filter) -> Arrangement | None:
    return arrangement_of(line(*filters), Size(100, 100))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("aspect", [TALL, Fraction(1), Fraction(16, 9)])
@pytest.mark.parametrize("source", [HD, Size(1080, 1920), Size(641, 361)])
def test_what_every_style_shows_is_known_and_stays_inside(style, aspect, source):
    target = target_size(STYLES[style], source, aspect)
    found = arranged(style, source, aspect)

    assert found.placements
    for placement in found.placements:
        for box, size in ((placement.window, source), (placement.shown, target)):
            assert -1e-6 <= box.x <= box.x + box.width <= size.width + 1e-6
            assert -1e-6 <= box.y <= box.y + box.height <= size.height + 1e-6


def test_halves_meet_in_a_seam():
    found = arranged("split")

    assert found.seam == 960
    assert [each.shown for each in found.placements] == [
        Box(0, 0, 1080, 960),
        Box(0, 960, 1080, 960),
    ]
    assert all(each.window.width <= 960 for each in found.placements)
    assert found.placements[1].window.x >= 960
    assert arranged("split", aspect=Fraction(16, 9)).seam is None


def test_the_frame_stands_on_a_background_without_faces():
    [front] = arranged("streamer").placements

    assert (front.window.width, front.window.height) == (1920, 1080)
    assert (front.shown.width, round(front.shown.height), round(front.shown.y)) == (1080, 608, 656)


def test_the_panels_of_a_plan_come_in_its_order():
    left = np.array([[0.0, 0, 600, 530]])
    right = np.array([[1200.0, 100, 600, 530]])
    framing = Framing((left, right), Fraction(25), "basic", 1, 1, 0)

    found = arranged("intelligent_split", framing=framing)
    assert [each.shown.y for each in found.placements] == [0, 960]
    assert [round(each.window.x, -1) for each in found.placements] == [0, 1200]


def test_crops_are_scaled_with_what_is_in_them():
    found = of(Filter.of("crop", 50, 40, 10, 20), Filter.of("scale", 100, 80))
    centred = of(Filter.of("crop", 50, 40))

    assert found == Arrangement((Placement(Box(10, 20, 50, 40), Box(0, 0, 100, 80)),))
    assert centred is not None
    assert centred.placements[0].window == Box(25, 30, 50, 40)


def test_a_seam_is_scaled_with_its_panels():
    stacked = Graph(
        (
            Chain((Filter.of("split"),), (IN,), ("a", "b")),
            Chain((Filter.of("vstack"), Filter.of("scale", 50, 100)), ("a", "b"), (OUT,)),
        )
    )

    found = arrangement_of(stacked, Size(100, 100))
    assert found is not None
    assert found.seam == 50


def test_a_panel_that_is_cropped_away_is_not_shown():
    stacked = Graph(
        (
            Chain((Filter.of("split"),), (IN,), ("a", "b")),
            Chain((Filter.of("hstack"), Filter.of("crop", 50, 100, 0, 0)), ("a", "b"), (OUT,)),
        )
    )

    found = arrangement_of(stacked, Size(100, 100))
    assert found == Arrangement((Placement(Box(0, 0, 50, 100), Box(0, 0, 50, 100)),))


@pytest.mark.parametrize(
    "part",
    [
        Filter.of("crop", "iw/2", 40, 0, 0),
        Filter.of("scale", -2, 100),
        Filter.of("scale", 100),
        Filter.of("hflip"),
        Filter.of("rotate", "PI/6"),
    ],
)
def test_nothing_is_said_of_graphs_that_are_not_understood(part):
    assert of(part) is None


@pytest.mark.parametrize(("kind", "count"), [("blend", 2), ("overlay", 3)])
def test_nothing_is_said_of_pictures_that_are_put_together_otherwise(kind, count):
    pads = tuple("abc"[:count])
    graph = Graph(
        (
            Chain((Filter.of("split", count),), (IN,), pads),
            Chain((Filter.of(kind, 0, 0),), pads, (OUT,)),
        )
    )

    assert arrangement_of(graph, Size(100, 100)) is None
