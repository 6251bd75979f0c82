"""What SciPy does for us, imported when it is needed: it takes half a second and 40 MB."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from viralclip.reframe.footage import Floats


@dataclass(frozen=True)
class Term:
    """Wants sums of neighbours, weighted by `stencil`, to be from `low` to `high` (m,).

    Each deviation costs `cost` (m,) times its size; m is the number of places for the stencil.
    """

    stencil: tuple[float, ...]
    low: Floats
    high: Floats
    cost: Floats


def assign(costs: Floats) -> list[tuple[int, int]]:
    """Pairs of a row and a column, each used once at most, of the least total cost."""
    from scipy import optimize  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]

    rows, columns = cast(Any, optimize).linear_sum_assignment(costs)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def through(times: Floats, points: Floats) -> Callable[[Floats], Floats]:
    """A smooth curve through points (n, k) that never goes beyond those it lies between."""
    from scipy import interpolate  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]

    return cast(Any, interpolate).PchipInterpolator(times, points)


def least_deviation(terms: Sequence[Term], bounds: Floats) -> Floats:
    """The values within `bounds` (n, 2) for which the costs of all terms together are the least.

    A linear program, solved by HiGHS: a deviation is what a sum is beyond its range on either side.
    """
    from scipy import optimize, sparse  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs]

    count, arrays = len(bounds), cast(Any, sparse)
    sums = arrays.vstack([_rows(arrays, term.stencil, count) for term in terms])
    low, high, cost = (
        np.concatenate([getattr(term, name) for term in terms]) for name in ("low", "high", "cost")
    )
    lower, upper = np.isfinite(low), np.isfinite(high)
    beyond = arrays.eye_array(len(cost), format="csr")
    sums = sums.tocsr()
    solution = cast(Any, optimize).linprog(
        np.concatenate([np.zeros(count), cost]),
        A_ub=arrays.vstack(
            [
                arrays.hstack([sums[upper], -beyond[upper]]),
                arrays.hstack([-sums[lower], -beyond[lower]]),
            ]
        ),
        b_ub=np.concatenate([high[upper], -low[lower]]),
        bounds=np.concatenate([bounds, np.tile([0.0, np.inf], (len(cost), 1))]),
        method="highs",
    )
    return solution.x[:count]


def _rows(arrays: Any, stencil: tuple[float, ...], count: int) -> Any:
    rows = count - len(stencil) + 1
    diagonals = [np.full(rows, weight) for weight in stencil]
    return arrays.diags_array(diagonals, offsets=range(len(stencil)), shape=(rows, count))
