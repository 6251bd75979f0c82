"""Linear programs, and pairs of least cost, solved by HiGHS; imported when it is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viralclip.reframe.footage import Floats

if TYPE_CHECKING:
    from highspy import HighsLp


@dataclass(frozen=True)
class Term:
    """Wants sums of neighbours, weighted by `stencil`, to be from `low` to `high` (m,).

    Each deviation costs `cost` (m,) times its size; m is the number of places for the stencil.
    """

    stencil: tuple[float, ...]
    low: Floats
    high: Floats
    cost: Floats


@dataclass(frozen=True)
class _Rows:
    """Constraints `low <= sum of weights * columns <= high`, with (m, k) columns in them."""

    columns: NDArray[np.int64]
    weights: Floats
    low: Floats
    high: Floats


def assign(costs: Floats) -> list[tuple[int, int]]:
    """Pairs of a row and a column, each used once, as many as can be, of the least total cost."""
    rows, columns = len(costs), len(costs.T)
    if rows > columns:
        return sorted((row, column) for column, row in assign(costs.T))
    if rows == 1:
        return [(0, int(costs.argmin()))]
    places = np.arange(costs.size).reshape(costs.shape)
    ones = np.ones_like(costs)
    taken = _least(
        costs.ravel(),
        np.tile([0.0, 1.0], (costs.size, 1)),
        [
            _Rows(places, ones, low=np.ones(rows), high=np.ones(rows)),
            _Rows(places.T, ones.T, low=np.zeros(columns), high=np.ones(columns)),
        ],
    )
    pairs = np.argwhere(taken.reshape(costs.shape) > 1 / 2)  # a corner of the program is whole
    return [(int(row), int(column)) for row, column in pairs]


def least_deviation(terms: Sequence[Term], bounds: Floats) -> Floats:
    """The values within `bounds` (n, 2) for which the costs of all terms together are the least.

    A linear program: a deviation is what a sum is above or below its range.
    """
    count = len(bounds)
    costs = np.concatenate([np.zeros(count), *(np.tile(term.cost, 2) for term in terms)])
    rows: list[_Rows] = []
    first = count
    for term in terms:
        rows.append(_within_reach(term, first))
        first += 2 * len(term.cost)
    free = np.tile([0.0, np.inf], (len(costs) - count, 1))
    return _least(costs, np.concatenate([bounds, free]), rows)[:count]


def _within_reach(term: Term, first: int) -> _Rows:
    """The term's sums, less what they are above their range and more what they are below it."""
    places = np.arange(len(term.cost))
    width = len(term.stencil)
    above, below = first + places, first + len(places) + places
    return _Rows(
        columns=np.column_stack([places[:, None] + np.arange(width), above, below]),
        weights=np.tile([*term.stencil, -1.0, 1.0], (len(places), 1)),
        low=term.low,
        high=term.high,
    )


def _least(costs: Floats, bounds: Floats, rows: Sequence[_Rows]) -> Floats:
    """The columns within their bounds (n, 2) that keep to the rows and cost the least."""
    from highspy import Highs, HighsModelStatus  # noqa: PLC0415

    highs = Highs()
    highs.silent()
    highs.passModel(_program(costs, bounds, rows))
    highs.run()
    if highs.getModelStatus() != HighsModelStatus.kOptimal:
        raise ArithmeticError(f"the linear program is {highs.getModelStatus().name}")
    return np.array(highs.getSolution().col_value)


def _program(costs: Floats, bounds: Floats, rows: Sequence[_Rows]) -> "HighsLp":
    from highspy import HighsLp, MatrixFormat  # noqa: PLC0415

    program = HighsLp()
    program.num_col_ = len(costs)
    program.num_row_ = sum(len(part.low) for part in rows)
    program.col_cost_ = costs
    program.col_lower_, program.col_upper_ = bounds.T
    program.row_lower_ = np.concatenate([part.low for part in rows])
    program.row_upper_ = np.concatenate([part.high for part in rows])
    lengths = np.concatenate([np.full(len(part.low), part.columns.shape[1]) for part in rows])
    program.a_matrix_.format_ = MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.concatenate([[0], np.cumsum(lengths)])
    program.a_matrix_.index_ = np.concatenate([part.columns.ravel() for part in rows])
    program.a_matrix_.value_ = np.concatenate([part.weights.ravel() for part in rows])
    return program
