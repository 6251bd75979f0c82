"""CMX3600 edit decision lists, as editing programs export cuts and timeline markers, to rows."""

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from viralclip.errors import Fault
from viralclip.scene_rows import Entry, Row, SceneList, Unreadable, shown
from viralclip.timecode import parse_frames

_TIMECODE = re.compile(r"\d+[:;]\d+[:;]\d+[:;.]\d+")
_EVENT_WORDS = 8
_MARKER = re.compile(r"\|M:([^|]*)(?:\|D:(\d{1,9}))?")
_CLIP_NAME = re.compile(r"\*\s*FROM CLIP NAME:(.*)", re.IGNORECASE)


def is_edl(source: SceneList) -> bool:
    return any(_is_event(line.split()) for _, line in source.filled())


def read_edl(source: SceneList) -> list[Entry]:
    """CMX3600: each video event is a scene at its *source* timecodes, titled by clip or marker.

    Scenes are places in the video, and so are the source columns; the record columns are places in
    a sequence cut from it. Black, the audio twin of a video event and the empty half of a dissolve
    are no scenes. Where every event starts at 01:00:00:00 or later and the video is shorter than
    that, the list counts from the customary first hour, which is taken off.
    """
    text = _EdlText()
    for number, line in source.filled():
        text.read(number, line)
    edits = _wanted(text.edits)
    late = all(_is_late(edit, source) for edit in edits)
    entries = text.faults | {edit.line: _row(edit, source, late=late) for edit in edits}
    return [entries[line] for line in sorted(entries)]


@dataclass(frozen=True)
class _Edit:
    """An event of an EDL: one stretch of a source placed in a sequence."""

    line: int
    number: str
    reel: str
    track: str
    source_in: str
    source_out: str
    title: str = ""
    marked_frames: int | None = None

    @property
    def is_audio(self) -> bool:
        return set(self.track.upper()) <= set("A0123456789")

    @property
    def is_black(self) -> bool:
        return self.reel.upper() in {"BL", "BLACK"}


@dataclass
class _EdlText:
    """What has been read of an EDL so far: lines below an event speak of it."""

    edits: list[_Edit] = field(default_factory=list["_Edit"])
    faults: dict[int, Entry] = field(default_factory=dict[int, Entry])
    drop: bool = False

    def read(self, number: int, line: str) -> None:
        words = line.split()
        if words[0].isdecimal():
            self._event(number, words)
        elif words[0].upper() == "FCM:":
            self.drop = "NON" not in line.upper()
        elif self.edits:
            self.edits[-1] = _described(self.edits[-1], line)

    def _event(self, number: int, words: list[str]) -> None:
        if len(words) < _EVENT_WORDS:
            problem = "an event needs number, reel, track, transition and four timecodes"
            self.faults[number] = Fault(f"line {number}", problem)
            return
        start, end = (self._marked(code) for code in words[-4:-2])
        self.edits.append(_Edit(number, words[0], words[1], words[2], start, end))

    def _marked(self, code: str) -> str:
        """With FCM: DROP FRAME the codes count that way, also when written with colons only."""
        return re.sub(r":(\d+)$", r";\1", code) if self.drop else code


def _is_event(words: list[str]) -> bool:
    return (
        len(words) >= _EVENT_WORDS
        and words[0].isdecimal()
        and any(_TIMECODE.fullmatch(word) for word in words[-4:])
    )


def _described(edit: _Edit, line: str) -> _Edit:
    if marker := _MARKER.search(line):
        frames = int(marker[2]) if marker[2] else None
        return replace(edit, title=marker[1].strip(), marked_frames=frames)
    if name := _CLIP_NAME.match(line):
        return replace(edit, title=name[1].strip())
    return edit


def _wanted(edits: list[_Edit]) -> list[_Edit]:
    seen = [edit for edit in edits if not edit.is_black]
    if not all(edit.is_audio for edit in seen):
        seen = [edit for edit in seen if not edit.is_audio]
    halves = {
        edit.line
        for edit, following in pairwise(seen)
        if edit.number == following.number and edit.source_in == edit.source_out
    }
    return [edit for edit in seen if edit.line not in halves]


def _row(edit: _Edit, source: SceneList, *, late: bool) -> Row:
    fields: dict[str, object] = {"title": edit.title}
    fields["start"] = _moment(edit.source_in, source.fps, late=late)
    if edit.marked_frames is None:
        fields["end"] = _moment(edit.source_out, source.fps, late=late)
    else:
        fields["duration"] = edit.marked_frames / source.fps
    return Row(f"line {edit.line}", fields)


def _moment(code: str, fps: float, *, late: bool) -> float | Unreadable:
    try:
        return parse_frames(shown(code), fps=fps) - (_first_hour(code, fps) if late else 0)
    except ValueError as error:
        return Unreadable(str(error))


def _is_late(edit: _Edit, source: SceneList) -> bool:
    """Whether the event starts past the first hour of a shorter video; an unreadable one may."""
    start = _moment(edit.source_in, source.fps, late=False)
    if isinstance(start, Unreadable):
        return True
    hour = _first_hour(edit.source_in, source.fps)
    return source.duration is not None and source.duration < hour <= start


def _first_hour(code: str, fps: float) -> float:
    return parse_frames("01:00:00;00" if ";" in code else "01:00:00:00", fps=fps)
