"""The best sequence of choices is found, and does not change without a reason."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from viralclip.reframe.follow import Shot, best_runs, best_sequence


def value(rewards, sequence, cost: float) -> float:
    gained = sum(row[choice] for row, choice in zip(rewards, sequence, strict=True))
    return gained - cost * sum(one != other for one, other in pairwise(sequence))


def stays(sequence, dwell: int) -> bool:
    """Whether what was changed to stayed long enough, each time."""
    changes = [row for row in range(1, len(sequence)) if sequence[row] != sequence[row - 1]]
    return all(end - start >= dwell for start, end in pairwise([*changes, len(sequence)]))


@settings(deadline=None)
@given(
    arrays(float, (7, 2), elements=st.floats(0, 1)),
    st.floats(0.05, 1.5),
    st.integers(1, 4),
)
def test_no_sequence_that_is_allowed_is_better(rewards, cost, dwell):
    found = best_sequence(rewards, switch_cost=cost, dwell=dwell).tolist()
    allowed = [s for s in product(range(2), repeat=7) if stays(s, dwell)]

    assert stays(found, dwell)
    best = max(value(rewards, sequence, cost) for sequence in allowed)
    assert value(rewards, found, cost) == pytest.approx(best)


def test_changes_happen_only_where_they_may():
    rewards = np.zeros((20, 2))
    rewards[:5, 0] = rewards[5:, 1] = 1
    may = np.arange(20) == 9

    found = best_sequence(rewards, switch_cost=0.5, dwell=2, may_switch=may)
    assert found.tolist() == [0] * 9 + [1] * 11


def test_runs_cover_the_shot_and_change_when_they_are_told():
    rewards = np.zeros((20, 2))
    rewards[:10, 0] = rewards[10:, 1] = 10
    shot = Shot(5.0, 7.0, 5 + np.arange(20) / 10, (3, 4))

    runs = best_runs(rewards, shot, switch_cost=1, dwell_s=0.3, moment=lambda time: time + 0.02)
    assert [run.choice for run in runs] == [0, 1]
    assert [run.start for run in runs] == pytest.approx([5.0, 5.97])
    assert [run.end for run in runs] == pytest.approx([5.97, 7.0])


def test_one_sample_makes_one_run():
    shot = Shot(0.0, 0.04, np.zeros(1), (0, 1))

    [run] = best_runs(np.array([[0.1, 0.2]]), shot, switch_cost=1, dwell_s=1)
    assert run.choice == 1
