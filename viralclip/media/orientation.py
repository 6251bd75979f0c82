"""How a stored picture is turned and mirrored to stand upright: for FFmpeg and for arrays alike."""

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from viralclip.geometry import Rect, Size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MATRIX = struct.Struct("<9i")
# FFmpeg's transpose, by whether the transposed picture is mirrored (left to right, top to bottom).
_TRANSPOSE = {(False, False): 0, (True, False): 1, (False, True): 2, (True, True): 3}


@dataclass(frozen=True)
class Orientation:
    """One of the eight: rows and columns exchanged or not, then mirrored in x, y or both."""

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False

    @classmethod
    def of_matrix(cls, matrix: bytes) -> "Orientation":
        """From a display matrix as FFmpeg's side data has it; the nearest right angle counts.

        The stored pixel (x, y) is shown at (a x + c y, b x + d y) and a shift: ISO 14496-12, 6.2.2.
        """
        if len(matrix) != _MATRIX.size:
            return cls()
        a, b, _, c, d, *_ = _MATRIX.unpack(matrix)
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(transposed=True, mirrored_x=c < 0, mirrored_y=b < 0)
        return cls(mirrored_x=a < 0, mirrored_y=d < 0)

    @property
    def filters(self) -> list[str]:
        """What turns a picture in a filter graph, where FFmpeg was told not to."""
        if self.transposed:
            return [f"transpose={_TRANSPOSE[self.mirrored_x, self.mirrored_y]}"]
        flips = (("hflip", self.mirrored_x), ("vflip", self.mirrored_y))
        return [name for name, wanted in flips if wanted]

    def turn_size(self, size: Size) -> Size:
        """The size of a stored picture once it is upright, and the other way round."""
        return Size(size.height, size.width) if self.transposed else size

    def turn(self, stored: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
        """The upright picture of shape (height, width, ...)."""
        turned = stored.swapaxes(0, 1) if self.transposed else stored
        turned = turned[:, ::-1] if self.mirrored_x else turned
        turned = turned[::-1] if self.mirrored_y else turned
        return turned.copy()

    def stored_rect(self, upright: Rect, size: Size) -> Rect:
        """Where a rectangle of the upright picture of `size` lies in the stored one."""
        x = size.width - upright.x - upright.width if self.mirrored_x else upright.x
        y = size.height - upright.y - upright.height if self.mirrored_y else upright.y
        if self.transposed:
            return Rect(y, x, upright.height, upright.width)
        return Rect(x, y, upright.width, upright.height)
