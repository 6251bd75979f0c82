"""CMX3600 edit decision lists, as editing programs export cuts and timeline markers, to rows."""

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from viralclip.errors import Fault
from viralclip.scene_lists.rows import Entry, Frames, Reading, Row, SceneList, Timecode

_TIMECODE = re.compile(r"\d+[:;]\d+[:;]\d+[:;.]\d+")
_EVENT_WORDS = 8
_MARKER = re.compile(r"\|M:([^|]*)(?:\|D:(\d{1,9}))?")
_CLIP_NAME = re.compile(r"\*\s*FROM CLIP NAME:(.*)", re.IGNORECASE)


def is_edl(source: SceneList) -> bool:
    return any(_is_event(line.split()) for _, line in source.filled())


def read_edl(source: SceneList) -> Reading:
    """CMX3600: each video event is a scene at its *source* timecodes, titled by clip or marker.

    Scenes are places in the video, and so are the source columns; the record columns are places in
    a sequence cut from it. Black, the audio twin of a video event and the empty half of a dissolve
    are no scenes.
    """
    text = _EdlText()
    for number, line in source.filled():
        text.read(number, line)
    edits = _wanted(text.edits)
    entries = text.faults | {edit.line: _row(edit) for edit in edits}
    marks = bool(edits) and all(edit.is_marker for edit in edits)
    return Reading([entries[line] for line in sorted(entries)], marks=marks, kind="events")


@dataclass(frozen=True)
class _Edit:
    """An event of an EDL: one stretch of a source placed in a sequence."""

    line: int
    number: str
    reel: str
    track: str
    source_in: str
    source_out: str
    record_in: str
    record_out: str
    title: str = ""
    is_marker: bool = False
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
        start, end, record, until = (self._marked(code) for code in words[-4:])
        event, reel, track = words[:3]
        self.edits.append(_Edit(number, event, reel, track, start, end, record, until))

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
        return replace(edit, title=marker[1].strip(), is_marker=True, marked_frames=frames)
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


def _row(edit: _Edit) -> Row:
    """A marker's length is in its words: its timecodes are those of a single frame."""
    fields: dict[str, object] = {"title": edit.title, "start": Timecode(edit.source_in)}
    record: dict[str, object] = {"start": Timecode(edit.record_in)}
    if edit.marked_frames is None:
        fields["end"], record["end"] = Timecode(edit.source_out), Timecode(edit.record_out)
    else:
        fields["duration"] = Frames(edit.marked_frames)
    return Row(f"line {edit.line}", fields, record=record)
