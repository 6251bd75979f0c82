"""How much CPU time it takes to tell the progress of a job, beside the work itself."""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from bench.figures import Figure, spread
from bench.rig import BenchError, sample

AT_MOST = 1.01
_ROUNDS = 5


class Cost(NamedTuple):
    """CPU seconds of the process itself, and of the FFmpegs that it ran."""

    own: float
    ffmpeg: float

    @property
    def total(self) -> float:
        return self.own + self.ffmpeg


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Two figures: FFmpeg's own CPU time varies by more than the whole of what is looked for."""
    source = sample(folder)
    on: list[Cost] = []
    off: list[Cost] = []
    for turn in range(1 if short else _ROUNDS):
        on.append(_run(folder / f"on-{turn}", source, told=True, short=short))
        off.append(_run(folder / f"off-{turn}", source, told=False, short=short))
    return [_all_cpu(on, off), _own_cpu(on, off)]


def _all_cpu(on: list[Cost], off: list[Cost]) -> Figure:
    with_it, without = [cost.total for cost in on], [cost.total for cost in off]
    ratio = statistics.median(with_it) / statistics.median(without)
    raw = f"{spread(with_it, 's')} / {spread(without, 's')}"
    return Figure("progress on / off, all CPU time", ratio, "", raw, AT_MOST)


def _own_cpu(on: list[Cost], off: list[Cost]) -> Figure:
    """The same with the work of FFmpeg, which progress does not touch, taken as equal."""
    with_it, without = [cost.own for cost in on], [cost.own for cost in off]
    more = statistics.median(with_it) - statistics.median(without)
    ratio = 1 + more / statistics.median([cost.total for cost in off])
    raw = f"own process {spread(with_it, 's')}, without progress {spread(without, 's')}"
    return Figure("progress on / off, FFmpeg held equal", ratio, "", raw, AT_MOST)


def _run(folder: Path, source: Path, *, told: bool, short: bool) -> Cost:
    """One run in a process of its own, which measures itself from its first clip to its last."""
    folder.mkdir()
    how = ("told" if told else "untold", "short" if short else "full")
    done = subprocess.run(
        [sys.executable, "-m", "bench.plain_job", str(folder), str(source), *how],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"the plain pipeline ended with {done.returncode}:\n{done.stderr}")
    return Cost(**json.loads(done.stdout))
