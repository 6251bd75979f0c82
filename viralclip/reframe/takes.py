"""Takes: the camera's path between jumps, for the person or the motion it follows."""

from collections.abc import Iterable, Sequence

import numpy as np

from viralclip.geometry import Size
from viralclip.reframe.aims import face_aims, grid, motion_aims
from viralclip.reframe.camera import STEP_S, Aim, plan_axis
from viralclip.reframe.footage import Flags, Floats, Footage
from viralclip.reframe.path import Take, Turn
from viralclip.reframe.speech import Speech
from viralclip.reframe.tracks import Track

# Two faces fit into a window that is at least so much longer than both together.
_SPARE = 1.15


def plan_takes(
    footage: Footage,
    tracks: Sequence[Track],
    turns: Sequence[Turn],
    *,
    size: Size,
    speech: Speech | None,
) -> tuple[Take, ...]:
    """The takes of all shots. With `speech` the camera holds still where there is none."""
    takes: list[Take] = []
    for start, end in footage.shots:
        own = [turn for turn in turns if start <= turn.start < end]
        if not own:
            times = grid(start, end)
            takes.append(take_along(times, motion_aims(footage, times, size=size), size))
        for group in _grouped(own, tracks, size):
            times = grid(group[0].start, group[-1].end)
            boxes, present = _followed(group, tracks, times)
            aims = face_aims(boxes, present, _still(times, speech), size=size, frame=footage.size)
            takes.append(take_along(times, aims, size))
    return tuple(takes)


def _grouped(turns: Iterable[Turn], tracks: Sequence[Track], size: Size) -> list[list[Turn]]:
    """Turns between which the camera need not jump, as one window can show both people."""
    groups: list[list[Turn]] = []
    for turn in turns:
        if groups and _fit(groups[-1][-1], turn, tracks, size):
            groups[-1].append(turn)
        else:
            groups.append([turn])
    return groups


def _fit(one: Turn, other: Turn, tracks: Sequence[Track], size: Size) -> bool:
    at = np.array([other.start])
    boxes = np.concatenate([tracks[turn.track].box_at(at) for turn in (one, other)])
    span = (boxes[:, :2] + boxes[:, 2:]).max(axis=0) - boxes[:, :2].min(axis=0)
    return bool(np.all(span * _SPARE <= (size.width, size.height)))


def _followed(
    turns: Sequence[Turn], tracks: Sequence[Track], times: Floats
) -> tuple[Floats, Flags]:
    """The box of who is followed at each time, and whether they are there."""
    boxes, present = np.zeros((len(times), 4)), np.zeros(len(times), dtype=np.bool_)
    for turn in turns:
        track = tracks[turn.track]
        rows = (times >= turn.start) & (times <= turn.end)
        boxes[rows] = track.box_at(times[rows])
        present[rows] = track.is_there(times[rows])
    return boxes, present


def _still(times: Floats, speech: Speech | None) -> Flags:
    if speech is None:
        return np.zeros(len(times), dtype=np.bool_)
    return speech.share(times, STEP_S) == 0


def take_along(times: Floats, aims: tuple[Aim, Aim], size: Size) -> Take:
    """The best path of a window for these aims across and down."""
    centres = np.stack([plan_axis(aim) for aim in aims], axis=1)
    return Take(float(times[0]), float(times[-1]), size, times, centres)
