"""`viralclip logs`: questions to the log files, in SQL or by name, and new lines as they come."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from viralclip.settings import Settings
from viralclip.telemetry.log_table import Answer, BadQueryError, LogTable

_EVERY_S = 0.5
# Longer texts are cut in a terminal; --json has all of them.
_WIDEST = 60


@dataclass(frozen=True)
class NamedQuery:
    """A question with a name; `argument` says what it wants to know, empty for nothing."""

    sql: str
    argument: str = ""


_NAMED = {
    "slow": NamedQuery(
        "SELECT timestamp, job_id, scene_id, style, worker, duration_sec FROM logs"
        " WHERE message = 'Clip processing completed successfully'"
        " ORDER BY duration_sec DESC LIMIT 20"
    ),
    "errors": NamedQuery("SELECT * FROM log_lines WHERE level = 'error' ORDER BY timestamp"),
    "job": NamedQuery("SELECT * FROM log_lines WHERE job_id = ? ORDER BY timestamp", "JOB"),
    "clip": NamedQuery(
        "SELECT * FROM log_lines WHERE concat(job_id, '/', scene_id, '-', style) = ?"
        " ORDER BY timestamp",
        "JOB/CLIP",
    ),
    "trace": NamedQuery(
        "SELECT timestamp, level, job_id, scene_id, style, step, message, duration_sec, code, error"
        " FROM logs WHERE trace_id = ? ORDER BY timestamp",
        "TRACE_ID",
    ),
}
_EVERYTHING = NamedQuery("SELECT * FROM log_lines ORDER BY timestamp")


def show(
    settings: Settings,
    query: Sequence[str],
    *,
    since: timedelta | None,
    follow: bool,
    as_json: bool,
) -> int:
    """Print what the query gives: SQL, or a name and its argument; with `follow` for ever, from
    now on or from as long ago as `since` says."""
    asked, parameters = _understand(query)
    write = _write_json if as_json else _write_table
    after = datetime.now(UTC) - since if since else None
    if follow:
        LogTable.over_lines([]).ask(asked.sql, parameters)  # what is no query is said at once
        for lines in _new_lines(settings.state.logs, after):
            table = LogTable.over_lines(lines, since=after)
            write(table.ask(asked.sql, parameters), heads=False)
    table = LogTable.over_files(_files(settings.state.logs, after), since=after)
    write(table.ask(asked.sql, parameters), heads=True)
    return 0


def _understand(query: Sequence[str]) -> tuple[NamedQuery, tuple[str, ...]]:
    if not query:
        return _EVERYTHING, ()
    name, *arguments = query
    named = _NAMED.get(name)
    if named is None:
        if arguments or " " not in name.strip():
            why = f"{name!r} is neither {', '.join(_NAMED)} nor SQL in quotes"
            raise BadQueryError(why=why)
        return NamedQuery(name), ()
    if len(arguments) != bool(named.argument):
        usage = f"viralclip logs {name} {named.argument}".strip()
        raise BadQueryError(why=f"say `{usage}`")
    return named, tuple(arguments)


def _files(folder: Path, after: datetime | None) -> list[Path]:
    """The files in which lines of that time may be, by their days."""
    first = f"viralclip-{after.date()}" if after else ""
    return [path for path in sorted(folder.glob("viralclip-*.jsonl")) if path.stem >= first]


def _new_lines(folder: Path, after: datetime | None) -> Iterator[list[str]]:
    """For ever: the whole lines that were written since the last look, of every file there is;
    with `after` also those of the days from then on, first."""
    old = set(_files(folder, None)) - set(_files(folder, after) if after else ())
    places = {path: path.stat().st_size for path in old}
    while True:
        lines: list[str] = []
        for path in _files(folder, None):
            with path.open("rb") as file:
                file.seek(places.get(path, 0))
                whole, newline, _ = file.read().rpartition(b"\n")
            places[path] = places.get(path, 0) + len(whole) + len(newline)
            lines += whole.decode(errors="replace").splitlines()
        if lines:
            yield lines
        time.sleep(_EVERY_S)


def _write_json(answer: Answer, *, heads: bool) -> None:
    del heads
    for record in answer.records():
        sys.stdout.write(json.dumps(record, default=_text, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _write_table(answer: Answer, *, heads: bool) -> None:
    rows = [[_cell(value) for value in row] for row in answer.rows]
    if heads and not rows:
        sys.stdout.write("No lines.\n")
    shown = [list(answer.columns), *rows] if heads and rows else rows
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    sys.stdout.flush()


def _cell(value: Any) -> str:
    text = " ".join(_text(value).split())
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat(sep=" ", timespec="milliseconds")
        case float():
            return f"{value:g}"
        case _:
            return str(value)
