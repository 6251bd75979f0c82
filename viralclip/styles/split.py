"""The frame's left and right halves, stacked in a tall clip and side by side in a wide one."""

from dataclasses import dataclass

from viralclip.filter_graph import Graph
from viralclip.geometry import Rect, Size
from viralclip.styles.filters import CHEAP, SHARP, cover
from viralclip.styles.panels import divide, stack
from viralclip.styles.style import StaticStyle, View


@dataclass(frozen=True)
class Split(StaticStyle):
    name: str
    summary: str
    flags: str

    def graph(self, view: View) -> Graph:
        first, second = divide(view.target, share=0.5)
        left, right = _halves(view.source)
        return stack(
            cover(left, first, flags=self.flags),
            cover(right, second, flags=self.flags),
            target=view.target,
        )


def _halves(source: Size) -> tuple[Rect, Rect]:
    width = source.width // 2
    left = Rect(0, 0, width, source.height)
    return left, Rect(source.width - width, 0, width, source.height)


SPLIT = Split("split", "the left half above the right half", SHARP)
SPLIT_FAST = Split("split_fast", "like split, with a quicker scaler", CHEAP)
