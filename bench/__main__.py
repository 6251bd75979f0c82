"""`python -m bench [NAME ...] [--short]`: measure, and print a table; nothing is kept."""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from bench import (
    analysis,
    anomalies,
    captions,
    eta,
    events,
    fleet,
    fold,
    house,
    listings,
    live,
    machine,
    memory,
    metrics,
    overhead,
    page,
    page_load,
    progress,
    rig,
    sources,
    start,
    store,
)
from bench.figures import Figure, table


class Bench(Protocol):
    """Measures in a folder of its own; nothing where this system has not what it takes."""

    def __call__(self, folder: Path, /, *, short: bool) -> list[Figure]: ...


BENCHES: dict[str, Bench] = {
    "overhead": overhead.measure,
    "start": start.measure,
    "progress": progress.measure,
    "memory": memory.measure,
    "metrics": metrics.measure,
    "events": events.measure,
    "fold": fold.measure,
    "live": live.measure,
    "store": store.measure,
    "analysis": analysis.measure,
    "captions": captions.measure,
    "page": page.measure,
    "listings": listings.measure,
    "page_load": page_load.measure,
    "fleet": fleet.measure,
    "sources": sources.measure,
    "eta": eta.measure,
    "anomalies": anomalies.measure,
    "house": house.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHES)}")
    parser.add_argument("--short", action="store_true", help="to see that it runs, not to measure")
    asked = parser.parse_args()
    if unknown := set(asked.names) - BENCHES.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; choose from {', '.join(BENCHES)}")
    _run(asked.names or list(BENCHES), short=asked.short)


def _run(names: list[str], *, short: bool) -> None:
    print(*machine.describe(rig.ffmpeg()), sep="\n", flush=True)
    if short:
        print("short: to see that it runs; these figures are no measurement")
    with tempfile.TemporaryDirectory(prefix="viralclip-bench-") as folder:
        figures = [figure for name in names for figure in _figures(name, Path(folder), short=short)]
    _say(figures)


def _figures(name: str, folder: Path, *, short: bool) -> list[Figure]:
    print(f"measuring {name} ...", flush=True)
    own = folder / name
    own.mkdir()
    measured = BENCHES[name](own, short=short)
    shutil.rmtree(own)
    if not measured:
        print(f"{name} cannot be measured on this system")
    return measured


def _say(figures: list[Figure]) -> None:
    print(f"\n{table(figures)}")
    missed = sum(figure.verdict == "MISSED" for figure in figures)
    aimed = sum(bool(figure.verdict) for figure in figures)
    print(f"\n{aimed - missed} of {aimed} targets met")


if __name__ == "__main__":
    main()
