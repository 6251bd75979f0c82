"""Tables: CSV, semicolons or tabs, with a header or columns that show what they are."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from viralclip.errors import Fault
from viralclip.scene_lists.columns import by_our_names, names_markers, names_start, record_times
from viralclip.scene_lists.rows import (
    Entry,
    Frames,
    Reading,
    Row,
    SceneList,
    is_moment,
    is_time,
    listed,
    rows_of,
    run_to_next,
    shown,
)
from viralclip.timecode import parse_time

_HEADERLESS = ("title", "start", "end")
_DELIMITERS = (",", ";", "\t")
_LINES_TO_JUDGE = 50
_HEADER_WITHIN = 10
_CUT_LIST = "Timecode List:"
_SEPARATOR = "sep="
_FREQUENCIES = "\\"
_NO_ENDS = "The list has no ends: each scene runs to the next one, and the last to the video's end."
_SAY_OTHERWISE = 'add a header such as "title,start,end" to say otherwise'


@dataclass(frozen=True)
class _Line:
    """A row as written: the number of its first line and its cells, or why it has none."""

    number: int
    cells: list[str]
    problem: str = ""


def is_table(source: SceneList) -> bool:
    return max(_fit(source, delimiter) for delimiter in _DELIMITERS) > (False, 0)


def read_table(source: SceneList) -> Reading:
    """A header in any order and above it anything, or columns whose times show what they are."""
    delimiter = max(_DELIMITERS, key=lambda delimiter: _fit(source, delimiter))
    lines = _rows(source, delimiter)
    header = _header(lines)
    if header is None:
        return _read_columns(lines, source, is_tabs=delimiter == "\t")
    return _read_named(lines[header].cells, lines[:header], lines[header + 1 :], source)


def _rows(source: SceneList, delimiter: str) -> list[_Line]:
    """Rows by their cells; a cell in quotes may hold line ends, if every quote is closed."""
    try:
        return list(_whole(source, delimiter))
    except csv.Error:
        return [_one(number, line, delimiter) for number, line in _table_lines(source)]


def _whole(source: SceneList, delimiter: str) -> Iterator[_Line]:
    reader = csv.reader([f"{line}\n" for line in source.lines], delimiter=delimiter, strict=True)
    first = 1
    for cells in reader:
        if any(map(str.strip, cells)):
            yield _Line(first, _tidy(cells))
        first = reader.line_num + 1


def _one(number: int, line: str, delimiter: str) -> _Line:
    # Line by line, so that an unclosed quote costs its own row and not all the rows below.
    try:
        return _Line(number, _cells(line, delimiter))
    except csv.Error as error:
        return _Line(number, [], f"the row is broken: {shown(str(error))}")


def _table_lines(source: SceneList) -> list[tuple[int, str]]:
    # Not stripped, because a leading tab is an empty cell.
    return [(number, line) for number, line in enumerate(source.lines, 1) if line.strip()]


def _cells(line: str, delimiter: str) -> list[str]:
    return _tidy(next(csv.reader([line], delimiter=delimiter, strict=True)))


def _tidy(cells: Sequence[str]) -> list[str]:
    tidy = [" ".join(cell.split("\n")).strip() for cell in cells]
    while tidy and not tidy[-1]:
        tidy.pop()
    return tidy


def _fit(source: SceneList, delimiter: str) -> tuple[bool, int]:
    """How well the delimiter explains the lines: is there a header, how many hold two times."""
    rows = [_split(line, delimiter) for _, line in _table_lines(source)[:_LINES_TO_JUDGE]]
    header = any(_is_header(row) for row in rows[:_HEADER_WITHIN])
    return header, sum(_is_timed(row) for row in rows)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        cells = _cells(line, delimiter)
    except csv.Error:
        return []
    return cells if len(cells) > 1 else []


def _is_timed(cells: Sequence[str]) -> bool:
    """Two times beside each other, of which one may be left empty, or a clock at the start."""
    beside = any(
        (is_moment(one) and is_moment(other)) or _is_open(one, other)
        for one, other in pairwise(cells)
    )
    return beside or (len(cells) > 1 and ":" in cells[0] and is_moment(cells[0]))


def _is_header(cells: list[str]) -> bool:
    return names_start(cells) and not any(map(is_moment, cells))


def _header(lines: Sequence[_Line]) -> int | None:
    within = enumerate(lines[:_HEADER_WITHIN])
    return next((place for place, line in within if _is_header(line.cells)), None)


def _read_named(
    names: list[str], above: Sequence[_Line], lines: Sequence[_Line], source: SceneList
) -> Reading:
    entries = [_named_entry(names, line) for line in lines if line.cells or line.problem]
    marks = names_markers(names)
    notes = _above_notes(above)
    rows = rows_of(entries)
    open_ended = not any("end" in row.fields or "duration" in row.fields for row in rows)
    if len(rows) > 1 and open_ended and not marks:
        return Reading(run_to_next(entries, source), (*notes, _NO_ENDS))
    return Reading(entries, notes, marks=marks, kind="rows")


def _named_entry(names: Sequence[str], line: _Line) -> Entry:
    if line.problem:
        return Fault(f"line {line.number}", line.problem)
    if len(line.cells) > len(names):
        problem = f"the row has {len(line.cells)} columns instead of {len(names)}"
        return Fault(f"line {line.number}", problem)
    written = {name: cell for name, cell in zip(names, line.cells, strict=False) if cell}
    return Row(f"line {line.number}", by_our_names(written), record=record_times(written))


def _above_notes(above: Sequence[_Line]) -> tuple[str, ...]:
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


@dataclass(frozen=True)
class _Layout:
    """Which column is what, where no header says it; without an end each runs to the next one."""

    start: int
    end: int | None
    title: int
    width: int


def _read_columns(lines: Sequence[_Line], source: SceneList, *, is_tabs: bool) -> Reading:
    filled = [line for line in lines if line.cells and line.cells[0] != _FREQUENCIES]
    header = filled[:1] if _is_foreign_header(filled) else []
    rows = filled[len(header) :]
    layout, notes = _layout([line.cells for line in rows])
    numbers = {line.number for line in rows}
    entries: list[Entry] = []
    for line in lines:
        if line.problem:
            entries.append(Fault(f"line {line.number}", line.problem))
        elif line.number in numbers:
            entries.append(_placed(layout, line, source))
    entries, more = _as_frames(entries, source)
    notes = (*(f"Line {line.number} is read as a header." for line in header), *notes, *more)
    if layout.end is None:
        return Reading(run_to_next(entries, source), (*notes, _NO_ENDS))
    return Reading(entries, notes, marks=is_tabs or bool(header), kind="rows")


def _is_foreign_header(filled: Sequence[_Line]) -> bool:
    """A first line without a digit, above lines with times, names columns in some language."""
    if len(filled) < 2:  # noqa: PLR2004 - a header and a row
        return False
    first, second = filled[0].cells, filled[1].cells
    digits = any(ch.isdigit() for cell in first for ch in cell)
    return len(first) > 1 and not digits and any(map(is_moment, second))


def _layout(rows: Sequence[list[str]]) -> tuple[_Layout, tuple[str, ...]]:
    """The columns of start and end: those beside each other that are times in most rows.

    Three numbers may be start, end, title or title, start, end: they are the former unless the
    first column counts 1, 2, 3 or the latter alone is in order.
    """
    width = max(len(_HEADERLESS), _usual_width(rows))
    pairs = [(_times(rows, column), column) for column in range(width - 1)]
    most, _ = max(pairs)
    if most == (0, 0):
        return _Layout(_first_time(rows), None, width - 1, width), ()
    equal = [column for count, column in pairs if count == most]
    ordered = [column for column in equal if _in_order(rows, column)] or equal
    start = ordered[0]
    if 1 in ordered and _counts(rows):
        start = 1
    layout = _Layout(start, start + 1, 0 if start else 2, width)
    if {0, 1} <= set(ordered):
        return layout, (_ambiguous(layout),)
    return layout, ()


def _usual_width(rows: Sequence[list[str]]) -> int:
    widths = Counter(map(len, rows[:_LINES_TO_JUDGE]))
    return widths.most_common(1)[0][0] if widths else 0


def _times(rows: Sequence[list[str]], column: int) -> tuple[int, int]:
    """In how many rows this column and the next are times, one of them left empty or none."""
    pairs = [_pair(row, column) for row in rows[:_LINES_TO_JUDGE]]
    whole = sum(is_moment(one) and is_moment(other) for one, other in pairs)
    half = sum(_is_open(one, other) for one, other in pairs)
    return (whole + half, whole) if whole or half == len(rows) else (0, 0)


def _is_open(one: str, other: str) -> bool:
    return (not one and is_moment(other)) or (is_moment(one) and not other)


def _pair(row: list[str], column: int) -> tuple[str, str]:
    one, other, *_ = (*row[column : column + 2], "", "")
    return one, other


def _in_order(rows: Sequence[list[str]], column: int) -> bool:
    pairs = [_pair(row, column) for row in rows]
    return all(_order(one) <= _order(other) for one, other in pairs if one and other)


def _order(text: str) -> float:
    if is_time(text):
        return parse_time(text)
    numbers = [int(part) for part in re.findall(r"\d{1,9}", text)]
    return sum(number * 1000.0**-place for place, number in enumerate(numbers))


def _counts(rows: Sequence[list[str]]) -> bool:
    """Whether the first column numbers the rows, from 0 or 1."""
    column = [row[0] for row in rows]
    return any(column == [str(n) for n in range(first, first + len(rows))] for first in (0, 1))


def _first_time(rows: Sequence[list[str]]) -> int:
    columns = (place for row in rows for place, cell in enumerate(row) if is_moment(cell))
    return next(columns, 1)


def _ambiguous(layout: _Layout) -> str:
    order = "title, start, end" if layout.start else "start, end, title"
    return f"Read as {order}; {_SAY_OTHERWISE}."


def _placed(layout: _Layout, line: _Line, source: SceneList) -> Entry:
    place = f"line {line.number}"
    if len(line.cells) > layout.width:
        problem = f"the row has {len(line.cells)} columns instead of {layout.width}"
        return Fault(place, problem)
    columns = {"title": layout.title, "start": layout.start, "end": layout.end}
    written = {
        name: line.cells[column]
        for name, column in columns.items()
        if column is not None and column < len(line.cells) and line.cells[column]
    }
    # LosslessCut leaves out where the video begins and where it ends.
    open_ended = {"start": 0.0, "end": source.duration} if layout.start == 0 and layout.end else {}
    return Row(place, {**open_ended, **written})


def _as_frames(entries: list[Entry], source: SceneList) -> tuple[list[Entry], tuple[str, ...]]:
    """Whole numbers far beyond the end of the video in seconds, but not in frames, are frames."""
    rows = rows_of(entries)
    times = [str(row.fields.get(name, "")) for row in rows for name in ("start", "end")]
    whole = [int(time) for time in times if time.isdecimal() and len(time) < 10]  # noqa: PLR2004 - digits
    duration = source.duration
    if duration is None or len(whole) < len(times) or max(whole, default=0) <= duration + 1:
        return entries, ()
    if max(whole) > (duration + 1) * source.fps:
        return entries, ()
    note = "Read as frame numbers: as seconds they would lie beyond the end of the video."
    return [_framed(entry) for entry in entries], (note,)


def _framed(entry: Entry) -> Entry:
    if isinstance(entry, Fault):
        return entry
    framed = {name: Frames(int(str(entry.fields[name]))) for name in ("start", "end")}
    return entry.with_fields(**framed)
