"""How much longer a job takes than its FFmpeg commands alone."""

import statistics
from pathlib import Path

from bench.figures import Figure, spread
from bench.rig import Job, check_same, sample, timed_bare, timed_render

AT_MOST = 1.05
# About a hundred seconds of one core's work in twelve clips.
_FULL = Job(count=6, seconds=11, styles=("center_focus", "streamer"))
_SHORT = Job(count=2, seconds=4, styles=("center_focus", "streamer"))
_ROUNDS = 3


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Ours and bare in turns, so that a machine that grows slower slows both."""
    source = sample(folder)
    job = _SHORT if short else _FULL
    ours: list[float] = []
    bare: list[float] = []
    clips = 0
    for turn in range(1 if short else _ROUNDS):
        made, plain = folder / f"ours-{turn}", folder / f"bare-{turn}"
        ours.append(timed_render(job, source, folder, made))
        bare.append(timed_bare(job, source, folder, plain))
        clips = check_same(made, plain)
    ratio = statistics.median(ours) / statistics.median(bare)
    raw = f"{spread(ours, 's')} / {spread(bare, 's')}, {clips} clips, equal bytes"
    return [Figure("render / bare FFmpeg, wall time", ratio, "", raw, AT_MOST)]
