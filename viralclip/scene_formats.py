"""The formats scene lists come in: readers turn text into rows and judge no values."""

import csv
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import cast

from viralclip.edl import is_edl, read_edl
from viralclip.errors import Fault
from viralclip.scene_rows import Entry, Row, SceneList, Unreadable, shown
from viralclip.timecode import parse_time

LIST_KEYS = ("scenes", "highlights")
Reader = Callable[[SceneList], list[Entry]]
_SPELLINGS = {
    "id": ("id", "sceneid"),
    "title": ("title", "name", "label"),
    "start": ("start", "starttime", "startsec", "startseconds", "begin", "from", "in"),
    "end": ("end", "endtime", "endsec", "endseconds", "to", "out"),
    "duration": ("duration", "durationsec", "durationseconds", "length"),
    "webcam": ("webcam",),
    "crop": ("crop",),
}
_HEADERLESS = ("title", "start", "end")
_DELIMITERS = (",", ";", "\t")
_LINES_TO_JUDGE = 50
_CLOCK = r"\d{1,3}(?::\d{1,3}){1,2}(?:[.,]\d{1,9})?"
_CHAPTER = re.compile(
    rf"(?:[-*•]\s+)?[\[(]?({_CLOCK})[\])]?(?!\w|:\d)"
    rf"(?:\s*[-–—]\s*[\[(]?({_CLOCK})[\])]?(?!\w|:\d))?"  # noqa: RUF001 - people type en dashes
    r"\s*(?:[-–—:|.]\s*)?(.*)"  # noqa: RUF001 - same
)
_TAG = re.compile(r"</?(?:[bciuv]|font|lang|ruby|rt)\b[^<>]*>|\{\\[^{}]*\}")
_TIMING = re.compile(r"\s*\d[\d:.,]*\s*-->")
_CAPTION_NOTES = ("WEBVTT", "NOTE", "STYLE", "REGION")


def read_entries(source: SceneList, name: str) -> list[Entry]:
    """The rows of a list in any format: its content decides, then the ending of `name`."""
    if "\0" in source.text:
        return [Fault("", "this is not text; save the list as UTF-8")]
    if not source.text.strip():
        return []
    reader = _reader(source, name)
    if reader is None:
        return [Fault("", "this is neither JSON, CSV, SRT, VTT, EDL nor lines like 0:10 Title")]
    return reader(source)


def _reader(source: SceneList, name: str) -> Reader | None:
    ending = name.rpartition(".")[2].lower()
    if _is_json(source):
        return _read_json
    if source.text.startswith("WEBVTT"):
        return _read_captions
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    return next((reader for fits, reader in _BY_CONTENT if fits(source)), None)


def _is_json(source: SceneList) -> bool:
    text = source.text.lstrip()
    return text.startswith(("{", "[")) and _CHAPTER.match(text) is None


def _read_json(source: SceneList) -> list[Entry]:
    """A list of objects, or an object that holds one under `scenes` or `highlights`."""
    try:
        document: object = json.loads(source.text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        return [Fault(place, f"the JSON is broken: {error.msg}")]
    except (ValueError, RecursionError):
        return [Fault("", "the JSON is nested too deeply or holds an endless number")]
    return _json_entries(document)


def _json_entries(document: object) -> list[Entry]:
    if isinstance(document, dict):
        whole = cast("dict[str, object]", document)
        keys = [key for key in LIST_KEYS if key in whole]
        if len(keys) == 1:
            return _json_rows(keys[0], whole[keys[0]])
    elif isinstance(document, list):
        return _json_rows(LIST_KEYS[0], cast("object", document))
    expected = " or ".join(f'{{"{key}": [...]}}' for key in LIST_KEYS)
    return [Fault("", f"the JSON is neither a list of scenes nor {expected}")]


def _json_rows(key: str, items: object) -> list[Entry]:
    if not isinstance(items, list):
        return [Fault(key, f"{shown(items)} is not a list of scenes")]
    return [
        _json_row(f"{key}[{place}]", item) for place, item in enumerate(cast("list[object]", items))
    ]


def _json_row(place: str, item: object) -> Entry:
    if not isinstance(item, dict):
        return Fault(place, f"{shown(item)} is not a scene like {{title, start, end}}")
    return Row(place, _by_our_names(cast("dict[str, object]", item)), keyed=True)


def _by_our_names(written: Mapping[str, object]) -> dict[str, object]:
    """The fields we know under our names; null is the same as left out."""
    plain = {_plain(key): value for key, value in written.items() if value is not None}
    return {
        name: next(plain[spelling] for spelling in spellings if spelling in plain)
        for name, spellings in _SPELLINGS.items()
        if any(spelling in plain for spelling in spellings)
    }


def _plain(key: str) -> str:
    return re.sub(r"[\s_-]", "", key).lower()


def _is_table(source: SceneList) -> bool:
    return max(_fit(source, delimiter) for delimiter in _DELIMITERS) > (False, 0)


def _read_table(source: SceneList) -> list[Entry]:
    """CSV with a header in any order, or title, start, end without one; also `;` and tabs."""
    delimiter = max(_DELIMITERS, key=lambda delimiter: _fit(source, delimiter))
    names: Sequence[str] = _HEADERLESS
    entries: list[Entry] = []
    for count, (number, line) in enumerate(_table_lines(source)):
        try:
            cells = _cells(line, delimiter)
        except csv.Error as error:
            entries.append(Fault(f"line {number}", f"the row is broken: {shown(str(error))}"))
            continue
        if count == 0 and _is_header(cells):
            names = cells
        elif cells:
            entries.append(_table_entry(f"line {number}", names, cells))
    return entries


def _table_lines(source: SceneList) -> list[tuple[int, str]]:
    # Line by line, so that an unclosed quote costs its own row and not all the rows below; not
    # stripped, because a leading tab is an empty cell.
    return [(number, line) for number, line in enumerate(source.lines, 1) if line.strip()]


def _table_entry(place: str, names: Sequence[str], cells: list[str]) -> Entry:
    if len(cells) > len(names):
        return Fault(place, f"the row has {len(cells)} columns instead of {len(names)}")
    written = zip(names, cells, strict=False)
    return Row(place, _by_our_names({name: cell for name, cell in written if cell}))


def _fit(source: SceneList, delimiter: str) -> tuple[bool, int]:
    """How well the delimiter explains the lines: is there a header, how many end in two times."""
    rows = [_split(line, delimiter) for _, line in _table_lines(source)[:_LINES_TO_JUDGE]]
    header = bool(rows) and _is_header(rows[0])
    return header, sum(sum(map(_is_time, row[-2:])) == len(row[-2:]) > 1 for row in rows)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        cells = _cells(line, delimiter)
    except csv.Error:
        return []
    return cells if len(cells) > 1 else []


def _cells(line: str, delimiter: str) -> list[str]:
    cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True))]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _is_header(cells: Sequence[str]) -> bool:
    plain = {_plain(cell) for cell in cells}
    return not plain.isdisjoint(_SPELLINGS["start"]) and not any(map(_is_time, cells))


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


