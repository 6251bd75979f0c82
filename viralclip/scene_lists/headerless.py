"""Tables without a header: which columns are start, end and title shows in their times."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from viralclip.errors import Fault
from viralclip.scene_lists.rows import (
    Entry,
    Frames,
    Reading,
    Row,
    SceneList,
    is_moment,
    is_time,
    rows_of,
    run_to_next,
)
from viralclip.scene_lists.table_rows import LINES_TO_JUDGE, NO_ENDS, Line, is_open
from viralclip.timecode import parse_time

_HEADERLESS = ("title", "start", "end")
_FREQUENCIES = "\\"
_SAY_OTHERWISE = 'add a header such as "title,start,end" to say otherwise'


def read_columns(lines: Sequence[Line], source: SceneList, *, is_tabs: bool) -> Reading:
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
        return Reading(run_to_next(entries, source), (*notes, NO_ENDS))
    return Reading(entries, notes, marks=is_tabs or bool(header), kind="rows")


@dataclass(frozen=True)
class _Layout:
    """Which column is what, where no header says it; without an end each runs to the next one."""

    start: int
    end: int | None
    title: int
    width: int


def _is_foreign_header(filled: Sequence[Line]) -> bool:
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
    widths = Counter(map(len, rows[:LINES_TO_JUDGE]))
    return widths.most_common(1)[0][0] if widths else 0


def _times(rows: Sequence[list[str]], column: int) -> tuple[int, int]:
    """In how many rows this column and the next are times, one of them left empty or none."""
    pairs = [_pair(row, column) for row in rows[:LINES_TO_JUDGE]]
    whole = sum(is_moment(one) and is_moment(other) for one, other in pairs)
    half = sum(is_open(one, other) for one, other in pairs)
    return (whole + half, whole) if whole or half == len(rows) else (0, 0)


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


def _placed(layout: _Layout, line: Line, source: SceneList) -> Entry:
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
