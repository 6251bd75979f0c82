"""OpenTimelineIO: each clip of the first video track is a scene, at its range of the source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from viralclip.errors import Fault
from viralclip.scene_lists.rows import Clocked, Entry, Reading, Row, SceneList
from viralclip.timecode import format_time

Item = Mapping[str, object]
_MOST_DEEP = 20


def read_otio(document: Item, _source: SceneList) -> Reading:
    """A timeline, track, clip or collection. A single clip with markers has them for scenes."""
    clips = list(_clips(document, "", 0))
    markers = [marker for clip in clips for marker in _markers(clip)] if len(clips) == 1 else []
    if markers:
        return Reading(markers, marks=True, kind="markers")
    return Reading([_scene(clip) for clip in clips], kind="clips")


@dataclass(frozen=True)
class _Clip:
    place: str
    item: Item


def _clips(item: Item, place: str, depth: int) -> Iterator[_Clip]:
    if _schema(item) == "Clip":
        yield _Clip(place or "clip", item)
        return
    if depth > _MOST_DEEP:
        return
    if tracks := _object(item.get("tracks")):
        yield from _clips(tracks, "tracks", depth + 1)
        return
    children = [
        (f"{place}.children[{number}]".lstrip("."), _object(child))
        for number, child in enumerate(_list(item.get("children")))
    ]
    if _schema(item) == "Stack":
        yield from _first_filled(children, depth)
        return
    for at, child in children:
        yield from _clips(child, at, depth + 1)


def _first_filled(children: list[tuple[str, Item]], depth: int) -> list[_Clip]:
    """Layers show the same time: the first video track with clips, else the first of any kind."""
    films = [(at, child) for at, child in children if child.get("kind") != "Audio"]
    for at, child in films or children:
        found = list(_clips(child, at, depth + 1))
        if found:
            return found
    return []


def _schema(item: Item) -> str:
    return str(item.get("OTIO_SCHEMA", "")).partition(".")[0]


def _scene(clip: _Clip) -> Entry:
    return _row(clip.place, clip, clip.item, "source_range")


def _row(place: str, clip: _Clip, item: Item, name: str) -> Entry:
    """A range is counted from where the media's own clock begins."""
    available = _available(clip.item)
    ranged = _object(item.get(name)) or available
    if not ranged:
        return Fault(place, "the clip has neither a source nor an available range")
    start, duration = _seconds(ranged.get("start_time")), _seconds(ranged.get("duration"))
    zero = _seconds(available.get("start_time"))
    if start is None or duration is None:
        return Fault(place, "the range has no start_time and duration with a rate")
    begins = start - zero if zero else Clocked(start, format_time(start))
    title = item.get("name") or ""
    return Row(place, {"title": title, "start": begins, "duration": duration})


def _available(clip: Item) -> Item:
    """The range of the media that the clip uses: named since Clip.2, the only one before."""
    references = _object(clip.get("media_references"))
    key = str(clip.get("active_media_reference_key", "DEFAULT_MEDIA"))
    chosen = _object(references.get(key) or clip.get("media_reference"))
    return _object(chosen.get("available_range"))


def _seconds(time: object) -> float | None:
    value, rate = _object(time).get("value"), _object(time).get("rate")
    if not isinstance(value, int | float) or not isinstance(rate, int | float) or rate <= 0:
        return None
    return value / rate


def _markers(clip: _Clip) -> Iterator[Entry]:
    for number, marker in enumerate(_list(clip.item.get("markers"))):
        yield _row(f"{clip.place}.markers[{number}]", clip, _object(marker), "marked_range")


def _object(value: object) -> Item:
    return cast("Item", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
