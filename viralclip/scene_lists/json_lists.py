"""JSON and JSON5: our own lists, chapters of podcasts and yt-dlp, projects of other tools."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import pyjson5

from viralclip.errors import Fault
from viralclip.scene_lists.chapter_lines import starts_with_time
from viralclip.scene_lists.columns import by_our_names
from viralclip.scene_lists.losslesscut import read_project
from viralclip.scene_lists.otio import read_otio
from viralclip.scene_lists.rows import (
    Entry,
    Frames,
    Reading,
    Row,
    SceneList,
    is_time,
    rows_of,
    run_to_next,
    shown,
)
from viralclip.timecode import format_time, parse_time

LIST_KEYS = ("scenes", "highlights")
_POSITION = re.compile(r"near (\d+)")
_COMMENTS = re.compile(r"\A(?:\s|//[^\n]*\n|/\*[^*]*\*/)+")
_MOST_REPLAYED = 5
_REPLAYED_SHARE = 0.7
Document = dict[str, object]


def is_json(source: SceneList) -> bool:
    text = _COMMENTS.sub("", source.text, count=1)
    return text.startswith(("{", "[")) and not starts_with_time(text)


def read_json(source: SceneList) -> Reading:
    """A list of objects, an object that holds one, or a project of LosslessCut or OTIO."""
    document = parsed_json(source.text)
    if isinstance(document, Fault):
        return Reading([document])
    if isinstance(document, dict):
        return _read_object(cast("Document", document), source)
    if isinstance(document, list):
        return _read_list(LIST_KEYS[0], cast("object", document), source)
    return _unknown()


def read_rows(items: Sequence[object], source: SceneList) -> Reading:
    """A list of objects with our fields, without the text that it was."""
    return _read_list(LIST_KEYS[0], list(items), source)


def parsed_json(text: str) -> object:
    """The document; JSON5 is taken, too, and if both fail the fault is JSON's."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        return _parsed_as_json5(text, error)
    except (ValueError, RecursionError):
        return Fault("", "the JSON is nested too deeply or holds an endless number")


def _parsed_as_json5(text: str, error: json.JSONDecodeError) -> object:
    try:
        return pyjson5.decode(text)
    except (pyjson5.Json5Exception, ValueError, RecursionError) as other:
        near = _POSITION.search(str(other))
    # Whichever came further understood more of the text.
    offset = max(error.pos, int(near[1]) - 1 if near else 0)
    what = error.msg if offset == error.pos else "something else is expected here"
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return Fault(f"line {line}, column {column}", f"the JSON is broken: {what}")


def _read_object(document: Document, source: SceneList) -> Reading:
    for key, read in _BY_KEY:
        if key in document:
            return read(document, source)
    keys = [key for key in LIST_KEYS if key in document]
    if len(keys) == 1:
        return _read_list(keys[0], document[keys[0]], source)
    if "chapters" in document or "heatmap" in document:
        return _read_page(document, source)
    return _unknown()


def _unknown() -> Reading:
    expected = " or ".join(f'{{"{key}": [...]}}' for key in LIST_KEYS)
    return Reading([Fault("", f"the JSON is neither a list of scenes nor {expected}")])


def _read_list(key: str, items: object, source: SceneList) -> Reading:
    """Objects with our fields; where none has an end each scene runs to the next one."""
    entries = _entries(key, items)
    rows = rows_of(entries)
    if len(rows) <= 1 or any("end" in row.fields or "duration" in row.fields for row in rows):
        return Reading(entries)
    note = "The list has no ends: each scene runs to the next one, and the last to the video's end."
    return Reading(run_to_next(entries, source), (note,))


def _entries(key: str, items: object) -> list[Entry]:
    if not isinstance(items, list):
        return [Fault(key, f"{shown(items)} is not a list of scenes")]
    return [
        _entry(f"{key}[{place}]", item) for place, item in enumerate(cast("list[object]", items))
    ]


def _entry(place: str, item: object) -> Entry:
    if not isinstance(item, dict):
        return Fault(place, f"{shown(item)} is not a scene like {{title, start, end}}")
    written = cast("Document", item)
    if "pos" in written and "comment" in written:
        return _guide(place, written)
    return Row(place, by_our_names(written), keyed=True)


def _guide(place: str, written: Mapping[str, object]) -> Row:
    """Kdenlive's guides are numbered frames."""
    position = written["pos"]
    start = Frames(position) if isinstance(position, int | float) else position
    return Row(place, {"start": start, "title": written["comment"]}, keyed=True)


def _read_page(document: Document, source: SceneList) -> Reading:
    """Chapters as podcasts and yt-dlp's info.json have them; what was watched most is a hint."""
    replayed = _most_replayed(document.get("heatmap"))
    if document.get("chapters") in (None, []):
        problem = "the file has no chapters"
        hint = f"; most replayed: {replayed}, which could be scenes" if replayed else ""
        return Reading([Fault("chapters", f"{problem}{hint}")])
    chained = run_to_next(_entries("chapters", document["chapters"]), source)
    hidden = _hidden(document["chapters"])
    entries = [entry for place, entry in enumerate(chained) if place not in hidden]
    notes = [f"Most replayed: {replayed}."] if replayed else []
    if hidden:
        notes.append(f"Chapters that are not in the table of contents are left out: {len(hidden)}.")
    return Reading(entries, tuple(notes), kind="chapters")


def _hidden(chapters: object) -> set[int]:
    """Podcasts hide chapters that only change a picture: toc is false."""
    items = cast("list[object]", chapters) if isinstance(chapters, list) else []
    return {
        place
        for place, item in enumerate(items)
        if isinstance(item, dict) and cast("Document", item).get("toc") is False
    }


def _most_replayed(heatmap: object) -> str:
    """The stretches that were watched most, neighbours joined: "0:10 - 0:25, 1:00 - 1:05"."""
    points = _points(heatmap)
    hot = sorted(points, key=lambda point: -point[2])[:_MOST_REPLAYED]
    spans: list[tuple[float, float]] = []
    for start, end, value in sorted(hot):
        if value < _REPLAYED_SHARE * hot[0][2] or value <= 0:
            continue
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return ", ".join(f"{format_time(start)} - {format_time(end)}" for start, end in spans)


def _points(heatmap: object) -> list[tuple[float, float, float]]:
    points: list[tuple[float, float, float]] = []
    for item in cast("list[object]", heatmap) if isinstance(heatmap, list) else []:
        fields = cast("Document", item) if isinstance(item, dict) else {}
        numbers = [fields.get(name) for name in ("start_time", "end_time", "value")]
        if all(isinstance(number, int | float) and is_time(str(number)) for number in numbers):
            start, end, value = (parse_time(cast("float", number)) for number in numbers)
            points.append((start, end, value))
    return points


_BY_KEY: tuple[tuple[str, Callable[[Document, SceneList], Reading]], ...] = (
    ("OTIO_SCHEMA", read_otio),
    ("cutSegments", read_project),
)
