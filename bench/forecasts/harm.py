"""`python -m bench.forecasts.harm FILE [--clips N]`: real renders, each once undisturbed and once
slowed down by something that happens: stopped again and again, less urgent than others, or beside
a second load.

One line of JSON for each clip is appended; those that are in the file already are skipped.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from bench import rig
from bench.forecasts.collect import read, render
from bench.forecasts.recipes import Recipe, make_source, recipe
from bench.machine import describe
from viralclip.telemetry.logs import log_to

Harm = Literal["stopped", "nice", "load"]
HARMS: tuple[Harm, ...] = ("stopped", "nice", "load")
TIMES = (2, 4)
_LENGTHS = (2.0, 3.0, 4.0)
_CYCLE_S = 0.5
# How many processes burn a core each beside a render that is so many times slower then.
_BURNING = {2: 2, 4: 6}
_NICE = {2: 1, 4: 6}


def clip(number: int) -> tuple[Recipe, Harm, int]:
    """One scene in one style, what slows it down, and about how much."""
    dice = random.Random(-number)  # noqa: S311 - a sample, not a secret
    whole = recipe(number)
    one = replace(whole, slots=1, lengths=(dice.choice(_LENGTHS),), styles=whole.styles[:1])
    return one, HARMS[number % len(HARMS)], TIMES[number // len(HARMS) % len(TIMES)]


@contextmanager
def harmed(harm: Harm, times: int) -> Iterator[list[int]]:
    """While the context is open, processes that are put into the list are slowed down."""
    pids: list[int] = []
    over = threading.Event()
    burning = _BURNING[times] if harm == "load" else 2 if harm == "nice" else 0
    others = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(burning)]
    for other in others:
        other.start()
    work = _stop_and_go if harm == "stopped" else _make_nice if harm == "nice" else _nothing
    thread = threading.Thread(target=work, args=(pids, times, over))
    thread.start()
    try:
        yield pids
    finally:
        over.set()
        thread.join()
        for other in others:
            other.kill()
            other.join()


def _burn() -> None:
    while True:
        pass


def _nothing(_pids: list[int], _times: int, _over: threading.Event) -> None:
    return


def _stop_and_go(pids: list[int], times: int, over: threading.Event) -> None:
    while not over.wait(_CYCLE_S / times):
        _signal(pids, signal.SIGSTOP)
        over.wait(_CYCLE_S * (times - 1) / times)
        _signal(pids, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.killpg(pid, number)


def _make_nice(pids: list[int], times: int, over: threading.Event) -> None:
    while not over.wait(0.02):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PGRP, pid, _NICE[times])


def _seconds(row: dict[str, Any]) -> float:
    return row["clips"][0]["render"][0]


def measure(number: int, sources: Path, folder: Path) -> dict[str, Any]:
    """The same clip twice; the row is that of the slowed one, with how long it takes otherwise."""
    made, harm, times = clip(number)
    source = make_source(sources, made)
    undisturbed, disturbed = folder / "undisturbed", folder / "disturbed"
    undisturbed.mkdir()
    disturbed.mkdir()
    clean = asyncio.run(render(made, source, undisturbed))
    with harmed(harm, times) as pids:
        row = asyncio.run(render(made, source, disturbed, on_ffmpeg=pids.append))
    slower = round(_seconds(row) / _seconds(clean), 2)
    return row | {"harm": harm, "wanted": times, "clean": _seconds(clean), "times": slower}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.forecasts.harm", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--clips", type=int, default=36)
    asked = parser.parse_args()
    print(*describe(rig.ffmpeg()), sep="\n", flush=True)
    log_to(asked.file.with_name(f"{asked.file.name}.logs"))
    done = {row["recipe"] for row in read(asked.file)}
    with tempfile.TemporaryDirectory(prefix="viralclip-harm-") as name:
        sources = Path(name) / "sources"
        sources.mkdir()
        for number in range(asked.clips):
            if number in done:
                continue
            with tempfile.TemporaryDirectory(dir=name) as folder:
                row = measure(number, sources, Path(folder))
            with asked.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
            print(number, row["harm"], row["wanted"], row["clean"], row["times"], flush=True)


if __name__ == "__main__":
    main()
