"""Clips made of two panels: one above the other, or beside it when the clip is wider than tall."""

from collections.abc import Sequence

from viralclip.filter_graph import IN, OUT, Chain, Filter, Graph
from viralclip.geometry import Size
from viralclip.styles.filters import SQUARE_PIXELS, nearest_even


def divide(target: Size, *, share: float) -> tuple[Size, Size]:
    """Two even panels that fill `target`; the first gets `share` of its divided side."""
    if _is_wide(target):
        width = nearest_even(target.width * share)
        return Size(width, target.height), Size(target.width - width, target.height)
    height = nearest_even(target.height * share)
    return Size(target.width, height), Size(target.width, target.height - height)


def stack(first: Sequence[Filter], second: Sequence[Filter], *, target: Size) -> Graph:
    """The frame through `first` on top (or left) of the frame through `second`."""
    stacked = Filter.of("hstack" if _is_wide(target) else "vstack")
    return Graph(
        (
            Chain((Filter.of("split"),), (IN,), ("source1", "source2")),
            Chain(tuple(first), ("source1",), ("panel1",)),
            Chain(tuple(second), ("source2",), ("panel2",)),
            Chain((stacked, SQUARE_PIXELS), ("panel1", "panel2"), (OUT,)),
        )
    )


def _is_wide(target: Size) -> bool:
    return target.width > target.height
