"""What becomes of a scene of every kind of source that people have, read back from the clip."""

from pathlib import Path

from bench.figures import Figure
from bench.sources.kinds import KINDS
from bench.sources.runs import run_kind
from bench.sources.table import markdown, row

_FEW = 6


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """How many kinds of sources make wrong clips without a word; the table is printed."""
    kinds = KINDS[:_FEW] if short else KINDS
    runs = [run_kind(kind, folder, folder) for kind in kinds]
    print(markdown(row(run) for run in runs))
    wrong = [run.kind.name for run in runs if run.is_silently_wrong]
    raw = f"of {len(runs)} kinds: {', '.join(wrong) or 'none'}"
    return [Figure("sources wrong without a word", len(wrong), "", raw, at_most=0)]
