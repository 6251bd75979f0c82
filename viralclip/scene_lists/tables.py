"""Tables: CSV, semicolons or tabs, with a header or columns that show what they are."""

import csv
from collections.abc import Sequence
from itertools import pairwise

from viralclip.errors import Fault
from viralclip.scene_lists.columns import by_our_names, names_markers, names_start, record_times
from viralclip.scene_lists.headerless import read_columns
from viralclip.scene_lists.rows import (
    Entry,
    Reading,
    Row,
    SceneList,
    is_moment,
    listed,
    rows_of,
    run_to_next,
)
from viralclip.scene_lists.table_rows import (
    LINES_TO_JUDGE,
    NO_ENDS,
    Line,
    cells_of,
    csv_rows,
    is_open,
    table_lines,
)

_DELIMITERS = (",", ";", "\t")
_HEADER_WITHIN = 10
_CUT_LIST = "Timecode List:"
_SEPARATOR = "sep="


def is_table(source: SceneList) -> bool:
    return max(_fit(source, delimiter) for delimiter in _DELIMITERS) > (False, 0)


def read_table(source: SceneList) -> Reading:
    """A header in any order and above it anything, or columns whose times show what they are."""
    delimiter = max(_DELIMITERS, key=lambda delimiter: _fit(source, delimiter))
    lines = csv_rows(source, delimiter)
    header = _header(lines)
    if header is None:
        return read_columns(lines, source, is_tabs=delimiter == "\t")
    return _read_named(lines[header].cells, lines[:header], lines[header + 1 :], source)


def _fit(source: SceneList, delimiter: str) -> tuple[bool, int]:
    """How well the delimiter explains the lines: is there a header, how many hold two times."""
    rows = [_split(line, delimiter) for _, line in table_lines(source)[:LINES_TO_JUDGE]]
    header = any(_is_header(row) for row in rows[:_HEADER_WITHIN])
    return header, sum(_is_timed(row) for row in rows)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        cells = cells_of(line, delimiter)
    except csv.Error:
        return []
    return cells if len(cells) > 1 else []


def _is_timed(cells: Sequence[str]) -> bool:
    """Two times beside each other, of which one may be left empty, or a clock at the start."""
    beside = any(
        (is_moment(one) and is_moment(other)) or is_open(one, other)
        for one, other in pairwise(cells)
    )
    return beside or (len(cells) > 1 and ":" in cells[0] and is_moment(cells[0]))


def _is_header(cells: list[str]) -> bool:
    return names_start(cells) and not any(map(is_moment, cells))


def _header(lines: Sequence[Line]) -> int | None:
    within = enumerate(lines[:_HEADER_WITHIN])
    return next((place for place, line in within if _is_header(line.cells)), None)


def _read_named(
    names: list[str], above: Sequence[Line], lines: Sequence[Line], source: SceneList
) -> Reading:
    entries = [_named_entry(names, line) for line in lines if line.cells or line.problem]
    marks = names_markers(names)
    notes = _above_notes(above)
    rows = rows_of(entries)
    open_ended = not any("end" in row.fields or "duration" in row.fields for row in rows)
    if len(rows) > 1 and open_ended and not marks:
        return Reading(run_to_next(entries, source), (*notes, NO_ENDS))
    return Reading(entries, notes, marks=marks, kind="rows")


def _named_entry(names: Sequence[str], line: Line) -> Entry:
    if line.problem:
        return Fault(f"line {line.number}", line.problem)
    if len(line.cells) > len(names):
        problem = f"the row has {len(line.cells)} columns instead of {len(names)}"
        return Fault(f"line {line.number}", problem)
    written = {name: cell for name, cell in zip(names, line.cells, strict=False) if cell}
    return Row(f"line {line.number}", by_our_names(written), record=record_times(written))


def _above_notes(above: Sequence[Line]) -> tuple[str, ...]:
    """What stands above a header is no scene; tools are known to write some lines there."""
    other = [
        line
        for line in above
        if line.cells
        and not all(is_moment(cell) or cell == _CUT_LIST for cell in line.cells)
        and not line.cells[0].lower().startswith(_SEPARATOR)
    ]
    if not other:
        return ()
    numbers = listed([str(line.number) for line in other])
    return (f"What stands above the header is left out: line {numbers}.",)
