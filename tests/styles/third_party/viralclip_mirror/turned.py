"""A style from outside with an option: each scene may say which way it is turned."""

from dataclasses import dataclass
from typing import Literal

from viralclip.geometry import Size
from viralclip.styles import Filter, Graph, StaticStyle, StyleOptions, View, join, line
from viralclip.styles.filters import SQUARE_PIXELS, cover, whole


class Turn(StyleOptions, frozen=True):
    """The side of the frame that comes to lie on top."""

    turn: Literal["left", "right"] = "left"


@dataclass(frozen=True)
class Turned(StaticStyle):
    name: str = "turned"
    summary: str = "the frame lying on its side"

    @property
    def options(self) -> type[Turn]:
        return Turn

    def graph(self, view: View) -> Graph:
        way = "clock" if Turn.of(view.scene).turn == "left" else "cclock"
        lying = whole(Size(view.source.height, view.source.width))
        turned = line(Filter.of("transpose", way))
        return join(turned, line(*cover(lying, view.target), SQUARE_PIXELS))


TURNED = Turned()
