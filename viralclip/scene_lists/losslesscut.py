"""Projects of LosslessCut (.llc)."""

from collections.abc import Mapping
from typing import cast

from viralclip.errors import Fault
from viralclip.scene_lists.rows import Entry, Reading, Row, SceneList, shown

_MARKERS_SINCE = 2


def read_project(document: Mapping[str, object], source: SceneList) -> Reading:
    """`cutSegments` of {start, end, name}; what is not selected there is left out here, too.

    A segment without a start begins with the video. One without an end is a marker since version
    2 of the format, and before lasted to the end of the video.
    """
    segments = document["cutSegments"]
    if not isinstance(segments, list):
        return Reading([Fault("cutSegments", f"{shown(segments)} is not a list of segments")])
    version = document.get("version")
    marks = isinstance(version, int | float) and version >= _MARKERS_SINCE
    entries: list[Entry] = []
    deselected = 0
    for place, segment in enumerate(cast("list[object]", segments)):
        entry = _entry(f"cutSegments[{place}]", segment, None if marks else source.duration)
        if entry is None:
            deselected += 1
        else:
            entries.append(entry)
    note = f"Segments that are not selected in the project are left out: {deselected}."
    return Reading(entries, (note,) if deselected else (), marks=marks, kind="segments")


def _entry(place: str, segment: object, end: float | None) -> Entry | None:
    if not isinstance(segment, dict):
        return Fault(place, f"{shown(segment)} is not a segment like {{start, end, name}}")
    written = cast("dict[str, object]", segment)
    if written.get("selected") is False:
        return None
    fields: dict[str, object] = {"start": 0.0, "title": ""}
    names = {"start": "start", "end": "end", "name": "title"}
    known = {ours: written.get(theirs) for theirs, ours in names.items()}
    fields |= {name: value for name, value in known.items() if value is not None}
    if "end" not in fields and end is not None:
        fields["end"] = end
    return Row(place, fields, keyed=True)
