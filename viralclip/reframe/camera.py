"""The path of a window along one axis: still or smooth, with what it follows kept inside.

An L1-optimal camera path (Grundmann, Kwatra, Essa: Auto-Directed Video Stabilization with Robust L1
Optimal Camera Paths, CVPR 2011): the sum of the absolute first, second and third differences is the
least possible, so that the path is made of constant, linear and parabolic pieces, as of a tripod, a
dolly and a crane. A linear program, solved by HiGHS.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import optimize, sparse

from viralclip.reframe.footage import Flags, Floats

# Seconds between the points of a path.
STEP_S = 0.1

# What the first, second and third difference from point to point cost, in lengths of the window.
_DIFFERENCES = (1.0, 10.0, 100.0)
# What it costs, for each point, if the wanted range is missed, and if the needed one is.
_WANTED, _NEEDED = 3.0, 100.0
# Moving where it should hold still costs so many times more.
_HELD = 20.0
# A long path is solved in pieces of so many points, each with a look ahead that is thrown away.
_PIECE, _AHEAD = 300, 60


@dataclass(frozen=True)
class Aim:
    """Where the middle of a window has to be along one axis, at points `STEP_S` apart.

    `needed` and `wanted` (n, 2) are the lowest and the highest place at which the window shows all
    it must, and at which what it follows lies well; infinite where nothing is followed. `still`
    (n,) is True where the camera should not move. `room` is the lowest and highest place possible,
    `length` the window's.
    """

    needed: Floats
    wanted: Floats
    still: Flags
    room: tuple[float, float]
    length: float


def plan_axis(aim: Aim) -> Floats:
    """The middle of the window at each point, inside its room."""
    needed, wanted = (np.clip(part, *aim.room) for part in (aim.needed, aim.wanted))
    low, high = float(wanted[:, 0].max()), float(wanted[:, 1].min())
    if low <= high and np.all(needed[:, 0] <= high) and np.all(needed[:, 1] >= low):
        return np.full(len(needed), _rest(needed, low, high))
    path = np.zeros(len(needed))
    for start in range(0, len(path), _PIECE):
        known = path[max(0, start - len(_DIFFERENCES)) : start]
        part = slice(start - len(known), start + _PIECE + _AHEAD)
        solved = _solve(needed[part], wanted[part], aim, aim.still[part], known)[len(known) :]
        path[start : start + _PIECE] = solved[:_PIECE]
    return np.clip(path, *aim.room)


def _rest(needed: Floats, low: float, high: float) -> float:
    """One place that serves all points: the middle of what is good everywhere."""
    low = max(low, float(needed[:, 0].max()))
    high = max(low, min(high, float(needed[:, 1].min())))
    return (low + high) / 2


def _solve(needed: Floats, wanted: Floats, aim: Aim, still: Flags, known: Floats) -> Floats:
    """The best path through these points, of which the first are `known`.

    Unknowns are the places, then what each difference is at most, then by how much the wanted and
    the needed range are missed; all in lengths of the window from the lower end of its room.
    """
    count, length, origin = len(needed), aim.length, aim.room[0]
    needed, wanted, known = ((part - origin) / length for part in (needed, wanted, known))
    differences = [_difference(count, order) for order in (1, 2, 3)]
    costs = [np.full(d.shape[0], cost) for d, cost in zip(differences, _DIFFERENCES, strict=True)]
    costs[0] *= np.where(still[1:], _HELD, 1.0)
    sizes = [count, *(len(cost) for cost in costs), count, count]
    rows = [
        *(_bounded(d, sizes, place) for place, d in enumerate(differences, 1)),
        _bounded(sparse.eye_array(count), sizes, 4),
        _bounded(sparse.eye_array(count), sizes, 5),
    ]
    limits = [np.zeros(2 * sum(sizes[1:4]))]
    limits += [np.concatenate([part[:, 1], -part[:, 0]]) for part in (wanted, needed)]
    places = np.tile([0.0, (aim.room[1] - origin) / length], (count, 1))
    places[: len(known)] = known[:, None]
    others = np.tile([0.0, np.inf], (sum(sizes[1:]), 1))
    solution = cast(Any, optimize).linprog(
        np.concatenate([np.zeros(count), *costs, np.full(count, _WANTED), np.full(count, _NEEDED)]),
        A_ub=sparse.vstack(rows).tocsr(),
        b_ub=np.concatenate(limits),
        bounds=np.concatenate([places, others]),
        method="highs",
    )
    return solution.x[:count] * length + origin


def _difference(count: int, order: int) -> Any:
    """The matrix that takes places to their differences of an order."""
    rows = max(count - order, 0)
    signs = np.diff(np.eye(order + 1), n=order, axis=0)[0] if order else np.ones(1)
    diagonals = [np.full(rows, sign) for sign in signs]
    return sparse.diags_array(diagonals, offsets=range(order + 1), shape=(rows, count))


def _bounded(matrix: Any, sizes: list[int], place: int) -> Any:
    """Rows for `matrix @ places` and its negative being at most the unknowns of one group."""
    blocks: list[Any] = [sparse.csr_array((matrix.shape[0], size)) for size in sizes]
    blocks[place] = -sparse.eye_array(matrix.shape[0])
    upper = sparse.hstack([matrix, *blocks[1:]])
    lower = sparse.hstack([-matrix, *blocks[1:]])
    return sparse.vstack([upper, lower])
