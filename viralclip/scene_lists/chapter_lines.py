"""Lines with a time and a title, as people write them under a video."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from viralclip.errors import Fault
from viralclip.scene_lists.rows import Entry, Reading, Row, SceneList, listed, run_to_next, shown

_CLOCK = r"(?:\d{1,3}(?::\d{1,3}){1,2}(?:[.,]\d{1,9})?|\d{1,3}[:;]\d{2}[:;]\d{2}[:;]\d{2,3})"
_SECONDS = r"\d{1,9}(?:[.,]\d{1,9})?"
_ENDED = r"(?!\w|[:;]\d)"
_DASH = r"(?:[-–—−→~]+|-->|->|\bto\b|\bbis\b)"  # noqa: RUF001 - people type these
# A list's bullet or number, an emoji, a bracket: what stands before the time and is no word.
_BEFORE = r"(?:\d{1,3}[.)]\s+)?[^\w\s\[(]{0,8}\s{0,8}(?:\d{1,3}[.)]\s+)?[\[(]?\s{0,8}"
_AFTER = r"\s{0,8}[\])]?"
_LEADING = re.compile(
    rf"{_BEFORE}({_CLOCK}){_ENDED}{_AFTER}"
    rf"(?:\s*{_DASH}\s*[\[(]?\s{{0,8}}({_CLOCK}){_ENDED}{_AFTER})?"
    r"\s*(?:[-–—−:|.]\s*)?(.*)"  # noqa: RUF001 - same
)
_LEADING_SECONDS = re.compile(
    rf"{_BEFORE}({_SECONDS})\s?s?\s*{_DASH}\s*({_SECONDS})(?![\w.,:;])\s?s?\b{_AFTER}"
    r"\s*(?:[-–—−:|]\s*)?(.*)"  # noqa: RUF001 - same
)
_TRAILING = re.compile(
    rf"[\s\[(:|–—−-]({_CLOCK})(?:\s{{0,8}}{_DASH}\s{{0,8}}({_CLOCK}))?\s{{0,8}}[\])]?[\s.]{{0,8}}$"  # noqa: RUF001 - same
)
_TAIL_CHARS = 60
_AROUND = "-–—−•*:|[( \t"  # noqa: RUF001 - same
_ALMOST = re.compile(r"[\[(]?\d{1,3}:\d")


@dataclass(frozen=True)
class _Line:
    start: str
    end: str | None
    title: str


def is_chapters(source: SceneList) -> bool:
    return any(_parsed(line) for _, line in source.filled())


def starts_with_time(text: str) -> bool:
    """Whether a bracket at the start of the text belongs to a time, and not to JSON."""
    return _leading(text.partition("\n")[0]) is not None


def read_chapters(source: SceneList) -> Reading:
    """Lines like "1:30 Title", "Title - 1:30" or "1:30 - 2:10 Title"; without an end each runs to
    the next one. A title may stand on the line below its time. Other lines are left out, and said.
    """
    entries: list[Entry] = []
    other: list[int] = []
    for number, line in source.filled():
        parsed = _parsed(line)
        if parsed is not None:
            entries.append(_row(number, parsed))
        elif _ALMOST.match(line):
            entries.append(Fault(f"line {number}", f"{shown(line)} does not start with a time"))
        elif not _named(entries, line):
            other.append(number)
    return Reading(run_to_next(entries, source), tuple(_left_out(other)), kind="chapters")


def _row(number: int, line: _Line) -> Row:
    fields: dict[str, object] = {"start": line.start, "title": line.title}
    return Row(f"line {number}", fields if line.end is None else {**fields, "end": line.end})


def _parsed(line: str) -> _Line | None:
    """A time at the start of the line beats one at its end, which may belong to the title."""
    leading = _leading(line)
    if leading is not None:
        return leading
    head, tail = line[:-_TAIL_CHARS], line[-_TAIL_CHARS:]
    trailing = _TRAILING.search(tail)
    if trailing is None:
        return None
    title = (head + tail[: trailing.start()]).strip(_AROUND)
    return _Line(trailing[1], trailing[2], title) if title else None


def _leading(line: str) -> _Line | None:
    match = _LEADING.fullmatch(line.strip()) or _LEADING_SECONDS.fullmatch(line.strip())
    return _Line(match[1], match[2], match[3]) if match else None


def _named(entries: list[Entry], line: str) -> bool:
    """Gives the line as title to a time that stood alone on the line before."""
    last = entries[-1] if entries else None
    if not isinstance(last, Row) or last.fields.get("title"):
        return False
    entries[-1] = last.with_fields(title=line)
    return True


def _left_out(lines: list[int]) -> Iterator[str]:
    if lines:
        numbers = listed([str(number) for number in lines])
        yield f"Lines without a time are left out: {numbers}."
