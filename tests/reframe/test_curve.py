"""The curve goes through its points, between its neighbours, and without a kink."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.reframe.curve import through
from viralclip.reframe.footage import Floats

_PLACES = st.floats(-2000, 2000)


@st.composite
def curves(draw: st.DrawFn) -> tuple[Floats, Floats]:
    steps = draw(st.lists(st.floats(0.01, 2), min_size=1, max_size=12))
    times = np.concatenate([[0.0], np.cumsum(steps)])
    places = draw(st.lists(_PLACES, min_size=len(times), max_size=len(times)))
    return times, np.array(places)[:, None]


@given(curves())
def test_it_goes_through_its_points(curve: tuple[Floats, Floats]):
    times, points = curve

    assert through(times, points, times) == pytest.approx(points, abs=1e-6)


@given(curves(), st.floats(0, 1))
def test_it_never_goes_beyond_the_points_it_lies_between(
    curve: tuple[Floats, Floats], share: float
):
    times, points = curve
    between = times[:-1] + share * np.diff(times)
    read = through(times, points, between)
    ends = np.stack([points[:-1], points[1:]])

    assert np.all(read >= ends.min(axis=0) - 1e-6)
    assert np.all(read <= ends.max(axis=0) + 1e-6)


@given(curves())
def test_it_has_one_slope_on_both_sides_of_a_point(curve: tuple[Floats, Floats]):
    times, points = curve
    inner, little = times[1:-1], 1e-7
    before = (through(times, points, inner) - through(times, points, inner - little)) / little
    after = (through(times, points, inner + little) - through(times, points, inner)) / little
    steepest = np.abs(np.diff(points, axis=0) / np.diff(times)[:, None]).max()

    assert after == pytest.approx(before, abs=1e-3 * max(1.0, steepest))


def test_several_columns_are_curves_of_their_own():
    times, points = np.array([0.0, 1.0, 3.0]), np.array([[0.0, 5.0], [1.0, 5.0], [9.0, 0.0]])
    at = np.linspace(0, 3, 7)
    both = through(times, points, at)

    for column in (0, 1):
        assert both[:, [column]] == pytest.approx(through(times, points[:, [column]], at))


def test_a_line_stays_a_line():
    times = np.array([0.0, 1.0, 1.5, 4.0])
    at = np.linspace(0, 4, 9)

    assert through(times, 3 * times[:, None] - 1, at) == pytest.approx(3 * at[:, None] - 1)
