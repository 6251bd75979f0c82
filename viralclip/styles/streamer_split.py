"""The webcam's corner above the game, or left of it when the clip is wider than tall."""

from dataclasses import dataclass

from viralclip.filter_graph import Graph
from viralclip.geometry import Rect, Size
from viralclip.scenes import Region
from viralclip.styles.filters import cover, nearest_even, whole
from viralclip.styles.panels import divide, stack
from viralclip.styles.style import StaticStyle, View

# Where the webcam is when the scene does not say: the top left corner, a third of each side.
DEFAULT_WEBCAM = Region(x=0, y=0, width=1 / 3, height=1 / 3)
_WEBCAM_SHARE = 1 / 3
_SMALLEST = 4


@dataclass(frozen=True)
class StreamerSplit(StaticStyle):
    name: str = "streamer_split"
    summary: str = "the webcam above the game"

    def graph(self, view: View) -> Graph:
        top, bottom = divide(view.target, share=_WEBCAM_SHARE)
        webcam = pixels(view.scene.webcam or DEFAULT_WEBCAM, view.source)
        return stack(cover(webcam, top), cover(whole(view.source), bottom), target=view.target)


def pixels(region: Region, source: Size) -> Rect:
    """The region in even pixels, kept inside the frame and never empty."""
    x, width = _span(region.x, region.width, source.width)
    y, height = _span(region.y, region.height, source.height)
    return Rect(x, y, width, height)


def _span(start: float, length: float, full: int) -> tuple[int, int]:
    first = min(max(nearest_even(start * full), 0), full - full % 2 - _SMALLEST)
    last = min(nearest_even((start + length) * full), full - full % 2)
    return first, max(last - first, _SMALLEST)


STREAMER_SPLIT = StreamerSplit()