def _is_captions(source: SceneList) -> bool:
    return source.text.startswith("WEBVTT") or any(map(_TIMING.match, source.lines))


def _read_captions(source: SceneList) -> list[Entry]:
    """SRT and WebVTT: each cue is a scene and its text the title; cue numbers say nothing."""
    entries: list[Entry] = []
    for first, lines in _paragraphs(source):
        timings = [place for place, line in enumerate(lines) if "-->" in line]
        if timings:
            entries += _cues(first, lines, timings)
        elif not lines[0].startswith(_CAPTION_NOTES):
            entries.append(Fault(f"line {first}", "the cue has no line like 0:10 --> 0:20"))
    return entries


def _paragraphs(source: SceneList) -> Iterator[tuple[int, list[str]]]:
    """Runs of filled lines, each with the number of its first line."""
    lines: list[str] = []
    for number, line in enumerate([*source.lines, ""], 1):
        if line.strip():
            lines.append(line.strip())
        elif lines:
            yield number - len(lines), lines
            lines = []


def _cues(first: int, lines: list[str], timings: list[int]) -> Iterator[Row]:
    for here, following in pairwise([*timings, len(lines)]):
        text = lines[here + 1 : following]
        if following < len(lines) and text and text[-1].isdecimal():
            text.pop()  # the number of the next cue, which came without an empty line before it
        start, _, rest = lines[here].partition("-->")
        fields = {"start": start.strip(), "end": (rest.split() or [""])[0], "title": _spoken(text)}
        yield Row(f"line {first + here}", fields)


def _spoken(text: list[str]) -> str:
    return html.unescape(_TAG.sub("", " ".join(text)))


def _is_chapters(source: SceneList) -> bool:
    return any(_CHAPTER.match(line) for _, line in source.filled())


def _read_chapters(source: SceneList) -> list[Entry]:
    """Lines like "1:30 Title" or "1:30 - 2:10 Title"; without an end each runs to the next one."""
    entries: list[Entry] = []
    end: object = source.duration
    if end is None:
        end = Unreadable("the last chapter has no end, because the length of the video is unknown")
    for number, line in reversed(list(source.filled())):
        match = _CHAPTER.match(line)
        if match is None:
            entries.append(Fault(f"line {number}", f"{shown(line)} does not start with a time"))
            continue
        start, own_end, title = match.groups()
        fields = {"start": start, "end": own_end or end, "title": title}
        entries.append(Row(f"line {number}", fields))
        if _is_time(start):
            end = start
    return entries[::-1]


_BY_ENDING: dict[str, Reader] = {
    "json": _read_json,
    "csv": _read_table,
    "tsv": _read_table,
    "srt": _read_captions,
    "vtt": _read_captions,
    "edl": read_edl,
}
_BY_CONTENT = (
    (_is_captions, _read_captions),
    (is_edl, read_edl),
    (_is_table, _read_table),
    (_is_chapters, _read_chapters),
)
