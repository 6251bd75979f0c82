"""Timecodes of a whole list to seconds of the video: at which rate they count, and from where."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from viralclip.scene_lists.rows import (
    Clocked,
    Frames,
    Reading,
    Row,
    SceneList,
    Timecode,
    Unreadable,
    is_timecode,
    rows_of,
    shown,
)
from viralclip.timecode import frame_of, parse_frames

_TIMES = ("start", "end", "duration")
_RATES = (24, 25, 30, 50, 60, 100, 120)
_USUAL = 30
_NTSC = 1.001
_HIGH_RATE = 48
# So many different frame numbers, all in the lower half, do not come about by chance.
_TELLING = 3
_ROUNDING = 1e-6


def to_video_time(reading: Reading, source: SceneList, *, source_clock: bool) -> Reading:
    """The reading with every timecode as seconds of the video, and notes on how they were read.

    `source_clock`: the list counts by the clock of the footage, as EDLs do, and not from zero.
    """
    rows = [_typed(row) for row in rows_of(reading.entries)]
    if not any(_counted(row) for row in rows):
        return reading
    rate, notes = _rate(rows, source)
    seconds = [_in_seconds(row, rate) for row in rows]
    on_video, more = _on_video(seconds, source, rate, source_clock=source_clock)
    moved = iter(on_video)
    entries = [next(moved) if isinstance(entry, Row) else entry for entry in reading.entries]
    return replace(reading, entries=entries, notes=(*reading.notes, *notes, *more))


def _typed(row: Row) -> Row:
    def typed(fields: Mapping[str, object]) -> dict[str, object]:
        return {name: _as_timecode(name, value) for name, value in fields.items()}

    record = None if row.record is None else typed(row.record)
    return replace(row, fields=typed(row.fields), record=record)


def _as_timecode(name: str, value: object) -> object:
    is_code = name in _TIMES and isinstance(value, str) and is_timecode(value)
    return Timecode(str(value).strip()) if is_code else value


def _counted(row: Row) -> list[Timecode | Clocked | Frames]:
    values = [*row.fields.values(), *(row.record or {}).values()]
    return [value for value in values if isinstance(value, Timecode | Clocked | Frames)]


def _codes(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for value in _counted(row):
            if isinstance(value, Timecode):
                yield value.text


def _rate(rows: Sequence[Row], source: SceneList) -> tuple[float, list[str]]:
    """The frames per second that the list counts: its own word, or what its numbers show."""
    codes = list(_codes(rows))
    numbers = {number for number in map(frame_of, codes) if number is not None}
    top = max(numbers, default=0)
    if source.rate is not None:
        return source.rate, _rate_notes(source.rate, source, "as it says")
    if 2 * sum(";" in code for code in codes) > len(codes):
        rate = _drop_rate(top, source.fps)
        return rate, _rate_notes(rate, source, "as its drop-frame timecodes show")
    if top >= round(source.fps):
        rate = _rate_above(top, source.fps)
        return rate, _rate_notes(rate, source, f"as frame {top} in it shows")
    return _rate_below(numbers - {0}, source)


def _rate_notes(rate: float, source: SceneList, because: str) -> list[str]:
    if math.isclose(rate, source.fps, rel_tol=1e-4):
        return []
    counted = f"The {source.noun} counts {rate:.5g} frames per second"
    return [f"{counted}, {because}; the video has {source.fps:.5g}."]


def _drop_rate(top: int, fps: float) -> float:
    fitting = [rate for rate in (30, 60, 120) if rate > top] or [120]
    return (round(fps) if round(fps) in fitting else fitting[0]) / _NTSC


def _rate_above(top: int, fps: float) -> float:
    """The rate of a list that counts further than the video: a usual one, or twice the video's."""
    fitting = [rate for rate in _RATES if rate > top] or [_RATES[-1]]
    doubled = [fps * factor for factor in (2, 4) if round(fps * factor) > top]
    if fitting[0] > _USUAL and doubled:
        return doubled[0]
    is_ntsc = not math.isclose(fps, round(fps), rel_tol=1e-4) and fitting[0] % 25
    return fitting[0] / _NTSC if is_ntsc else float(fitting[0])


def _rate_below(numbers: set[int], source: SceneList) -> tuple[float, list[str]]:
    """A list may count at half the rate of a fast video; only its numbers can show it."""
    fps, say_otherwise = source.fps, partial(_say_otherwise, source.noun)
    if not numbers or round(fps) < _HIGH_RATE or 2 * max(numbers) >= round(fps):
        return fps, []
    half = fps / 2
    if len(numbers) < _TELLING:
        counted = f"Frames are counted at the video's {fps:.5g} per second"
        return fps, [f"{counted}. {say_otherwise(half)}"]
    counted = f"The {source.noun} counts {half:.5g} frames per second, as its frame numbers show"
    return half, [f"{counted}; the video has {fps:.5g}. {say_otherwise(fps)}"]


def _say_otherwise(noun: str, rate: float) -> str:
    return f"If the {noun} counts at {rate:.5g}, write FPS: {rate:.5g} as its first line."


