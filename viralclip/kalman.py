"""The algebra of a Kalman filter, on covariances that are given as lower triangles."""

import math
from collections.abc import Sequence


def updated(
    mean: Sequence[float],
    covariance: Sequence[Sequence[float]],
    x: Sequence[float],
    error: float,
    variance: float,
) -> tuple[tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """The Kalman filter's step for one scalar observation `x` that was off by `error`."""
    reach = times(covariance, x)
    moved = tuple(round(m + r * error / variance, 7) for m, r in zip(mean, reach, strict=True))
    rows = tuple(
        tuple(value - reach[i] * reach[j] / variance for j, value in enumerate(row))
        for i, row in enumerate(covariance)
    )
    return moved, rows


def times(covariance: Sequence[Sequence[float]], x: Sequence[float]) -> list[float]:
    """A symmetric matrix, given as its lower triangle, times a vector that is mostly zeros."""
    given = [(j, value) for j, value in enumerate(x) if value]
    return [
        sum((covariance[i][j] if j <= i else covariance[j][i]) * value for j, value in given)
        for i in range(len(x))
    ]


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(left * right for left, right in zip(a, b, strict=True))


def cholesky(covariance: Sequence[Sequence[float]]) -> list[list[float]]:
    """The lower triangular root; a pivot that rounding made negative counts as zero."""
    root: list[list[float]] = []
    for i, row in enumerate(covariance):
        new = [0.0] * (i + 1)
        for j in range(i + 1):
            rest = row[j] - sum(new[k] * (root[j][k] if j < i else new[k]) for k in range(j))
            if j == i:
                new[j] = math.sqrt(max(rest, 0.0))
            else:
                new[j] = rest / root[j][j] if root[j][j] > 0 else 0.0
        root.append(new)
    return root
