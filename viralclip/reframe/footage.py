"""What one look at a scene gives: sampled faces, cuts, motion and the loudness of its sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viralclip.geometry import Size

Floats = NDArray[np.float64]
Patch = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Places = NDArray[np.intp]

# Half a millisecond, as some containers round times to whole ones.
_ROUNDING_S = 0.0005
_SHORTEST_S = 0.001


@dataclass(frozen=True, slots=True)
class Face:
    """A face in one sample, in pixels of the source (upright, square, from the top left).

    `landmarks` has shape (5, 2): right eye, left eye, nose, right and left corner of the mouth, as
    YuNet gives them (the person's right is on the picture's left). `mouth` is a small grey picture
    of the mouth's region, turned upright and scaled by the face, always of one shape.
    """

    x: float
    y: float
    width: float
    height: float
    score: float
    landmarks: Floats
    mouth: Patch


@dataclass(frozen=True)
class Loudness:
    """The sound's level, root mean square, 0 to 1, `rate` times a second from the scene's start."""

    levels: Floats
    rate: float


@dataclass(frozen=True)
class Footage:
    """A scene as it was seen: `times` (n,) of the samples and `cuts` in seconds from its start.

    `faces` has an entry for each sample (`faces.Faces` keeps many in little room). `motion` has
    shape (n, 3): the centre of what moved since the sample before, x and y in source pixels, and
    how much did, 0 to 1 (0: nothing moved, and the centre is that of the frame). `loudness` is None
    without sound. Of cuts less than a millisecond apart, or from an end of the scene, the later one
    is left out: no frame is so short.
    """

    size: Size
    duration: float
    times: Floats
    faces: Sequence[tuple[Face, ...]]
    motion: Floats
    cuts: Floats
    loudness: Loudness | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "cuts", _apart(self.cuts, self.duration))

    @property
    def shots(self) -> tuple[tuple[float, float], ...]:
        """Start and end of each shot; together they cover the scene."""
        return tuple(pairwise([0.0, *map(float, self.cuts), self.duration]))

    def samples_in(self, start: float, end: float) -> Places:
        """The places of the samples from `start` up to but without `end`."""
        inside = (self.times >= start - _ROUNDING_S) & (self.times < end - _ROUNDING_S)
        return np.flatnonzero(inside)


def _apart(cuts: Floats, duration: float) -> Floats:
    kept = [0.0]
    for cut in sorted(map(float, cuts)):
        if cut - kept[-1] >= _SHORTEST_S and duration - cut >= _SHORTEST_S:
            kept.append(cut)
    return np.array(kept[1:])
