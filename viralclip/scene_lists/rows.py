"""What every reader of scene lists takes and gives: a text, and rows that say where they stand."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from viralclip.errors import Fault
from viralclip.timecode import parse_time

_SHOWN_CHARS = 40
_TIMECODE = re.compile(r"\d{1,3}[:;]\d{2}[:;]\d{2}[:;]\d{2,3}")


@dataclass(frozen=True)
class SceneList:
    """The text of a scene list without BOM and carriage returns, and what is known of its video.

    `timecode` is the video's own at its first frame, or empty; `rate` is the frame rate that the
    list itself names; `noun` is what notes call the list. `scrolls` says that lines of subtitles
    may be there again because they scroll up, and not because they are said again.
    """

    text: str
    duration: float | None
    fps: float
    timecode: str = ""
    rate: float | None = None
    noun: str = "list"
    scrolls: bool = True

    @cached_property
    def lines(self) -> list[str]:
        # Not splitlines(): it also cuts at control characters that a title must be refused for.
        return self.text.split("\n")

    def filled(self) -> Iterator[tuple[int, str]]:
        """Lines that hold something, with their numbers."""
        return ((n, line.strip()) for n, line in enumerate(self.lines, 1) if line.strip())

    def paragraphs(self) -> Iterator[tuple[int, list[str]]]:
        """Runs of filled lines, each with the number of its first line."""
        lines: list[str] = []
        for number, line in enumerate([*self.lines, ""], 1):
            if line.strip():
                lines.append(line.strip())
            elif lines:
                yield number - len(lines), lines
                lines = []


@dataclass(frozen=True)
class Unreadable:
    """A field's value that its reader could not make sense of."""

    problem: str


@dataclass(frozen=True)
class Timecode:
    """An SMPTE timecode HH:MM:SS:FF on a clock and at a rate that the whole list must show."""

    text: str


@dataclass(frozen=True)
class Clocked:
    """Seconds on a clock that need not begin with the video, and how the list writes them."""

    seconds: float
    text: str


@dataclass(frozen=True)
class Frames:
    """A number of frames at the rate of the list."""

    count: float


@dataclass(frozen=True)
class Row:
    """One scene as written: its place in the list and its fields by our names, values unchecked.

    `record` holds start and end where the scene stands in a sequence cut from the video.
    """

    place: str
    fields: Mapping[str, object]
    keyed: bool = False
    record: Mapping[str, object] | None = None

    def at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.keyed else self.place

    def with_fields(self, **fields: object) -> "Row":
        return replace(self, fields={**self.fields, **fields})


Entry = Row | Fault


@dataclass(frozen=True)
class Reading:
    """Rows and faults in the list's order, and sentences on how the list was understood.

    `marks` says that the format marks points as well as stretches: a row without length is no
    mistake. `kind` is how a message calls one row.
    """

    entries: Sequence[Entry]
    notes: tuple[str, ...] = ()
    marks: bool = False
    kind: str = "scenes"


def rows_of(entries: Sequence[Entry]) -> list[Row]:
    return [entry for entry in entries if isinstance(entry, Row)]


def is_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


def is_timecode(text: str) -> bool:
    return _TIMECODE.fullmatch(text.strip()) is not None


def is_moment(text: str) -> bool:
    """Whether the text is a time in seconds or by the clock, or a timecode with frames."""
    return is_timecode(text) or is_time(text)


def run_to_next(entries: Sequence[Entry], source: SceneList) -> list[Entry]:
    """The entries where a row without an end lasts to the start of the next, the last to the end.

    A start that cannot be read ends nothing.
    """
    end: object = source.duration
    if end is None:
        end = Unreadable("the last chapter has no end, because the length of the video is unknown")
    chained: list[Entry] = []
    for entry in reversed(entries):
        if isinstance(entry, Fault):
            chained.append(entry)
            continue
        ends = "end" in entry.fields or "duration" in entry.fields
        chained.append(entry if ends else entry.with_fields(end=end))
        if _is_known(entry.fields.get("start")):
            end = entry.fields["start"]
    return chained[::-1]


def _is_known(start: object) -> bool:
    match start:
        case str():
            return is_moment(start)
        case int() | float() | Timecode() | Clocked() | Frames():
            return True
        case _:
            return False


def listed(names: Sequence[str], most: int = 3) -> str:
    """A few names as they stand in a sentence: "A, B, C and 2 more"."""
    rest = len(names) - most
    few = ", ".join(shown(name) for name in names[:most])
    return few if rest <= 0 else f"{few} and {rest} more"


def shown(value: object) -> str:
    """A value as it may stand in a message: short, on one line, without control characters."""
    match value:
        case str():
            text = value if len(value) <= _SHOWN_CHARS else f"{value[: _SHOWN_CHARS - 1]}…"
            return "".join(ch if ch.isprintable() else ascii(ch)[1:-1] for ch in text) or '""'
        case bool() | None:
            return json.dumps(value)
        case int() | float():
            return shown(str(value))
        case list():
            return "a list"
        case _:
            return "an object"
