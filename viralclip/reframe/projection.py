"""Where people are in a clip: their tracks seen through the windows that it shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from viralclip.geometry import Rect
from viralclip.reframe.footage import Flags, Floats, Footage
from viralclip.reframe.tracks import Track, find_tracks

_ROUNDING_S = 0.0005


@dataclass(frozen=True)
class Panel:
    """Windows (frames, 4) of the source, x, y, width and height, and the part of the clip (4,) that
    shows each of them."""

    windows: Floats
    shown: Floats


def faces_in_frames(
    footage: Footage, times: Floats, panels: Sequence[Panel]
) -> list[tuple[Rect, ...]]:
    """The faces in each frame of a clip, in its pixels: those parts that are to be seen."""
    frames: list[list[Rect]] = [[] for _ in times]
    for track in find_tracks(footage):
        present = _present(track, footage, times)
        boxes = track.box_at(times[present])
        for panel in panels:
            for frame, face in _seen(np.flatnonzero(present).tolist(), boxes, panel):
                frames[frame].append(face)
    return [tuple(faces) for faces in frames]


def _present(track: Track, footage: Footage, times: Floats) -> Flags:
    """Whether the person is to be seen, in the track's own shot alone."""
    start, end = footage.shots[track.shot]
    return track.is_there(times) & (times >= start - _ROUNDING_S) & (times < end - _ROUNDING_S)


def _seen(frames: Sequence[int], boxes: Floats, panel: Panel) -> Iterator[tuple[int, Rect]]:
    windows = panel.windows[frames]
    scale = panel.shown[2:] / windows[:, 2:]
    near = panel.shown[:2] + (boxes[:, :2] - windows[:, :2]) * scale
    far = near + boxes[:, 2:] * scale
    near = np.maximum(near, panel.shown[:2])
    far = np.minimum(far, panel.shown[:2] + panel.shown[2:])
    inside = np.all(far > near, axis=1)
    corners = np.concatenate([np.floor(near), np.ceil(far)], axis=1).astype(int)
    for frame, is_inside, (left, top, right, bottom) in zip(
        frames, inside.tolist(), corners.tolist(), strict=True
    ):
        if is_inside:
            yield frame, Rect(left, top, right - left, bottom - top)
