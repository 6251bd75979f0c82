"""Small pictures of decoded frames as they are shown: cropped, in square pixels, upright."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viralclip.geometry import Rect, Size
from viralclip.media.colours import make_readable
from viralclip.media.probe import Picture

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Upright:
    """Shows `region` of the display picture, in its pixels, at most `long_side` on a side."""

    picture: Picture
    region: Rect
    long_side: float

    @property
    def size(self) -> Size:
        region = self.region.size
        share = min(1.0, self.long_side / max(region.width, region.height))
        return Size(max(2, round(region.width * share)), max(2, round(region.height * share)))

    def image(self, frame: "VideoFrame", *, pixels: str = "bgr24") -> Image:
        """The picture of a frame, of shape (height, width, 3), or (height, width) if gray."""
        size = self.picture.orientation.turn_size(self.size)
        (x, width), (y, height) = self._window(size)
        make_readable(frame)
        whole = frame.reformat(width=width, height=height, format=pixels, interpolation="AREA")
        part = whole.to_ndarray()[y : y + size.height, x : x + size.width]
        return self.picture.orientation.turn(part.astype(np.uint8, copy=False))

    def _window(self, size: Size) -> tuple[tuple[int, int], tuple[int, int]]:
        """For each direction of the stored picture: where the region starts, and how long all is,
        once it is scaled so that the region has this size."""
        picture, shown = self.picture, self.picture.shown
        display = picture.orientation.turn_size(picture.size)
        region = picture.orientation.stored_rect(self.region, picture.size)
        across = shown.width / display.width
        down = shown.height / display.height
        return (
            _axis(
                shown.x + region.x * across, region.width * across, picture.stored.width, size.width
            ),
            _axis(
                shown.y + region.y * down, region.height * down, picture.stored.height, size.height
            ),
        )


def _axis(start: float, length: float, full: int, wanted: int) -> tuple[int, int]:
    scale = wanted / length
    whole = max(wanted, round(full * scale))
    return min(round(start * scale), whole - wanted), whole
