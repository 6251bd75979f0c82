"""A path is still where it can be, smooth where it cannot, and always inside its room."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viralclip.reframe.camera import STEP_S, Aim, plan_axis
from viralclip.reframe.footage import Flags, Floats

LENGTH, FRAME = 400.0, 1280.0
ROOM = (LENGTH / 2, FRAME - LENGTH / 2)


def aim(middle: Floats, *, need: float = 150.0, want: float = 60.0, still: Flags | None = None):
    return Aim(
        np.stack([middle - need, middle + need], axis=1),
        np.stack([middle - want, middle + want], axis=1),
        np.zeros(len(middle), dtype=np.bool_) if still is None else still,
        ROOM,
        LENGTH,
    )


def walk(seconds: float, speed: float, start: float = 300.0) -> Floats:
    return start + speed * np.arange(0, seconds, STEP_S)


def test_what_stays_within_reach_is_filmed_from_one_place():
    middle = 600 + 50 * np.sin(np.arange(0, 8, STEP_S))

    path = plan_axis(aim(middle))
    assert np.ptp(path) == 0
    assert path[0] == pytest.approx(600, abs=5)


def test_a_walk_is_followed_at_an_even_pace():
    path = plan_axis(aim(walk(8, 80)))

    speed = np.diff(path) / STEP_S
    assert np.abs(path - walk(8, 80)).max() <= 150
    assert np.abs(np.diff(speed)).max() < 20


def test_beyond_the_edge_of_the_frame_the_window_stays_inside():
    path = plan_axis(aim(walk(8, 200)))

    assert path.min() >= ROOM[0]
    assert path.max() == pytest.approx(ROOM[1])


def test_where_nothing_is_followed_the_camera_rests_on_its_way():
    middle = np.concatenate([np.full(30, 400.0), np.full(30, 900.0)])
    free = aim(middle)
    free.needed[20:40] = free.wanted[20:40] = -np.inf, np.inf

    path = plan_axis(free)
    assert np.abs(path - middle)[:20].max() <= 150
    assert np.abs(path - middle)[40:].max() <= 150


def test_where_it_has_to_be_still_it_moves_less():
    middle = walk(6, 60)
    still = np.zeros(len(middle), dtype=np.bool_)
    still[20:40] = True

    free, held = (plan_axis(aim(middle, still=marks)) for marks in (~still & still, still))
    assert np.ptp(held[20:40]) < 0.3 * np.ptp(free[20:40])


def test_a_long_walk_has_no_seam_between_its_pieces():
    times = np.arange(0, 150, STEP_S)
    middle = 640 + 350 * np.sin(times / 3) + 10 * np.sin(times * 5)

    path = plan_axis(aim(middle))
    assert np.abs(path - middle).max() <= 150
    assert np.abs(np.diff(path, n=2)).max() < 8


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_few_points_are_enough(count):
    path = plan_axis(aim(np.linspace(300, 900, count)))

    assert len(path) == count


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-400, 1700), min_size=2, max_size=25),
    st.floats(1, 190),
    st.floats(0, 200),
)
def test_the_window_never_leaves_its_room(points, need, want):
    path = plan_axis(aim(np.array(points), need=need, want=want))

    assert np.all((path >= ROOM[0]) & (path <= ROOM[1]))
