"""How much a face is the one that a picture is about."""

from collections.abc import Sequence

import numpy as np

from viralclip.geometry import Size
from viralclip.reframe.footage import Floats
from viralclip.reframe.tracks import Track

# A face at the edge of the frame counts this much less than one of its size in the middle.
_AT_EDGE = 0.35
# A face that was not found for a moment is there all the same.
_HIDDEN = 0.8
_NOTHING = 1e-9


def prominence(tracks: Sequence[Track], times: Floats, frame: Size) -> Floats:
    """Of each track at each sample of its shot, (n, tracks), 0 to 1: large, central, there.

    It is compared with the most prominent one at that time: who is alone is all there is to see.
    """
    value = np.zeros((len(times), len(tracks)))
    for number, track in enumerate(tracks):
        size = np.sqrt(track.boxes[:, 2] * track.boxes[:, 3])
        half = frame.width / 2
        aside = np.abs(track.centres[:, 0] - half) / half
        there = np.where(track.seen, 1.0, _HIDDEN)
        rows = np.searchsorted(times, track.times)
        value[rows, number] = size * (1 - _AT_EDGE * aside) * there
    return value / np.maximum(value.max(axis=1, keepdims=True), _NOTHING)
