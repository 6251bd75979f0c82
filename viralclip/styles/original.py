"""The whole frame in its own aspect, at its own size."""

from dataclasses import dataclass
from fractions import Fraction

from viralclip.filter_graph import Graph, line
from viralclip.geometry import Rect, Size
from viralclip.styles.filters import SQUARE_PIXELS, crop, scale
from viralclip.styles.style import StaticStyle, View

LONGEST_SIDE = 3840


@dataclass(frozen=True)
class Original(StaticStyle):
    name: str = "original"
    summary: str = "the whole frame in its own aspect ratio"

    @property
    def whole_frame(self) -> bool:
        return True

    def target_size(self, source: Size, aspect: Fraction) -> Size:  # noqa: ARG002 - keeps its own
        shrink = min(1.0, LONGEST_SIDE / max(source.width, source.height))
        if shrink == 1:
            return source.even()
        return Size(round(source.width * shrink), round(source.height * shrink)).even()

    def graph(self, view: View) -> Graph:
        even = view.source.even()
        trim = crop(Rect(0, 0, even.width, even.height))
        if even == view.target:
            return line(trim, SQUARE_PIXELS)
        return line(trim, scale(view.target), SQUARE_PIXELS)


ORIGINAL = Original()
