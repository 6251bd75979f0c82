"""Markers without length: starts of chapters if a list has nothing else, otherwise no scenes."""

from dataclasses import replace

from viralclip.scene_lists.rows import Reading, Row, SceneList, listed, rows_of, run_to_next
from viralclip.timecode import parse_time

_ROUNDING = 0.0005


def stretch_marks(reading: Reading, source: SceneList) -> Reading:
    """The reading with points run to the next one, or left out where other rows have a length.

    Editing programs give a point the length of no frame, or of one.
    """
    rows = rows_of(reading.entries)
    points = [row for row in rows if _is_point(row, shortest=1 / source.fps)]
    if not points:
        return reading
    if len(points) == len(rows):
        return _chained(reading, source)
    places = {point.place for point in points}
    kept = [entry for entry in reading.entries if entry.place not in places]
    names = listed([_name(row) for row in points])
    note = f"Markers without a length are left out: {names}."
    return replace(reading, entries=kept, notes=(*reading.notes, note))


def _is_point(row: Row, *, shortest: float) -> bool:
    start, end = _seconds(row.fields.get("start")), _seconds(row.fields.get("end"))
    duration = _seconds(row.fields.get("duration"))
    if start is None:
        return False
    if end is None and duration is None:
        return "end" not in row.fields and "duration" not in row.fields
    length = end - start if end is not None else duration or 0.0
    return -_ROUNDING <= length < shortest + _ROUNDING


def _seconds(value: object) -> float | None:
    if not isinstance(value, int | float | str):
        return None
    try:
        return parse_time(value)
    except ValueError:
        return None


def _name(row: Row) -> str:
    title = row.fields.get("title")
    return str(title) if title else row.place


def _chained(reading: Reading, source: SceneList) -> Reading:
    """In the order of time, because programs list markers in the order they were set."""
    open_ended = [
        replace(row, fields={k: v for k, v in row.fields.items() if k not in {"end", "duration"}})
        for row in sorted(rows_of(reading.entries), key=_start)
    ]
    chained = run_to_next(open_ended, source)
    faults = [entry for entry in reading.entries if not isinstance(entry, Row)]
    note = (
        "The list marks points: each scene runs to the next one, and the last to the end of the"
        " video."
    )
    return replace(reading, entries=[*chained, *faults], notes=(*reading.notes, note))


def _start(row: Row) -> float:
    return _seconds(row.fields.get("start")) or 0.0
