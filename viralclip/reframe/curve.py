"""A smooth curve through points, which never goes beyond those that it lies between."""

import numpy as np

from viralclip.reframe.footage import Floats


def through(times: Floats, points: Floats, at: Floats) -> Floats:
    """The curve through `points` (n, k) at rising `times` (n,), read at the times `at` (m,).

    Cubic between neighbours, and with one slope on both sides of each point; (m, k). The slopes are
    those of Fritsch and Butland, "A method for constructing local monotone piecewise cubic
    interpolants", SIAM J. Sci. Stat. Comput. 5, 1984: at the highest and lowest of neighbours none.
    """
    steps = np.diff(times)[:, None]
    rises = np.diff(points, axis=0) / steps
    slopes = _slopes(steps, rises)
    place = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    step, rise = steps[place], rises[place]
    share = (at - times[place])[:, None] / step
    bend = (
        share
        * (1 - share)
        * ((slopes[place] - rise) * (1 - share) - (slopes[place + 1] - rise) * share)
    )
    return points[place] + step * (rise * share + bend)


def _slopes(steps: Floats, rises: Floats) -> Floats:
    """A slope for each point; the outermost ones have that of their only neighbour's line."""
    before, after = rises[:-1], rises[1:]
    weight = (steps[:-1] + 2 * steps[1:]) / (3 * (steps[:-1] + steps[1:]))
    both = before * after
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = both / (weight * after + (1 - weight) * before)
    return np.concatenate([rises[:1], np.where(both > 0, inner, 0.0), rises[-1:]])
