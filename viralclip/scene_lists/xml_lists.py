"""XML: Matroska chapters, Podlove chapters, and sequences of Final Cut Pro 7 and X."""

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from xml.etree.ElementTree import Element, ParseError, fromstring

from viralclip.errors import Fault
from viralclip.scene_lists.rows import (
    Clocked,
    Entry,
    Frames,
    Reading,
    Row,
    SceneList,
    Unreadable,
    run_to_next,
    shown,
)
from viralclip.timecode import format_time

_RATIONAL = re.compile(r"(\d{1,18})(?:/(\d{1,18}))?s")
_LAST_ZEROS = re.compile(r"(\.\d{1,9})\d*$")


def is_xml(source: SceneList) -> bool:
    return source.text.lstrip().startswith("<")


def read_xml(source: SceneList) -> Reading:
    """The chapters or clips of a document; entities are refused, because they may have no end."""
    if "<!ENTITY" in source.text:
        return Reading([Fault("", "the XML declares entities; save it without them")])
    try:
        root = fromstring(source.text.strip())  # noqa: S314 - entities are refused above
    except ParseError as error:
        line, column = error.position
        return Reading([Fault(f"line {line}, column {column + 1}", "the XML is broken")])
    except ValueError:
        return Reading([Fault("", "the XML is not text")])
    for name, read in _READERS:
        if any(True for _ in _named(root, name)):
            return read(root, source)
    known = "Matroska chapters, Podlove chapters or a Final Cut Pro sequence"
    return Reading([Fault("", f"the XML holds neither {known}")])


def _named(element: Element, name: str) -> Iterator[Element]:
    """The elements of that name, whatever their namespace."""
    return (each for each in element.iter() if _name(each) == name)


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Element, name: str) -> str:
    found = next(_named(element, name), None)
    return ("" if found is None else found.text or "").strip()


def _read_matroska(root: Element, source: SceneList) -> Reading:
    """The chapters of the first edition; chapters within chapters belong to the outer one."""
    edition = next(_named(root, "EditionEntry"), root)
    entries: list[Entry] = []
    hidden = 0
    for number, atom in enumerate(_outermost(edition, "ChapterAtom"), 1):
        own = {_name(child): child for child in atom}
        if _own(own, "ChapterFlagHidden") == "1" or _own(own, "ChapterFlagEnabled") == "0":
            hidden += 1
            continue
        display = own.get("ChapterDisplay")
        title = "" if display is None else _text(display, "ChapterString")
        fields: dict[str, object] = {"title": title}
        for name, tag in (("start", "ChapterTimeStart"), ("end", "ChapterTimeEnd")):
            if text := _own(own, tag):
                fields[name] = _LAST_ZEROS.sub(r"\1", text)
        entries.append(Row(f"chapter {number}", fields))
    notes = (f"Chapters that are hidden or switched off are left out: {hidden}.",) if hidden else ()
    return Reading(run_to_next(entries, source), notes, kind="chapters")


def _own(children: Mapping[str, Element], name: str) -> str:
    child = children.get(name)
    return ("" if child is None else child.text or "").strip()


def _outermost(element: Element, name: str) -> Iterator[Element]:
    for child in element:
        if _name(child) == name:
            yield child
        else:
            yield from _outermost(child, name)


def _read_podlove(root: Element, source: SceneList) -> Reading:
    entries: list[Entry] = [
        Row(f"chapter {number}", {"start": each.get("start"), "title": each.get("title", "")})
        for number, each in enumerate(_named(next(_named(root, "chapters")), "chapter"), 1)
    ]
    return Reading(run_to_next(entries, source), kind="chapters")


def _read_xmeml(root: Element, _source: SceneList) -> Reading:
    """Final Cut Pro 7, Premiere: `in` and `out` of the first video track's clips, in frames."""
    video = next(_named(root, "video"), root)
    track = next((each for each in _named(video, "track") if _items(each)), root)
    entries: list[Entry] = []
    for number, item in enumerate(_items(track), 1):
        rate = _rate(item) or _rate(root)
        fields: dict[str, object] = {"title": _text(item, "name")}
        fields |= {"start": _frame(item, "in", rate), "end": _frame(item, "out", rate)}
        entries.append(Row(f"clip {number}", fields))
    return Reading(entries, kind="clips")


def _items(track: Element) -> list[Element]:
    return list(_named(track, "clipitem"))


def _rate(element: Element) -> float | None:
    base, ntsc = _text(element, "timebase"), _text(element, "ntsc").upper() == "TRUE"
    if not base.isdecimal() or not 0 < len(base) <= 3 or int(base) == 0:  # noqa: PLR2004 - digits
        return None
    return int(base) / 1.001 if ntsc else float(int(base))


def _frame(item: Element, name: str, rate: float | None) -> object:
    text = _text(item, name)
    if not text.isdecimal() or len(text) > 12:  # noqa: PLR2004 - digits
        return Unreadable(f"{name} {shown(text)} is not a frame number")
    return Frames(int(text)) if rate is None else int(text) / rate


def _read_fcpxml(root: Element, _source: SceneList) -> Reading:
    """Final Cut Pro X: chapter markers if there are any, else the clips in the spine."""
    starts = {each.get("id", ""): _seconds(each.get("start")) for each in _named(root, "asset")}
    clips = [each for name in ("asset-clip", "clip") for each in _named(root, name)]
    markers = [
        _fcp_row(marker, marker.get("value", ""), starts.get(clip.get("ref", "")))
        for clip in clips
        for marker in clip
        if _name(marker) in {"chapter-marker", "marker"}
    ]
    if markers:
        return Reading(markers, marks=True, kind="markers")
    scenes = [
        _fcp_row(clip, clip.get("name", ""), starts.get(clip.get("ref", ""))) for clip in clips
    ]
    return Reading(scenes, kind="clips")


def _fcp_row(element: Element, title: str, zero: float | None) -> Row:
    """Times are counted from where the asset's own clock begins."""
    start, duration = _seconds(element.get("start")), _seconds(element.get("duration"))
    place = f"{_name(element)} {shown(title)}"
    fields: dict[str, object] = {"title": title}
    begins = zero or 0.0 if start is None else start
    if zero:
        fields["start"] = begins - zero
    else:
        fields["start"] = Clocked(begins, format_time(begins))
    problem = "the duration is not a time like 1001/30000s"
    fields["duration"] = Unreadable(problem) if duration is None else duration
    return Row(place, fields)


def _seconds(text: str | None) -> float | None:
    match = _RATIONAL.fullmatch(text or "")
    if match is None or (match[2] is not None and int(match[2]) == 0):
        return None
    return float(Fraction(int(match[1]), int(match[2] or 1)))


_READERS: tuple[tuple[str, Callable[[Element, SceneList], Reading]], ...] = (
    ("ChapterAtom", _read_matroska),
    ("chapters", _read_podlove),
    ("clipitem", _read_xmeml),
    ("fcpxml", _read_fcpxml),
)
