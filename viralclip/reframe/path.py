"""What the camera does: takes, in which it moves without a jump, and who it follows meanwhile."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from viralclip.events import Algorithm
from viralclip.geometry import Size
from viralclip.reframe.footage import Floats
from viralclip.reframe.tracks import Track


class Doubt(StrEnum):
    """Why a path is less than what was asked for; each is the code of a warning."""

    NO_FACES = "no_faces_found"
    NO_SOUND = "no_sound_to_follow"
    NO_PAIR = "no_pair_found"


@dataclass(frozen=True)
class Pin:
    """A crop set by hand: at `time` its left, top and width in source pixels."""

    time: float
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Turn:
    """From `start` to `end` the track of this place in `CameraPath.tracks` is followed."""

    start: float
    end: float
    track: int


@dataclass(frozen=True)
class Take:
    """A stretch without a jump, from a cut or a change of person to the next.

    `centres` (n, 2) are those of the window at `times` (n,), which begin at `start` and end at
    `end`; between them the window moves smoothly (`windows.crop_windows`). `size` stays.
    """

    start: float
    end: float
    size: Size
    times: Floats
    centres: Floats


@dataclass(frozen=True)
class CameraPath:
    """The path through a scene: takes that follow on each other from 0 to the scene's end."""

    frame: Size
    algorithm: Algorithm
    cuts: Floats
    takes: tuple[Take, ...]
    tracks: tuple[Track, ...]
    turns: tuple[Turn, ...]
    doubts: tuple[Doubt, ...] = ()

    @property
    def shots(self) -> int:
        return len(self.cuts) + 1

    @property
    def keyframes(self) -> int:
        return sum(len(take.times) for take in self.takes)

    @property
    def speaker_switches(self) -> int:
        """How often, within a shot, another person is followed than before."""
        return sum(
            one.track != other.track
            and self.tracks[one.track].shot == self.tracks[other.track].shot
            for one, other in pairwise(self.turns)
        )


@dataclass(frozen=True)
class PairPath:
    """Two windows of equal size; the left person's is `top`, and never right of `bottom`."""

    top: CameraPath
    bottom: CameraPath
