"""SRT and WebVTT: each cue is a scene and its text the title."""

import html
import re
from collections.abc import Iterator
from itertools import pairwise

from viralclip.errors import Fault
from viralclip.scene_lists.rows import Entry, Reading, Row, SceneList

_TAG = re.compile(r"</?(?:[bciuv]|font|lang|ruby|rt)\b[^<>]*>|\{\\[^{}]*\}")
_TIMING = re.compile(r"\s*\d[\d:.,]*\s*-->")
_NO_CUES = ("WEBVTT", "NOTE", "STYLE", "REGION")


def is_captions(source: SceneList) -> bool:
    return source.text.startswith("WEBVTT") or any(map(_TIMING.match, source.lines))


def read_captions(source: SceneList) -> Reading:
    """Cues, in any order; cue numbers say nothing."""
    entries: list[Entry] = []
    for first, lines in source.paragraphs():
        timings = [place for place, line in enumerate(lines) if "-->" in line]
        if timings:
            entries += _cues(first, lines, timings)
        elif not lines[0].startswith(_NO_CUES):
            entries.append(Fault(f"line {first}", "the cue has no line like 0:10 --> 0:20"))
    return Reading(entries, kind="cues")


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
