"""What HiGHS finds is the best there is."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from viralclip.reframe.footage import Floats
from viralclip.reframe.solvers import Term, assign, least_deviation

_COSTS = arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    elements=st.floats(0, 10, allow_subnormal=False).map(lambda cost: round(cost, 3))
    | st.just(1e6),
)


@given(_COSTS)
def test_pairs_are_the_cheapest_of_all_there_could_be(costs: Floats):
    pairs = assign(costs)
    rows, columns = costs.shape
    few, many = sorted((rows, columns))
    square = costs if rows <= columns else costs.T
    best = min(
        sum(square[row, column] for row, column in enumerate(chosen))
        for chosen in permutations(range(many), few)
    )

    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == few
    assert sum(costs[pair] for pair in pairs) == pytest.approx(best, rel=1e-6, abs=1e-5)


def test_values_stay_where_nothing_else_is_wanted():
    wanted = np.array([1.0, 4.0, 2.0])
    stays = Term((1.0,), wanted, wanted, np.ones(3))

    assert least_deviation([stays], np.tile([0.0, 9.0], (3, 1))) == pytest.approx(wanted)


def test_a_range_costs_nothing_inside_and_its_distance_outside():
    within = Term((1.0,), np.array([2.0, 2.0]), np.array([3.0, 3.0]), np.ones(2))
    low = Term((1.0,), np.full(2, -np.inf), np.zeros(2), np.array([0.5, 2.0]))

    assert least_deviation([within, low], np.tile([0.0, 9.0], (2, 1))) == pytest.approx([2.0, 0.0])


def test_a_program_without_a_solution_is_an_error_and_no_path():
    stays = Term((1.0,), np.zeros(2), np.zeros(2), np.ones(2))

    with pytest.raises(ArithmeticError, match="Infeasible"):
        least_deviation([stays], np.array([[2.0, 1.0], [0.0, 1.0]]))


def test_a_change_that_costs_more_than_the_deviation_is_not_made():
    wanted = Term((1.0,), np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0]), np.ones(3))
    even = Term((-1.0, 1.0), np.zeros(2), np.zeros(2), np.full(2, 5.0))

    assert least_deviation([wanted, even], np.tile([0.0, 9.0], (3, 1))) == pytest.approx([0.0] * 3)
