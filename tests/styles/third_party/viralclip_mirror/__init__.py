"""A style from outside: the middle of the frame, seen in a mirror."""

from dataclasses import dataclass

from viralclip.styles import Filter, Graph, StaticStyle, View, join, line
from viralclip.styles.filters import SQUARE_PIXELS, cover, whole


@dataclass(frozen=True)
class Mirror(StaticStyle):
    name: str = "mirror"
    summary: str = "the middle of the frame, left and right exchanged"

    def graph(self, view: View) -> Graph:
        turned = line(Filter.of("hflip"))
        return join(turned, line(*cover(whole(view.source), view.target), SQUARE_PIXELS))


MIRROR = Mirror()
