"""The whole frame on a blurred, darkened copy of itself."""

from dataclasses import dataclass

from viralclip.filter_graph import IN, OUT, Chain, Filter, Graph
from viralclip.geometry import Rect, Size
from viralclip.styles.filters import SMOOTH, SQUARE_PIXELS, cover, crop, nearest_even, scale, whole
from viralclip.styles.style import StaticStyle, View

# A blur this wide leaves nothing that an eighth of the size cannot hold, and costs a third of it.
_SHRINK = 8
_BLUR = Filter.of("gblur", sigma=5)
_DARKEN = Filter.of("lutyuv", y="(val-minval)*0.6+minval")
# A strip of background thinner than this share of the clip looks like a fault: the frame takes it.
_STRIP = 0.02


@dataclass(frozen=True)
class Streamer(StaticStyle):
    name: str = "streamer"
    summary: str = "the whole frame on a blurred background of itself"

    def graph(self, view: View) -> Graph:
        even = view.source.even()
        front = fitted(even, view.target)
        return Graph(
            (
                Chain((Filter.of("split"),), (IN,), ("sharp", "soft")),
                Chain(_background(view), ("soft",), ("back",)),
                Chain((crop(whole(even)), scale(front.size)), ("sharp",), ("front",)),
                Chain(
                    (Filter.of("overlay", front.x, front.y), SQUARE_PIXELS),
                    ("back", "front"),
                    (OUT,),
                ),
            )
        )


def fitted(source: Size, target: Size) -> Rect:
    """Where the whole `source` stands in `target`: as large as it fits, centred, even."""
    factor = min(target.width / source.width, target.height / source.height)
    width = _snapped(source.width * factor, target.width)
    height = _snapped(source.height * factor, target.height)
    return Rect(
        nearest_even((target.width - width) / 2),
        nearest_even((target.height - height) / 2),
        width,
        height,
    )


def _background(view: View) -> tuple[Filter, ...]:
    small = Size(
        nearest_even(view.target.width / _SHRINK), nearest_even(view.target.height / _SHRINK)
    )
    fill = cover(whole(view.source), small, flags=SMOOTH)
    return (*fill, _BLUR, _DARKEN, scale(view.target, flags=SMOOTH))


def _snapped(length: float, full: int) -> int:
    return full if full - length < _STRIP * full else max(nearest_even(length), 2)


STREAMER = Streamer()
