"""Edit lists of players: mpv's with lengths, and MPlayer's (Kodi's) that say what to cut away."""

import re
from collections.abc import Sequence
from itertools import pairwise

from viralclip.errors import Fault
from viralclip.scene_lists.rows import Entry, Reading, Row, SceneList, Unreadable, is_time
from viralclip.timecode import parse_time

_MPV = "# mpv EDL v0"
_ACTION = re.compile(r"(\S+)\s+(\S+)\s+([0-3])")
_CUT_AWAY = frozenset("03")


def is_mpv_edl(source: SceneList) -> bool:
    return source.text.lstrip().startswith(_MPV)


def read_mpv_edl(source: SceneList) -> Reading:
    """file,start,length[,…] in seconds, one segment to a line."""
    entries: list[Entry] = []
    for number, line in source.filled():
        if line.startswith(("#", "!")):
            continue
        _, *parts = line.split(",")
        if len(parts) < 2:  # noqa: PLR2004 - start and length
            entries.append(Fault(f"line {number}", "a segment needs file,start,length"))
        else:
            entries.append(Row(f"line {number}", {"start": parts[0], "duration": parts[1]}))
    return Reading(entries, kind="segments")


def is_mplayer_edl(source: SceneList) -> bool:
    actions = [_ACTION.fullmatch(line) for _, line in source.filled()]
    return bool(actions) and all(
        match and is_time(match[1]) and is_time(match[2]) for match in actions
    )


def read_mplayer_edl(source: SceneList) -> Reading:
    """start end action: 0 and 3 cut the stretch away, and what remains is the scenes."""
    cuts: list[tuple[float, float]] = []
    ignored = 0
    for _, line in source.filled():
        start, end, action = line.split()
        if action in _CUT_AWAY:
            cuts.append((parse_time(start), parse_time(end)))
        else:
            ignored += 1
    notes = ["The list says what to cut away: the scenes are what remains."]
    if ignored:
        notes.append(f"Lines that mute or mark are left out: {ignored}.")
    return Reading(_remaining(cuts, source.duration), tuple(notes))


def _remaining(cuts: Sequence[tuple[float, float]], duration: float | None) -> list[Row]:
    unknown = Unreadable("the last scene has no end, because the length of the video is unknown")
    last: object = unknown if duration is None else duration
    reached = 0.0
    spans: list[tuple[float, object]] = []
    edges = [*sorted(cuts), (float("inf"), float("inf"))]
    for (begin, end), _ in pairwise([*edges, edges[-1]]):
        if begin > reached and (duration is None or reached < duration):
            spans.append((reached, last if begin == float("inf") else begin))
        reached = max(reached, end)
    return [
        Row(f"scene {place}", {"start": start, "end": end})
        for place, (start, end) in enumerate(spans, 1)
    ]
