"""How surely clips that take far too long are told: recorded renders, some of them slowed down."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.eta import RENDERS
from bench.figures import Figure
from bench.forecasts.collect import collect, read
from bench.forecasts.replay import MACHINE, Job, open_job
from viralclip.anomalies import judge
from viralclip.durations import Model
from viralclip.workload import Observation

# Clips that are learned from before anything is slowed down.
_LEARNED_CLIPS = 30
_ORDERS = 8
_SHARE = 0.05
_LASTING = 20
HARMED = RENDERS.with_name("harmed.jsonl")
_REALLY_SLOW = 3.5


@dataclass(frozen=True)
class Outcome:
    """One clip: whether it was slowed down, when it was told of, and when it ended."""

    is_slow: bool
    told_at: float | None
    ended_at: float


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Single clips at 2x and 4x, and a machine that becomes four times slower."""
    path = RENDERS
    if not path.exists():
        path = folder / "renders.jsonl"
        collect(path, jobs=5 if short else 45)
    seen = [_renders(open_job(row)) for row in read(path)]
    return [
        *_single(seen, 4.0, targets=True),
        *_single(seen, 2.0, targets=False),
        *_lasting(seen),
        *_really(seen),
    ]


def _really(jobs: Sequence[Sequence[Observation]]) -> list[Figure]:
    """Renders that were really slowed down, told by all that was learned from the others."""
    if not HARMED.exists():
        return []
    model = Model()
    for seen in (seen for job in jobs for seen in job):
        model = model.observe(seen)
    rows = read(HARMED)
    told = {row["recipe"]: _told_at(model, _renders(open_job(row))[0]) for row in rows}
    figures = []
    for harm in sorted({row["harm"] for row in rows}):
        slow = [row for row in rows if row["harm"] == harm and row["times"] >= _REALLY_SLOW]
        if slow:
            share = sum(told[row["recipe"]] is not None for row in slow) / len(slow)
            what = f"really slowed down ({harm}), told before the end"
            figures.append(Figure(what, share, "", f"n={len(slow)}", at_least=0.9))
    return figures


def _renders(job: Job) -> list[Observation]:
    """Those of one job, in the order of their ends."""
    ended = sorted(job.learned(by=job.seconds), key=lambda pair: pair[0])
    return [seen for _, seen in ended if seen.workload.stage == "render"]


def _in_some_order(jobs: Sequence[Sequence[Observation]], dice: random.Random) -> list[Observation]:
    """Job after job: clips of one video come together."""
    return [seen for job in dice.sample(jobs, len(jobs)) for seen in job]


def _single(seen: Sequence[Sequence[Observation]], times: float, *, targets: bool) -> list[Figure]:
    outcomes = [
        outcome
        for seed in range(_ORDERS)
        for outcome in _replayed(seen, times, random.Random(seed))  # noqa: S311
    ]
    slow = [each for each in outcomes if each.is_slow]
    told = [each for each in outcomes if each.told_at is not None]
    found = [each for each in slow if each.told_at is not None]
    early = [each for each in found if each.told_at and each.told_at < each.ended_at]
    raw = f"{len(slow)} of {len(outcomes)} clips slowed down, {len(told)} told"
    name = f"single clips {times:g} times slower"
    return [
        Figure(
            f"{name}, told",
            len(found) / max(len(slow), 1),
            "",
            raw,
            at_least=0.95 if targets else None,
        ),
        Figure(
            f"{name}, truly so where told",
            len(found) / max(len(told), 1),
            "",
            raw,
            at_least=0.9 if targets else None,
        ),
        Figure(
            f"{name}, told before the end",
            len(early) / max(len(slow), 1),
            "",
            raw,
            at_least=0.9 if targets else None,
        ),
    ]


def _replayed(
    jobs: Sequence[Sequence[Observation]], times: float, dice: random.Random
) -> list[Outcome]:
    order = _in_some_order(jobs, dice)
    model, outcomes = Model(), list[Outcome]()
    for place, each in enumerate(order):
        is_slow = place >= _LEARNED_CLIPS and dice.random() < _SHARE
        took = replace_seconds(each, each.seconds * times if is_slow else each.seconds)
        if place >= _LEARNED_CLIPS:
            outcomes.append(Outcome(is_slow, _told_at(model, took), took.seconds))
        model = model.observe(took)
    return outcomes


def _lasting(jobs: Sequence[Sequence[Observation]]) -> list[Figure]:
    """After some clips the machine is four times slower for good: drifts and clips told of."""
    drifts, alarms, runs = 0, 0, 0
    for seed in range(_ORDERS):
        order = _in_some_order(jobs, random.Random(seed))  # noqa: S311 - a sample, not a secret
        if len(order) < _LEARNED_CLIPS + _LASTING:
            break
        runs += 1
        model = Model()
        for place, each in enumerate(order[: _LEARNED_CLIPS + _LASTING]):
            slow = place >= _LEARNED_CLIPS
            took = replace_seconds(each, each.seconds * (4.0 if slow else 1.0))
            alarms += slow and _told_at(model, took) is not None
            model = model.observe(took)
            drifts += slow and model.machines[MACHINE].drifting == 1
    if not runs:
        return []
    raw = f"{runs} machines, {_LASTING} clips each"
    return [
        Figure("drifts told of a machine that became 4 times slower", drifts / runs, "", raw),
        Figure("clips told of besides", alarms / runs, "", raw),
    ]


def replace_seconds(seen: Observation, seconds: float) -> Observation:
    return seen.model_copy(update={"seconds": seconds})


def _told_at(model: Model, seen: Observation) -> float | None:
    """The first whole second at which the running clip is told of."""
    expected = model.predict(seen.workload, machine=MACHINE, busy=seen.busy)
    at = 1.0
    while at < seen.seconds:
        if judge(at, expected, deviation=model.robust_deviation):
            return at
        at += 1.0
    return None