def _in_seconds(row: Row, rate: float) -> Row:
    def converted(fields: Mapping[str, object]) -> dict[str, object]:
        return {name: _seconds(name, value, rate) for name, value in fields.items()}

    record = None if row.record is None else converted(row.record)
    return replace(row, fields=converted(row.fields), record=record)


def _seconds(name: str, value: object, rate: float) -> object:
    """Times stand on a clock until it is known; lengths and numbered frames do not."""
    match value:
        case Timecode(text):
            try:
                seconds = parse_frames(shown(text), fps=rate)
            except ValueError as error:
                return Unreadable(str(error))
            return seconds if name == "duration" else Clocked(seconds, shown(text))
        case Frames(count):
            return count / rate
        case _:
            return value


@dataclass(frozen=True)
class _Clock:
    """A clock that begins `zero` seconds before the video's; `day` is how long until midnight."""

    zero: float
    day: float
    record: bool = False

    def of(self, seconds: float) -> float:
        """A time on this clock as one of the video; after midnight the clock counts anew."""
        moved = seconds - self.zero
        if abs(moved) < _ROUNDING:
            return 0.0
        return moved + self.day if moved < 0 and self.zero else moved

    def inside(self, starts: Sequence[float], duration: float) -> int:
        return sum(self.of(start) < duration for start in starts)

    def move(self, row: Row) -> Row:
        fields = {**row.fields, **(row.record or {})} if self.record else row.fields
        moved = {
            name: self.of(value.seconds) if isinstance(value, Clocked) else value
            for name, value in fields.items()
        }
        return replace(row, fields=moved, record=None)


def _on_video(
    rows: Sequence[Row], source: SceneList, rate: float, *, source_clock: bool
) -> tuple[list[Row], list[str]]:
    """The rows in the video's time: by a clock from zero, its timecode, or a whole hour."""
    hour = parse_frames("01:00:00;00" if _is_drop(rows, rate) else "01:00:00:00", fps=rate)
    zero = _Clock(0.0, 24 * hour)
    duration = source.duration
    if duration is None:
        return [zero.move(row) for row in rows], []
    begins = _Clock(_start_seconds(source, rate), 24 * hour)
    order = [begins, zero] if source_clock and begins.zero else [zero, begins]
    starts = _starts(rows, record=False)
    record = _starts(rows, record=True)
    for clock in [*order, _from_whole_hour(starts, hour)]:
        # A few scenes outside of the video are faults of theirs, and not of the clock; a few
        # timecodes among other times make no clock.
        if len(rows) <= 2 * len(starts) < 4 * clock.inside(starts, duration):
            return [clock.move(row) for row in rows], _clock_notes(clock, source, begins)
    if zero.inside(starts, duration):
        return [zero.move(row) for row in rows], []
    for clock in [*order, _from_whole_hour(record, hour)]:
        if len(starts) == clock.inside(record, duration) == len(rows):
            sequence = replace(clock, record=True)
            return [sequence.move(row) for row in rows], _clock_notes(sequence, source, begins)
    return [_elsewhere(row, source) for row in rows], []


def _from_whole_hour(starts: Sequence[float], hour: float) -> _Clock:
    hours = math.floor(min(starts, default=0.0) / hour + _ROUNDING)
    return _Clock(hours * hour, 24 * hour)


def _is_drop(rows: Sequence[Row], rate: float) -> bool:
    times = (value for row in rows for value in _counted(row) if isinstance(value, Clocked))
    return round(rate) % 30 == 0 and any(";" in time.text for time in times)


def _start_seconds(source: SceneList, rate: float) -> float:
    """The video's own timecode, which may count at its rate or at the list's."""
    for fps in (source.fps, rate):
        with suppress(ValueError):
            return parse_frames(source.timecode, fps=fps)
    return 0.0


def _starts(rows: Sequence[Row], *, record: bool) -> list[float]:
    fields = [row.record or {} if record else row.fields for row in rows]
    starts = [each.get("start") for each in fields]
    return [start.seconds for start in starts if isinstance(start, Clocked)]


def _clock_notes(clock: _Clock, source: SceneList, begins: _Clock) -> list[str]:
    notes: list[str] = []
    if clock.record:
        notes.append(
            "The source timecodes lie outside the video, so the record timecodes are used."
        )
    if clock.zero and clock.zero == begins.zero:
        zero = f"the video's start timecode {source.timecode}"
        notes.append(f"The {source.noun} counts from {zero}, which is taken off.")
    elif clock.zero:
        hours = round(clock.zero * 24 / clock.day)
        notes.append(f"The {source.noun} counts from {hours:02}:00:00:00, which is taken off.")
    return notes


def _elsewhere(row: Row, source: SceneList) -> Row:
    """A row on a clock that has nothing to do with the video's: a fault that says so."""
    begins = f"starts at {source.timecode}" if source.timecode else "has no start timecode"
    fields = {
        name: Unreadable(f"{value.text} lies outside the video, which {begins}")
        if isinstance(value, Clocked)
        else value
        for name, value in row.fields.items()
    }
    return replace(row, fields=fields)
