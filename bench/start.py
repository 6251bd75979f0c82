"""What a small job pays for the software around its FFmpeg, and how soon `--help` is there."""

import statistics
import time
from pathlib import Path

from bench.figures import Figure, spread
from bench.rig import Job, check_same, finish, sample, timed_bare, timed_render, viralclip

ONE_CLIP_AT_MOST_S = 1.5
HELP_AT_MOST_S = 0.3
_JOB = Job(count=1, seconds=3, styles=("center_focus",))
_ROUNDS = 7


def measure(folder: Path, *, short: bool) -> list[Figure]:
    rounds = 2 if short else _ROUNDS
    return [_one_clip(folder, rounds), _help(folder, rounds)]


def _one_clip(folder: Path, rounds: int) -> Figure:
    """Both times are of whole processes; the state folder is new, so databases are made too."""
    source = sample(folder)
    ours: list[float] = []
    bare: list[float] = []
    for turn in range(rounds):
        made, plain = folder / f"one-{turn}", folder / f"one-bare-{turn}"
        ours.append(timed_render(_JOB, source, folder, made))
        bare.append(timed_bare(_JOB, source, folder, plain))
        check_same(made, plain)
    more = statistics.median(ours) - statistics.median(bare)
    raw = f"{spread(ours, 's')} - {spread(bare, 's')}"
    return Figure("one clip: more than its FFmpeg", more, "s", raw, ONE_CLIP_AT_MOST_S)


def _help(folder: Path, rounds: int) -> Figure:
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        finish(viralclip("--help", state=folder / "help-state"))
        times.append(time.perf_counter() - began)
    raw = spread(times, "s", digits=3)
    return Figure("viralclip --help", statistics.median(times), "s", raw, HELP_AT_MOST_S)
