"""One crop that fills the clip, around the left, the centre or the right of the frame."""

from dataclasses import dataclass
from fractions import Fraction

from viralclip.filter_graph import Graph, line
from viralclip.geometry import Size
from viralclip.styles.filters import SQUARE_PIXELS, cover, cover_window, whole
from viralclip.styles.style import StaticStyle, View

# With less room than this share of the frame, left, centre and right look the same.
_ROOM = 0.1


@dataclass(frozen=True)
class CenterFocus(StaticStyle):
    name: str = "center_focus"
    summary: str = "the middle of the frame fills the clip"
    centre_x: float = 0.5

    def graph(self, view: View) -> Graph:
        fill = cover(whole(view.source), view.target, centre_x=self.centre_x)
        return line(*fill, SQUARE_PIXELS)


@dataclass(frozen=True)
class SideFocus(CenterFocus):
    """A crop around the centre of one half; it fits only where there is room to move sideways."""

    def fits(self, source: Size, aspect: Fraction) -> bool:
        window = cover_window(whole(source), float(aspect))
        return super().fits(source, aspect) and source.width - window.width >= _ROOM * source.width


LEFT_FOCUS = SideFocus("left_focus", "the left half's middle fills the clip", 0.25)
CENTER_FOCUS = CenterFocus()
RIGHT_FOCUS = SideFocus("right_focus", "the right half's middle fills the clip", 0.75)
