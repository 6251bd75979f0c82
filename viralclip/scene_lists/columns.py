"""What the fields of a scene are called by people and by other tools."""

import re
from collections.abc import Mapping

_SPELLINGS = {
    "id": ("id", "sceneid", "scenenumber"),
    "title": ("title", "name", "label", "markername", "chaptername", "chapter", "clipname"),
    "start": (
        *("start", "starttime", "startsec", "startseconds", "starttimeseconds", "begin", "from"),
        *("in", "sourcein", "starttimecode", "timecodein", "tcin", "recordin", "markin"),
        *("timecode", "timestamp", "time", "position"),
    ),
    "end": (
        *("end", "endtime", "endsec", "endseconds", "endtimeseconds", "to", "stop"),
        *("out", "sourceout", "endtimecode", "timecodeout", "tcout", "recordout", "markout"),
    ),
    "duration": ("duration", "durationsec", "durationseconds", "length", "lengthseconds"),
    "words": ("words",),
}
_KNOWN = frozenset(spelling for spellings in _SPELLINGS.values() for spelling in spellings)
_REMARKS = ("description", "comment", "comments", "note", "notes", "text")
_SOURCE = ("sourcein", "sourceout")
_RECORD = ("recordin", "recordout")
# Columns of programs that mark points as well as stretches.
_MARKER_NAMES = frozenset({"markername", "markertype", "timeformat", "recordin", "markercolor"})


def plain(key: str) -> str:
    return re.sub(r"[\s_()\[\].:#-]", "", key).lower()


def by_our_names(written: Mapping[str, object]) -> dict[str, object]:
    """The fields we know under our names, the others as `plain`; null is the same as left out.

    A remark is the title of what has no other.
    """
    known = {plain(key): value for key, value in written.items() if value is not None}
    fields = {key: value for key, value in known.items() if key not in _KNOWN}
    fields |= {
        name: next(known[spelling] for spelling in spellings if spelling in known)
        for name, spellings in _SPELLINGS.items()
        if any(spelling in known for spelling in spellings)
    }
    remark = next((known[name] for name in _REMARKS if name in known), None)
    if isinstance(remark, str) and not fields.get("title"):
        fields["title"] = remark
    return fields


def is_taken(name: str) -> bool:
    """Whether a field of that name is one of every scene."""
    return plain(name) in _KNOWN


def record_times(written: Mapping[str, object]) -> dict[str, object] | None:
    """Start and end in the sequence, where the row also has those in the source."""
    known = {plain(key): value for key, value in written.items()}
    if not all(name in known for name in (*_SOURCE, *_RECORD)):
        return None
    return dict(zip(("start", "end"), (known[name] for name in _RECORD), strict=True))


def names_start(cells: list[str]) -> bool:
    """Whether one of the cells is a name that a start goes by."""
    return not {plain(cell) for cell in cells}.isdisjoint(_SPELLINGS["start"])


def names_markers(cells: list[str]) -> bool:
    return not {plain(cell) for cell in cells}.isdisjoint(_MARKER_NAMES)
