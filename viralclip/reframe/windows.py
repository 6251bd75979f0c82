"""Crop windows for the times of frames."""

import numpy as np

from viralclip.geometry import Size
from viralclip.reframe.curve import through
from viralclip.reframe.footage import Floats
from viralclip.reframe.path import CameraPath, PairPath, Take

# Half a millisecond, as some containers round times to whole ones.
_EARLY_S = 0.0005


def crop_windows(path: CameraPath, times: Floats, *, early: float = _EARLY_S) -> Floats:
    """The window at each of `times`, seconds from the scene's start: (n, 4) x, y, width, height.

    In source pixels. Windows lie inside the frame; width and height are even whole numbers and stay
    within a take; x and y are as they come. A frame at most `early` seconds before a take counts as
    its first: half of what a frame lasts, where frames are shown at the nearest time of a raster.
    """
    starts = np.array([take.start for take in path.takes])
    chosen = np.clip(np.searchsorted(starts, times + early, side="right") - 1, 0, None)
    windows = np.zeros((len(times), 4))
    for place, take in enumerate(path.takes):
        rows = chosen == place
        windows[rows] = _in_take(take, times[rows], path.frame)
    return windows


def pair_windows(
    pair: PairPath, times: Floats, *, early: float = _EARLY_S
) -> tuple[Floats, Floats]:
    """The windows of the upper and the lower panel, each as of `crop_windows`.

    They are of equal size, and the upper one's is never right of the lower one's.
    """
    top, bottom = (crop_windows(path, times, early=early) for path in (pair.top, pair.bottom))
    left, right = np.minimum(top[:, 0], bottom[:, 0]), np.maximum(top[:, 0], bottom[:, 0])
    top[:, 0], bottom[:, 0] = left, right
    return top, bottom


def _in_take(take: Take, times: Floats, frame: Size) -> Floats:
    centres = through(take.times, take.centres, np.clip(times, take.start, take.end))
    size = np.array([take.size.width, take.size.height], dtype=np.float64)
    room = np.array([frame.width, frame.height]) - size
    corners = np.clip(centres - size / 2, 0, room)
    return np.concatenate([corners, np.tile(size, (len(times), 1))], axis=1)
