"""Scenes are whole shots of a clip's length."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viralclip.reframe.moments import group_shots

lengths = st.lists(st.floats(0.2, 90), min_size=1, max_size=40)


def edges_of(shots: list[float]) -> list[float]:
    return [math.fsum(shots[:count]) for count in range(len(shots) + 1)]


@settings(deadline=None)
@given(lengths)
def test_scenes_cover_the_video_without_gap_or_overlap(shots):
    edges = edges_of(shots)

    scenes = group_shots(edges[1:-1], edges[-1])

    assert scenes[0][0] == 0
    assert scenes[-1][1] == edges[-1]
    assert all(one[1] == other[0] for one, other in pairwise(scenes))


@settings(deadline=None)
@given(lengths)
def test_no_scene_is_longer_than_the_longest(shots):
    edges = edges_of(shots)

    scenes = group_shots(edges[1:-1], edges[-1])

    assert all(0 < end - start <= 60 + 1e-5 for start, end in scenes)


@settings(deadline=None)
@given(lengths)
def test_scenes_begin_on_cuts_or_inside_a_shot_too_long_for_a_scene(shots):
    edges = edges_of(shots)

    scenes = group_shots(edges[1:-1], edges[-1])

    too_long = [(start, end) for start, end in pairwise(edges) if end - start > 60]
    for start, _ in scenes:
        assert start in edges or any(first < start < last for first, last in too_long)


@settings(deadline=None)
@given(st.lists(st.floats(0.2, 15), min_size=8, max_size=60))
def test_many_short_shots_make_no_scene_that_is_too_short(shots):
    edges = edges_of(shots)

    scenes = group_shots(edges[1:-1], edges[-1])

    assert len(scenes) == 1 or all(end - start >= 15 - 1e-5 for start, end in scenes)


def test_a_single_long_shot_is_split_evenly():
    assert group_shots([], 150) == [(0, 50), (50, 100), (100, 150)]


def test_a_shot_just_as_long_as_a_scene_stays_whole():
    assert group_shots([60.0], 120) == [(0, 60), (60, 120)]


def test_a_video_shorter_than_a_scene_is_one_scene():
    assert group_shots([2.0, 4.0], 9) == [(0, 9)]


def test_a_long_shot_takes_its_short_neighbour_along():
    assert group_shots([5.0], 75) == [(0, 40), (40, 75)]


def test_lengths_are_near_the_middle_where_cuts_allow():
    scenes = group_shots(range(1, 120), 120)

    assert scenes == [(0, 30), (30, 60), (60, 90), (90, 120)]


def test_a_video_of_no_length_has_no_scenes():
    assert group_shots([], 0) == []


def test_cuts_outside_the_video_and_repeated_ones_do_not_count():
    assert group_shots([0.0, 20.0, 20.0, 40.0, 50.0], 40) == group_shots([20.0], 40)


@pytest.mark.parametrize(("shortest", "longest"), [(0, 10), (20, 10), (-1, 5), (math.nan, 5)])
def test_lengths_that_make_no_sense_are_refused(shortest, longest):
    with pytest.raises(ValueError, match="no range"):
        group_shots([], 10, shortest=shortest, longest=longest)
