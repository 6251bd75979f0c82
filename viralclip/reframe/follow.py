"""Who is followed when: the best sequence of choices that does not change without a reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viralclip.reframe.footage import Flags, Floats, Footage, Places
from viralclip.reframe.tracks import Track

_USUAL_STEP_S = 0.1


@dataclass(frozen=True)
class Shot:
    """A shot with the times of its samples, and the places of its tracks among all."""

    start: float
    end: float
    times: Floats
    places: tuple[int, ...]

    @property
    def step(self) -> float:
        """Seconds between samples."""
        return float(np.median(np.diff(self.times))) if len(self.times) > 1 else _USUAL_STEP_S


@dataclass(frozen=True)
class Run:
    """From `start` to `end` one choice is kept."""

    start: float
    end: float
    choice: int


def shots_with_tracks(footage: Footage, tracks: Sequence[Track]) -> list[Shot]:
    """Every shot of the scene, also those without tracks."""
    return [
        Shot(
            start,
            end,
            footage.times[footage.samples_in(start, end)],
            tuple(place for place, track in enumerate(tracks) if track.shot == number),
        )
        for number, (start, end) in enumerate(footage.shots)
    ]


def best_runs(
    rewards: Floats,
    shot: Shot,
    *,
    switch_cost: float,
    dwell_s: float,
    may_switch: Flags | None = None,
    moment: Callable[[float], float] = float,
) -> list[Run]:
    """The runs of the best sequence, with `rewards` (samples, choices) a second.

    `moment` says when exactly a change happened that lies around a time between two samples.
    """
    sequence = best_sequence(
        rewards * shot.step,
        switch_cost=switch_cost,
        dwell=max(1, round(dwell_s / shot.step)),
        may_switch=may_switch,
    )
    changes = np.flatnonzero(np.diff(sequence)) + 1
    between = (shot.times[changes - 1] + shot.times[changes]) / 2
    inner = [moment(time) for time in between.tolist()]
    edges = np.clip(np.maximum.accumulate([shot.start, *inner]), shot.start, shot.end).tolist()
    choices = sequence[[0, *changes.tolist()]].tolist()
    spans = zip(pairwise([*edges, shot.end]), choices, strict=True)
    return [Run(start, end, choice) for (start, end), choice in spans if end > start]


def best_sequence(
    rewards: Floats, *, switch_cost: float, dwell: int, may_switch: Flags | None = None
) -> Places:
    """For each row of `rewards` (n, choices) the one to make, so that the sum is the largest.

    Each change costs `switch_cost`, and what is changed to stays for at least `dwell` rows; with
    `may_switch` (n,) a change may only happen at its true rows. Found by dynamic programming.
    """
    count, choices = rewards.shape
    total = np.concatenate([np.zeros((1, choices)), np.cumsum(rewards, axis=0)])
    allowed = np.ones(count, dtype=np.bool_) if may_switch is None else may_switch
    value = np.zeros((count, choices))
    before = np.full((count, choices), -1)
    value[0] = rewards[0]
    for row in range(1, count):
        value[row] = value[row - 1] + rewards[row]
        first = row - dwell + 1
        if first < 1 or not allowed[first]:
            continue
        other = int(np.argmax(value[first - 1]))
        changed = value[first - 1, other] + total[row + 1] - total[first] - switch_cost
        better = changed > value[row]
        value[row, better] = changed[better]
        before[row, better] = other
    return _walk_back(value, before, dwell)


def _walk_back(value: Floats, before: NDArray[np.int_], dwell: int) -> Places:
    row, choice = len(value) - 1, int(np.argmax(value[-1]))
    sequence = np.zeros(len(value), dtype=np.intp)
    while row >= 0:
        other = int(before[row, choice])
        first = row if other < 0 else row - dwell + 1
        sequence[first : row + 1] = choice
        row, choice = first - 1, choice if other < 0 else other
    return sequence
