"""Puts shots together to scenes of a clip's length."""

import math
from collections.abc import Iterable
from itertools import pairwise

SHORTEST_S = 15.0
LONGEST_S = 60.0

# How much worse a scene is that is too short, in squared logarithms of its length to the ideal one.
_TOO_SHORT = 100.0
_ROUNDING_S = 1e-6


def group_shots(
    cuts: Iterable[float],
    duration: float,
    *,
    shortest: float = SHORTEST_S,
    longest: float = LONGEST_S,
) -> list[tuple[float, float]]:
    """Scenes as (start, end) that cover 0 to `duration` without a gap and begin and end on cuts.

    None is longer than `longest`: a shot that is gets split evenly. As few as can be are shorter
    than `shortest`; among those choices, lengths are as near as can be to the middle of the two
    (the geometric mean). ValueError unless 0 < shortest <= longest.
    """
    if not 0 < shortest <= longest:
        raise ValueError(f"{shortest:g} to {longest:g} s is no range of lengths")
    if duration <= 0:
        return []
    inner = sorted({cut for cut in map(float, cuts) if 0 < cut < duration})
    edges = _split([0.0, *inner, duration], longest)
    return list(pairwise(_best_edges(edges, shortest, longest)))


def _split(edges: list[float], longest: float) -> list[float]:
    """Adds edges inside the shots that are longer than a scene may be."""
    split = edges[:1]
    for start, end in pairwise(edges):
        parts = max(1, math.ceil((end - start) / longest - _ROUNDING_S))
        split += [start + (end - start) * part / parts for part in range(1, parts)]
        split.append(end)
    return split


def _best_edges(edges: list[float], shortest: float, longest: float) -> list[float]:
    """The cheapest way from the first edge to the last (dynamic programming)."""
    costs, origins = [0.0], [0]
    for place, end in enumerate(edges[1:], 1):
        best, origin = math.inf, place - 1
        for start in range(place - 1, -1, -1):
            length = end - edges[start]
            if length > longest + _ROUNDING_S and start < place - 1:
                break
            cost = costs[start] + _cost(length, shortest, longest)
            if cost < best:
                best, origin = cost, start
        costs.append(best)
        origins.append(origin)
    return _walk_back(edges, origins)


def _walk_back(edges: list[float], origins: list[int]) -> list[float]:
    place = len(edges) - 1
    chosen = [edges[place]]
    while place > 0:
        place = origins[place]
        chosen.append(edges[place])
    return chosen[::-1]


def _cost(length: float, shortest: float, longest: float) -> float:
    apart = math.log(max(length, _ROUNDING_S) / math.sqrt(shortest * longest))
    return apart**2 + (_TOO_SHORT if length < shortest - _ROUNDING_S else 0.0)
