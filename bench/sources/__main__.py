"""`python -m bench.sources [KIND ...]`: a scene of every kind of source, judged by its clip.

Each source is rendered by the `viralclip` command in the style `original`; picture, sync, colour
and level are read back. Exits with 1 if one is wrong without a word.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.sources.kinds import KINDS
from bench.sources.runs import Run, run_kind
from bench.sources.table import markdown, row, rows_of

_DOCS = Path(__file__).parents[2] / "docs" / "explanation" / "sources.md"
_BEGIN, _END = "<!-- sources: begin -->", "<!-- sources: end -->"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sources", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="KIND")
    parser.add_argument("--films", type=Path, help="where sources are kept and found again")
    parser.add_argument("--write-docs", action="store_true", help=f"put it into {_DOCS.name}")
    asked = parser.parse_args()
    chosen = [kind for kind in KINDS if not asked.names or kind.name in asked.names]
    runs: list[Run] = []
    with tempfile.TemporaryDirectory(prefix="viralclip-bench-") as folder:
        films = asked.films or Path(folder)
        films.mkdir(parents=True, exist_ok=True)
        for kind in chosen:
            runs.append(run_kind(kind, films, Path(folder)))
            print(row(runs[-1]), flush=True)
            if runs[-1].is_silently_wrong:
                print(f"    {runs[-1].explanation}", flush=True)
    wrong = [run.kind.name for run in runs if run.is_silently_wrong]
    if asked.write_docs:
        _write_docs(runs)
    print(f"{len(runs)} kinds, {len(wrong)} wrong without a word")
    sys.exit(1 if wrong else 0)


def _write_docs(runs: Sequence[Run]) -> None:
    """Put the rows into the page; those of kinds that were not run stay as they are."""
    before, rest = _DOCS.read_text().split(_BEGIN)
    known, after = rest.split(_END)
    rows = rows_of(known) | {run.kind.name: row(run) for run in runs}
    table = markdown(rows[kind.name] for kind in KINDS if kind.name in rows)
    _DOCS.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{after}")


if __name__ == "__main__":
    main()
