"""The formats scene lists come in: a text becomes rows in the video's time, values unchecked."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from viralclip.errors import Fault
from viralclip.scene_lists.captions import is_captions, read_captions
from viralclip.scene_lists.chapter_files import (
    is_bookmarks,
    is_cue,
    is_ffmetadata,
    is_ogm,
    read_bookmarks,
    read_cue,
    read_ffmetadata,
    read_ogm,
)
from viralclip.scene_lists.chapter_lines import is_chapters, read_chapters
from viralclip.scene_lists.clocks import to_video_time
from viralclip.scene_lists.edl import is_edl, read_edl
from viralclip.scene_lists.json_lists import is_json, read_json, read_rows
from viralclip.scene_lists.marks import stretch_marks
from viralclip.scene_lists.mplayer import (
    is_mplayer_edl,
    is_mpv_edl,
    read_mplayer_edl,
    read_mpv_edl,
)
from viralclip.scene_lists.rows import Reading, SceneList
from viralclip.scene_lists.tables import is_table, read_table
from viralclip.scene_lists.xml_lists import is_xml, read_xml

KNOWN = "JSON, CSV, SRT, VTT, EDL, XML nor lines like 0:10 Title"
_Test = Callable[[SceneList], bool]
_Reader = Callable[[SceneList], Reading]
_RATE = re.compile(r"\W*(?:FPS|FRAME ?RATE)\s*[:=]\s*(\d{1,3}(?:\.\d{1,6})?)\s*", re.IGNORECASE)
_RATE_WITHIN = 5
_MOST_FPS = 240.0
_NTSC = 1.001


def read_list(source: SceneList, name: str) -> Reading:
    """The rows of a list in any format: its content decides, then the ending of `name`."""
    if "\0" in source.text:
        return Reading([Fault("", "this is not text; save the list as UTF-8")])
    source = _with_rate(source)
    if not source.text.strip():
        return Reading([])
    reader = _reader(source, name)
    if reader is None:
        return Reading([Fault("", f"this is neither {KNOWN}")])
    reading = reader(source)
    on_video = to_video_time(reading, source, source_clock=reader is read_edl)
    return stretch_marks(on_video, source) if on_video.marks else on_video


def read_objects(items: Sequence[object], source: SceneList) -> Reading:
    """The rows of a list of objects that was JSON; `source` has no text, only its video's facts."""
    return to_video_time(read_rows(items, source), source, source_clock=False)


def _reader(source: SceneList, name: str) -> _Reader | None:
    """What the content shows beyond doubt, else the ending unless the content shows another."""
    for fits, reader in _UNMISTAKABLE:
        if fits(source):
            return reader
    named = _BY_ENDING.get(name.rpartition(".")[2].lower())
    # Its own test first, because a text may pass several.
    by_content = sorted(_BY_CONTENT, key=lambda test: test[1] is not named)
    return next((reader for fits, reader in by_content if fits(source)), named)


def _with_rate(source: SceneList) -> SceneList:
    """A line like FPS: 25 near the top says at which rate the list counts frames."""
    for number, line in enumerate(source.lines[:_RATE_WITHIN]):
        match = _RATE.fullmatch(line)
        if match and 1 <= float(match[1]) <= _MOST_FPS:
            rest = [*source.lines[:number], "", *source.lines[number + 1 :]]
            return replace(source, text="\n".join(rest), rate=_exact(float(match[1])))
    return source


def _exact(rate: float) -> float:
    """29.97 stands for 30000/1001."""
    ntsc = round(rate) / _NTSC
    return ntsc if abs(ntsc - rate) < 0.01 else rate  # noqa: PLR2004 - two decimals are written


_UNMISTAKABLE: tuple[tuple[_Test, _Reader], ...] = (
    (is_bookmarks, read_bookmarks),
    (is_json, read_json),
    (is_xml, read_xml),
    (is_ffmetadata, read_ffmetadata),
    (is_mpv_edl, read_mpv_edl),
    (lambda source: source.text.startswith("WEBVTT"), read_captions),
    (is_ogm, read_ogm),
)
_BY_ENDING: dict[str, _Reader] = {
    "json": read_json,
    "llc": read_json,
    "otio": read_json,
    "csv": read_table,
    "tsv": read_table,
    "srt": read_captions,
    "vtt": read_captions,
    "edl": read_edl,
    "cue": read_cue,
}
_BY_CONTENT: tuple[tuple[_Test, _Reader], ...] = (
    (is_captions, read_captions),
    (is_edl, read_edl),
    (is_cue, read_cue),
    (is_mplayer_edl, read_mplayer_edl),
    (is_table, read_table),
    (is_chapters, read_chapters),
)
