"""A job's queue simulated over the slots, many times over: when its last clip might end."""

import functools
import heapq
import math
import random
import statistics
import zlib
from collections.abc import Mapping, Sequence

from viralclip.job_work import Line, Piece

# What nobody knows of a job: how even the machine's speed is meanwhile, and how its clips meet.
_JOB_NOISE = 0.12
# So many draws are made in all, a few milliseconds of work, however large the job.
_BUDGET = 3000
_FEWEST_FUTURES = 20
_MOST_FUTURES = 200


def ends_of(works: Sequence[Piece], line: Line, slowdowns: Sequence[float]) -> list[float]:
    """When the last of the job's works might end, many times over; the same for the same works."""
    count = max(_FEWEST_FUTURES, min(_MOST_FUTURES, _BUDGET // len(works)))
    names = {name for work in works for name in work.doubts}
    shared = {name: _draws(name, count) for name in sorted(names)}
    moves = _moves(works, shared, count)
    whole = [math.exp(_JOB_NOISE * draw) for draw in _draws("the job", count)]
    noises = [_draws(work.name, count) for work in works]
    mine = [work.mine for work in works]
    return [
        whole[i]
        * _end(
            [
                work.seconds * math.exp(work.noise * noise[i] + moves[id(work.doubts)][i])
                for work, noise in zip(works, noises, strict=True)
            ],
            mine,
            line,
            slowdowns,
        )
        for i in range(count)
    ]


def _moves(
    works: Sequence[Piece], shared: Mapping[str, Sequence[float]], count: int
) -> dict[int, list[float]]:
    """How far what is shared moves the logarithm, in each future: once for each set of doubts."""
    moves: dict[int, list[float]] = {}
    for work in works:
        if id(work.doubts) not in moves:
            parts = [(by, shared[name]) for name, by in work.doubts.items() if by]
            moves[id(work.doubts)] = [sum(by * draw[i] for by, draw in parts) for i in range(count)]
    return moves


@functools.lru_cache(maxsize=2048)
def _draws(name: str, count: int) -> tuple[float, ...]:
    """Evenly spread draws of a normal variable, in an order that is the name's own."""
    draws = list(_quantiles(count))
    random.Random(zlib.crc32(name.encode())).shuffle(draws)  # noqa: S311 - a forecast, not a secret
    return tuple(draws)


@functools.cache
def _quantiles(count: int) -> tuple[float, ...]:
    normal = statistics.NormalDist()
    return tuple(normal.inv_cdf((i + 0.5) / count) for i in range(count))


def _end(
    works: Sequence[float], mine: Sequence[bool], line: Line, slowdowns: Sequence[float]
) -> float:
    """When the last of the job's works ends if each next one takes the slot that is free first.

    All that run at once are slowed down evenly, so that one clock, which runs the slower the more
    of them there are, says when each ends: works are in seconds of that clock.
    """
    slots = line.slots
    machines = math.ceil(slots / max(1, line.slots_each))
    running = list(zip(works[:slots], mine[:slots], strict=True))
    heapq.heapify(running)
    clock = time = end = 0.0
    coming = slots
    while running:
        at, own = heapq.heappop(running)
        each = min(math.ceil((len(running) + 1) / machines), len(slowdowns))
        time += (at - clock) * slowdowns[each - 1]
        clock = at
        end = time if own else end
        if coming < len(works):
            heapq.heappush(running, (clock + works[coming], mine[coming]))
            coming += 1
    return end
