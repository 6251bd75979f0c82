"""Where parts of a video's picture are in a clip: read from the graph that puts them there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from viralclip.filter_graph import IN, OUT, Chain, Filter, Graph, Value
from viralclip.geometry import Size

# What is blurred is background: nobody looks for a face in it.
_BLURS = frozenset({"gblur", "boxblur", "avgblur", "smartblur", "dblur"})
_STACKS = frozenset({"vstack", "hstack"})
# These move pixels in ways that are not followed here.
_TURNS = frozenset(
    {"hflip", "perspective", "rotate", "tile", "transpose", "v360", "vflip", "xstack", "zoompan"}
)


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels and fractions of them, from the top left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Placement:
    """A window of the source, and the part of the clip that shows it."""

    window: Box
    shown: Box


@dataclass(frozen=True)
class Arrangement:
    """The windows that a clip shows, in the order of its panels; `seam` is where two of them meet,
    in pixels from the top."""

    placements: tuple[Placement, ...]
    seam: float | None = None


def arrangement_of(graph: Graph, source: Size) -> Arrangement | None:
    """What a graph shows of frames of `source` size; None where that cannot be read from it."""
    whole = Box(0, 0, source.width, source.height)
    pads = {IN: _Pad(source.width, source.height, (Placement(whole, whole),))}
    waiting = list(graph.chains)
    try:
        while waiting:
            chain = next(chain for chain in waiting if pads.keys() >= set(chain.inputs))
            waiting.remove(chain)
            pads |= _through(chain, pads)
    except _UnreadableGraphError:
        return None
    return Arrangement(pads[OUT].placements, pads[OUT].seam)


class _UnreadableGraphError(Exception):
    pass


@dataclass(frozen=True)
class _Pad:
    """A picture between two filters: its size, and which windows of the source are where in it."""

    width: float
    height: float
    placements: tuple[Placement, ...]
    seam: float | None = None


def _through(chain: Chain, pads: Mapping[str, _Pad]) -> dict[str, _Pad]:
    inputs = [pads[name] for name in chain.inputs]
    for part in chain.filters:
        inputs = [_passed(part, inputs)]
    return dict.fromkeys(chain.outputs, inputs[0])


def _passed(part: Filter, inputs: Sequence[_Pad]) -> _Pad:
    kind = part.name.partition("@")[0]
    if kind in _STACKS:
        return _stacked(inputs, down=kind == "vstack")
    if kind == "overlay":
        return _overlaid(part, inputs)
    if len(inputs) > 1 or kind in _TURNS:
        raise _UnreadableGraphError
    [pad] = inputs
    if kind == "crop":
        return _cropped(part, pad)
    if kind == "scale":
        return _scaled(pad, *_numbers(part, 2))
    return replace(pad, placements=()) if kind in _BLURS else pad


def _numbers(part: Filter, count: int) -> list[float]:
    """The filter's first arguments, which are to be plain and positive numbers."""
    values: Sequence[Value] = part.args[:count]
    numbers = [float(value) for value in values if isinstance(value, int | float) and value >= 0]
    if len(numbers) < count:
        raise _UnreadableGraphError
    return numbers


def _cropped(part: Filter, pad: _Pad) -> _Pad:
    width, height = _numbers(part, 2)
    centred = (pad.width - width) / 2, (pad.height - height) / 2
    x, y = _numbers(part, 4)[2:] if len(part.args) > 2 else centred  # noqa: PLR2004 - w:h:x:y
    frame = Box(x, y, width, height)
    kept = [cut for each in pad.placements if (cut := _cut(each, frame)) is not None]
    return _Pad(width, height, tuple(_moved(each, -x, -y) for each in kept))


def _cut(placement: Placement, frame: Box) -> Placement | None:
    """What of it lies in the frame."""
    window, shown = placement.window, placement.shown
    left, top = max(shown.x, frame.x), max(shown.y, frame.y)
    right = min(shown.x + shown.width, frame.x + frame.width)
    bottom = min(shown.y + shown.height, frame.y + frame.height)
    if right <= left or bottom <= top:
        return None
    across, down = window.width / shown.width, window.height / shown.height
    return Placement(
        Box(
            window.x + (left - shown.x) * across,
            window.y + (top - shown.y) * down,
            (right - left) * across,
            (bottom - top) * down,
        ),
        Box(left, top, right - left, bottom - top),
    )


def _scaled(pad: _Pad, width: float, height: float) -> _Pad:
    across, down = width / pad.width, height / pad.height
    placements = [
        replace(
            each,
            shown=Box(
                each.shown.x * across,
                each.shown.y * down,
                each.shown.width * across,
                each.shown.height * down,
            ),
        )
        for each in pad.placements
    ]
    return _Pad(width, height, tuple(placements), None if pad.seam is None else pad.seam * down)


def _moved(placement: Placement, x: float, y: float) -> Placement:
    shown = placement.shown
    return replace(placement, shown=replace(shown, x=shown.x + x, y=shown.y + y))


def _stacked(inputs: Sequence[_Pad], *, down: bool) -> _Pad:
    placements: list[Placement] = []
    x = y = 0.0
    for pad in inputs:
        placements += (_moved(each, x, y) for each in pad.placements)
        x, y = (x, y + pad.height) if down else (x + pad.width, y)
    first = inputs[0]
    if down:
        return _Pad(first.width, y, tuple(placements), first.height)
    return _Pad(x, first.height, tuple(placements))


def _overlaid(part: Filter, inputs: Sequence[_Pad]) -> _Pad:
    if len(inputs) != 2:  # noqa: PLR2004 - what is below, and what is above
        raise _UnreadableGraphError
    below, above = inputs
    x, y = _numbers(part, 2)
    over = tuple(_moved(each, x, y) for each in above.placements)
    return replace(below, placements=(*below.placements, *over))
