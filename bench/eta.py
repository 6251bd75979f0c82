"""How right times left are: recorded jobs of real renders, replayed."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.figures import Figure
from bench.forecasts.collect import collect, read
from bench.forecasts.others import errors
from bench.forecasts.replay import SHARES, EventFrame, Job, Learner, coverage, error, open_job
from viralclip.workload import Observation

RENDERS = Path(__file__).with_name("forecasts") / "renders.jsonl"
# Clips as long as people want them; those of the other are mostly of some seconds.
LONG_RENDERS = RENDERS.with_name("long.jsonl")
_LEARNED_CLIPS = 30
_COLD = {0.25: 35.0}
_WARM = {0.1: 25.0, 0.25: 15.0, 0.5: 10.0}
_UNSEEN = 30.0
_NAIVE = {"by_fraction": "elapsed / fraction", "by_style": "mean rate of each style"}


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Replay the recordings that come with the code; without one, a few jobs are rendered first."""
    path = RENDERS
    if not path.exists():
        path = folder / "renders.jsonl"
        collect(path, jobs=2 if short else 45)
    jobs = [open_job(row) for row in read(path)]
    figures = _figures(jobs)
    if LONG_RENDERS.exists():
        long = [open_job(row) for row in read(LONG_RENDERS)]
        figures += [_of_long(each) for each in (*_figures(long), *_after(jobs, long))]
    return figures


def _of_long(figure: Figure) -> Figure:
    return replace(figure, what=f"clips of 8 to 30 s: {figure.what}")


def _after(jobs: Sequence[Job], others: Sequence[Job]) -> list[Figure]:
    """What is told of other jobs once all of these were learned."""
    learner = Learner()
    for job in jobs:
        learner.learn(job)
    told = [each for job in others for each in learner.tell(job)]
    return _errors(f"after {learner.clips} short clips", told, _WARM)


def _figures(jobs: Sequence[Job]) -> list[Figure]:
    cold = [told for job in jobs for told in Learner().tell(job)]
    warm, moves = _learned(jobs)
    return [
        *_errors("with nothing learned", cold, _COLD),
        *_errors(f"after {_LEARNED_CLIPS} clips", warm, _WARM),
        *_bands(cold, warm),
        *_unseen(jobs),
        *_moves(moves),
        *_others(jobs),
    ]


def _learned(jobs: Sequence[Job]) -> tuple[list[EventFrame], list[int]]:
    """What is told once enough clips were learned, over several orders of the jobs."""
    told: list[EventFrame] = []
    moves: list[int] = []
    for seed in range(4):
        order = list(jobs)
        random.Random(seed).shuffle(order)  # noqa: S311 - a sample, not a secret
        learner = Learner()
        for job in order:
            if learner.clips >= _LEARNED_CLIPS:
                told += learner.tell(job)
                if seed == 0:
                    moves.append(max(len(learner.shown_ends(job)) - 1, 0))
            learner.learn(job)
    return told, moves


def _errors(when: str, told: Sequence[EventFrame], targets: dict[float, float]) -> list[Figure]:
    figures = []
    for share in SHARES:
        found = error(told, share, of="model")
        if found is None:
            continue
        others = {name: error(told, share, of=of) for of, name in _NAIVE.items()}
        raw = ", ".join(f"{name} {other:.0f} %" for name, other in others.items() if other)
        what = f"time left at {share:.0%} of a job, {when}"
        count = sum(each.share == share for each in told)
        raw = f"n={count}; {raw}"
        figures.append(Figure(what, found, "%", raw, at_most=targets.get(share)))
    return figures


def _bands(cold: Sequence[EventFrame], warm: Sequence[EventFrame]) -> list[Figure]:
    return [
        Figure("moments in the 80 % band, cold", coverage(cold), "%", f"n={len(cold)}"),
        *(
            [
                Figure(
                    "moments in the 80 % band",
                    coverage(warm),
                    "%",
                    f"n={len(warm)}, 75 to 85 is meant",
                    at_least=75.0,
                )
            ]
            if warm
            else []
        ),
    ]


def _unseen(jobs: Sequence[Job]) -> list[Figure]:
    """Jobs of a preset or a size of which nothing was learned, told by all the others."""
    figures = []
    for name, key in (("preset", _preset), ("size", _size)):
        told: list[EventFrame] = []
        for value in sorted({key(job) for job in jobs}):
            learner = Learner()
            for job in jobs:
                if key(job) != value:
                    learner.learn(job)
            told += [each for job in jobs if key(job) == value for each in learner.tell(job)]
        found = error(told, 0.25, of="model")
        if found is not None:
            what = f"time left at 25% of a job, {name} never seen"
            figures.append(
                Figure(what, found, "%", f"n={len(told) // len(SHARES)}", at_most=_UNSEEN)
            )
    return figures


def _moves(moves: Sequence[int]) -> list[Figure]:
    if not moves:
        return []
    raw = f"n={len(moves)}, most {max(moves)}"
    return [
        Figure("moves of the shown end, median job", statistics.median(moves), "", raw, at_most=2)
    ]


def _others(jobs: Sequence[Job]) -> list[Figure]:
    """How far each model is off for a single render, told before it is made; ours comes first."""
    orders = [_renders_of(jobs, seed) for seed in range(4)]
    found = errors(orders, learned=_LEARNED_CLIPS)
    raw = f"n={sum(len(order) - _LEARNED_CLIPS for order in orders)}"
    return [Figure(f"one render by {name}", off, "%", raw) for name, off in found.items()]


def _renders_of(jobs: Sequence[Job], seed: int) -> list[Observation]:
    order = random.Random(seed).sample(list(jobs), len(jobs))  # noqa: S311 - a sample, not a secret
    return [
        seen
        for job in order
        for _, seen in sorted(job.learned(by=job.seconds), key=lambda pair: pair[0])
        if seen.workload.stage == "render"
    ]


def _preset(job: Job) -> str:
    return job.row["preset"]


def _size(job: Job) -> str:
    return f"{job.row['video']['width']}x{job.row['video']['height']}"
