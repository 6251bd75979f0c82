"""Where an analysed style looks in each frame of a clip, planned from the scene's footage."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from viralclip.events import Algorithm

if TYPE_CHECKING:
    from viralclip.reframe.footage import Floats


@dataclass(frozen=True)
class Raster:
    """The frames of a clip: frame k is shown from k / fps seconds after the scene's start."""

    frames: int
    fps: Fraction

    @property
    def times(self) -> "Floats":
        import numpy as np  # noqa: PLC0415 - most clips are made without

        return np.arange(self.frames) / float(self.fps)

    @property
    def early(self) -> float:
        """How long before a cut a frame may show what follows: pictures go to the nearest frame."""
        return float(Fraction(499, 1000) / self.fps)


@dataclass(frozen=True)
class Framing:
    """The windows of a clip, and what is told of how they came about.

    `panels` has for each panel, the first on top or left, an array of shape (frames, 4): x, y,
    width and height in pixels of the source; a size that changes should do so at cuts. `doubts` are
    codes of warnings: why it is less than what was asked for. `inspection` says, for each panel and
    as JSON, how it came about.
    """

    panels: "tuple[Floats, ...]"
    fps: Fraction
    algorithm: Algorithm
    keyframes: int
    shots: int
    speaker_switches: int
    doubts: tuple[str, ...] = ()
    inspection: tuple[Mapping[str, Any], ...] = ()
