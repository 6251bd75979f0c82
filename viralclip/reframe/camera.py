"""The path of a window along one axis: still or smooth, with what it follows kept inside.

An L1-optimal camera path (Grundmann, Kwatra, Essa: Auto-Directed Video Stabilization with Robust L1
Optimal Camera Paths, CVPR 2011): the sum of the absolute first, second and third differences is the
least possible, so that the path is made of constant, linear and parabolic pieces, as of a tripod, a
dolly and a crane.
"""

from dataclasses import dataclass

import numpy as np

from viralclip.reframe.footage import Flags, Floats
from viralclip.reframe.solvers import Term, least_deviation

# Seconds between the points of a path.
STEP_S = 0.1

# What a length of the window costs in the first, second and third difference from point to point.
_DIFFERENCES = (((-1.0, 1.0), 1.0), ((1.0, -2.0, 1.0), 10.0), ((-1.0, 3.0, -3.0, 1.0), 100.0))
# What it costs, for each point, where the wanted range is missed, and where the needed one is.
_WANTED, _NEEDED = 1.0, 100.0
# Moving where it should hold still costs so many times more.
_HELD = 20.0
# A long path is solved in pieces of so many points, each with a look ahead that is thrown away; the
# last points of a piece, as many as differences reach back, are where the next one starts.
_PIECE, _AHEAD, _KNOWN = 300, 60, 3


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
    both = np.concatenate([needed, wanted])
    low, high = float(both[:, 0].max()), float(both[:, 1].min())
    if low <= high:
        return np.full(len(needed), (low + high) / 2)
    path = np.zeros(len(needed))
    for start in range(0, len(path), _PIECE):
        known = path[max(0, start - _KNOWN) : start]
        part = slice(start - len(known), start + _PIECE + _AHEAD)
        piece = Aim(aim.needed[part], aim.wanted[part], aim.still[part], aim.room, aim.length)
        solved = _solve(piece, known)[len(known) :]
        path[start : start + _PIECE] = solved[:_PIECE]
    return np.clip(path, *aim.room)


def _solve(aim: Aim, known: Floats) -> Floats:
    """The best path through these points, of which the first are `known`; a few are enough."""
    count, origin = len(aim.needed), aim.room[0]
    needed, wanted, known = (
        (np.clip(part, *aim.room) - origin) / aim.length for part in (aim.needed, aim.wanted, known)
    )
    terms = [
        *(
            _difference(stencil, cost, aim.still)
            for stencil, cost in _DIFFERENCES
            if len(stencil) <= count
        ),
        Term((1.0,), *wanted.T, cost=np.full(count, _WANTED)),
        Term((1.0,), *needed.T, cost=np.full(count, _NEEDED)),
    ]
    bounds = np.tile([0.0, (aim.room[1] - origin) / aim.length], (count, 1))
    bounds[: len(known)] = known[:, None]
    return least_deviation(terms, bounds) * aim.length + origin


def _difference(stencil: tuple[float, ...], cost: float, still: Flags) -> Term:
    """Any change costs, and more if its last point is one where the camera should not move."""
    held = np.where(still[len(stencil) - 1 :], _HELD, 1.0)
    zero = np.zeros(len(held))
    return Term(stencil, zero, zero, cost * held)
