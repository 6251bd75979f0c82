"""Chapters in files of their own: OGM, FFmpeg's metadata, CUE sheets and PotPlayer bookmarks."""

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from viralclip.errors import Fault
from viralclip.scene_lists.rows import (
    Entry,
    Reading,
    Row,
    SceneList,
    Unreadable,
    run_to_next,
    shown,
)

_OGM = re.compile(r"CHAPTER(\d{1,4})(NAME)?=(.*)", re.IGNORECASE)
_PAIR = re.compile(r"([A-Za-z_]+)=(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NANOSECONDS = Fraction(1, 10**9)
_CUE_TRACK = re.compile(r"TRACK\s+\d+\s+\S+", re.IGNORECASE)
_CUE_TITLE = re.compile(r'TITLE\s+"?(.*?)"?$', re.IGNORECASE)
_CUE_INDEX = re.compile(r"INDEX\s+(\d+)\s+(\S+)", re.IGNORECASE)
_CUE_TIME = re.compile(r"(\d{1,4}):(\d{2}):(\d{2})")
_CUE_FRAMES = 75
_MINUTE = 60
_BOOKMARK = re.compile(r"\d+=(\d{1,12})\*([^*]*)")


def is_ogm(source: SceneList) -> bool:
    return _any(source, _OGM.fullmatch)


def read_ogm(source: SceneList) -> Reading:
    """CHAPTER01=00:00:12.500 and CHAPTER01NAME=Title."""
    starts: dict[str, Row] = {}
    names: dict[str, str] = {}
    entries: list[Fault] = []
    for number, line in source.filled():
        match = _OGM.fullmatch(line)
        if match is None:
            wanted = "the line is not like CHAPTER01=00:00:10.000 or CHAPTER01NAME=Title"
            entries.append(Fault(f"line {number}", wanted))
        elif match[2]:
            names[match[1]] = match[3].strip()
        else:
            starts[match[1]] = Row(f"line {number}", {"start": match[3].strip()})
    rows = [row.with_fields(title=names.get(key, "")) for key, row in starts.items()]
    return Reading([*run_to_next(rows, source), *entries], kind="chapters")


def is_ffmetadata(source: SceneList) -> bool:
    return source.text.lstrip().startswith(";FFMETADATA")


def read_ffmetadata(source: SceneList) -> Reading:
    """Sections [CHAPTER] with TIMEBASE (nanoseconds if it is missing), START, END and title."""
    rows: list[Entry] = []
    for number, pairs in _sections(source):
        base = _base(pairs.get("timebase", ""))
        fields: dict[str, object] = {"title": _unescaped(pairs.get("title", ""))}
        for name in ("start", "end"):
            if name in pairs:
                fields[name] = _ticks(pairs[name], base)
        rows.append(Row(f"line {number}", fields))
    return Reading(run_to_next(rows, source), kind="chapters")


def _sections(source: SceneList) -> Iterator[tuple[int, dict[str, str]]]:
    """Each [CHAPTER] with the number of its line; a backslash carries a value to the next line."""
    number, pairs = 0, dict[str, str]()
    for at, line in _carried(source):
        if line.startswith("["):
            if number:
                yield number, pairs
            number, pairs = (at if line.upper() == "[CHAPTER]" else 0), {}
        elif (match := _PAIR.fullmatch(line)) and not line.startswith((";", "#")):
            pairs[match[1].lower()] = match[2]
    if number:
        yield number, pairs


def _carried(source: SceneList) -> Iterator[tuple[int, str]]:
    begun: tuple[int, str] | None = None
    for number, line in enumerate(source.lines, 1):
        at, text = (number, line.strip()) if begun is None else (begun[0], f"{begun[1]} {line}")
        odd = (len(text) - len(text.rstrip("\\"))) % 2
        begun = (at, text[:-1]) if odd else None
        if begun is None:
            yield at, text
    if begun is not None:
        yield begun


def _base(text: str) -> Fraction:
    try:
        base = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return _NANOSECONDS
    return base if base > 0 else _NANOSECONDS


def _ticks(text: str, base: Fraction) -> float | Unreadable:
    try:
        return float(int(text) * base)
    except (ValueError, OverflowError):
        return Unreadable(f"{shown(text)} is not a number of ticks")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def is_cue(source: SceneList) -> bool:
    return _any(source, _CUE_INDEX.fullmatch) and _any(source, _CUE_TRACK.fullmatch)


def read_cue(source: SceneList) -> Reading:
    """CUE sheets: a track is a chapter; its INDEX 01 counts minutes, seconds and 1/75 seconds."""
    rows: list[Row] = []
    for number, line in source.filled():
        if _CUE_TRACK.fullmatch(line):
            rows.append(Row(f"line {number}", {}))
        elif not rows:
            continue
        elif title := _CUE_TITLE.fullmatch(line):
            rows[-1] = rows[-1].with_fields(title=title[1])
        elif (index := _CUE_INDEX.fullmatch(line)) and (
            int(index[1]) == 1 or "start" not in rows[-1].fields
        ):
            rows[-1] = rows[-1].with_fields(start=_cue_time(index[2]))
    return Reading(run_to_next(rows, source), kind="tracks")


def _cue_time(text: str) -> float | Unreadable:
    match = _CUE_TIME.fullmatch(text)
    parts = [int(part) for part in match.groups()] if match else [0, _MINUTE, 0]
    if parts[1] >= _MINUTE or parts[2] >= _CUE_FRAMES:
        return Unreadable(f"{shown(text)} is not a time MM:SS:FF with 75 frames a second")
    return parts[0] * _MINUTE + parts[1] + parts[2] / _CUE_FRAMES


def is_bookmarks(source: SceneList) -> bool:
    return source.text.lstrip().startswith("[Bookmark]")


def read_bookmarks(source: SceneList) -> Reading:
    """PotPlayer: 0=12500*Title*picture, in milliseconds."""
    rows = [
        Row(f"line {number}", {"start": int(match[1]) / 1000, "title": match[2].strip()})
        for number, line in source.filled()
        if (match := _BOOKMARK.match(line))
    ]
    return Reading(run_to_next(rows, source), kind="bookmarks")


def _any(source: SceneList, match: Callable[[str], re.Match[str] | None]) -> bool:
    return any(match(line) for _, line in source.filled())
