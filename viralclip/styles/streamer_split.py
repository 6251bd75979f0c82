"""The webcam's corner above the game, or left of it when the clip is wider than tall."""

from dataclasses import dataclass
from typing import Self, cast

from pydantic import BaseModel

from viralclip.filter_graph import Graph
from viralclip.geometry import Rect, Size
from viralclip.scene_lists.review import Review
from viralclip.scene_lists.rows import Row, shown
from viralclip.style_options import StyleOptions
from viralclip.styles.filters import cover, nearest_even, whole
from viralclip.styles.panels import divide, stack
from viralclip.styles.shares import SLACK, read_shares
from viralclip.styles.style import StaticStyle, View
from viralclip.timecode import TimeRange

_WEBCAM_SHARE = 1 / 3
_SMALLEST = 4


class Region(BaseModel, frozen=True):
    """A rectangle as shares (0 to 1) of the picture's width and height, from its top left."""

    x: float
    y: float
    width: float
    height: float

    def within(self, area: Rect, source: Size) -> "Region":
        """What of it lies in the area; none of it is nothing at the nearest edge."""
        left = _share(self.x * source.width, area.x, area.width)
        right = _share((self.x + self.width) * source.width, area.x, area.width)
        top = _share(self.y * source.height, area.y, area.height)
        bottom = _share((self.y + self.height) * source.height, area.y, area.height)
        return Region(x=left, y=top, width=right - left, height=bottom - top)


# Where the webcam is when the scene does not say: the top left corner, a third of each side.
DEFAULT_WEBCAM = Region(x=0, y=0, width=1 / 3, height=1 / 3)


class Webcam(StyleOptions, frozen=True):
    """Where the webcam is in the picture."""

    webcam: Region | None = None

    @classmethod
    def read(cls, row: Row, span: TimeRange | None, review: Review) -> Self:  # noqa: ARG003 - part of the port
        return cls(webcam=_read_region(row.fields["webcam"], row.at("webcam"), review))

    def within(self, area: Rect, source: Size) -> Self:
        return self.model_copy(update={"webcam": self.webcam and self.webcam.within(area, source)})


@dataclass(frozen=True)
class StreamerSplit(StaticStyle):
    name: str = "streamer_split"
    summary: str = "the webcam above the game"

    @property
    def options(self) -> type[Webcam]:
        return Webcam

    def graph(self, view: View) -> Graph:
        top, bottom = divide(view.target, share=_WEBCAM_SHARE)
        webcam = pixels(Webcam.of(view.scene).webcam or DEFAULT_WEBCAM, view.source)
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


def _share(at: float, start: int, length: int) -> float:
    return min(max((at - start) / length, 0.0), 1.0)


def _read_region(value: object, place: str, review: Review) -> Region | None:
    if not isinstance(value, dict):
        review.blame(place, f"{shown(value)} is not a region like {{x, y, width, height}}")
        return None
    given = cast("dict[str, object]", value)
    shares = read_shares(given, tuple(Region.model_fields), place, review)
    if shares is None:
        return None
    for edge, offset, side in (("right", "x", "width"), ("lower", "y", "height")):
        if shares[offset] + shares[side] > 1 + SLACK:
            review.blame(place, f"the region reaches beyond the {edge} edge of the picture")
    return Region(**shares)


STREAMER_SPLIT = StreamerSplit()
