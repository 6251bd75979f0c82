"""What every reader of scene lists takes and gives: a text, and rows that say where they stand."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from viralclip.errors import Fault

_SHOWN_CHARS = 40


@dataclass(frozen=True)
class SceneList:
    """The text of a scene list without BOM and carriage returns, and what is known of its video."""

    text: str
    duration: float | None
    fps: float

    @cached_property
    def lines(self) -> list[str]:
        # Not splitlines(): it also cuts at control characters that a title must be refused for.
        return self.text.split("\n")

    def filled(self) -> Iterator[tuple[int, str]]:
        """Lines that hold something, with their numbers."""
        return ((n, line.strip()) for n, line in enumerate(self.lines, 1) if line.strip())


@dataclass(frozen=True)
class Unreadable:
    """A field's value that its reader could not make sense of."""

    problem: str


@dataclass(frozen=True)
class Row:
    """One scene as written: its place in the list and its fields by our names, values unchecked."""

    place: str
    fields: Mapping[str, object]
    keyed: bool = False

    def at(self, name: str) -> str:
        return f"{self.place}.{name}" if self.keyed else self.place


Entry = Row | Fault


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
