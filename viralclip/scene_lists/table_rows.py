"""The rows of a table: their cells, with the lines they stand in."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from viralclip.scene_lists.rows import SceneList, is_moment, shown

# How many rows are looked at to judge a table.
LINES_TO_JUDGE = 50
NO_ENDS = "The list has no ends: each scene runs to the next one, and the last to the video's end."


@dataclass(frozen=True)
class Line:
    """A row as written: the number of its first line and its cells, or why it has none."""

    number: int
    cells: list[str]
    problem: str = ""


def csv_rows(source: SceneList, delimiter: str) -> list[Line]:
    """Rows by their cells; a cell in quotes may hold line ends, if every quote is closed."""
    try:
        return list(_whole(source, delimiter))
    except csv.Error:
        return [_one(number, line, delimiter) for number, line in table_lines(source)]


def _whole(source: SceneList, delimiter: str) -> Iterator[Line]:
    reader = csv.reader([f"{line}\n" for line in source.lines], delimiter=delimiter, strict=True)
    first = 1
    for cells in reader:
        if any(map(str.strip, cells)):
            yield Line(first, _tidy(cells))
        first = reader.line_num + 1


def _one(number: int, line: str, delimiter: str) -> Line:
    # Line by line, so that an unclosed quote costs its own row and not all the rows below.
    try:
        return Line(number, cells_of(line, delimiter))
    except csv.Error as error:
        return Line(number, [], f"the row is broken: {shown(str(error))}")


def table_lines(source: SceneList) -> list[tuple[int, str]]:
    # Not stripped, because a leading tab is an empty cell.
    return [(number, line) for number, line in enumerate(source.lines, 1) if line.strip()]


def cells_of(line: str, delimiter: str) -> list[str]:
    return _tidy(next(csv.reader([line], delimiter=delimiter, strict=True)))


def _tidy(cells: Sequence[str]) -> list[str]:
    tidy = [" ".join(cell.split("\n")).strip() for cell in cells]
    while tidy and not tidy[-1]:
        tidy.pop()
    return tidy


def is_open(one: str, other: str) -> bool:
    return (not one and is_moment(other)) or (is_moment(one) and not other)
