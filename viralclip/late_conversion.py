"""Puts a conversion of colours into a graph as late as it may stand, where there is least to do."""

from collections.abc import Sequence
from dataclasses import replace

from viralclip.filter_graph import IN, OUT, Chain, Filter, Graph

# They move, scale or repeat a picture and look at no colour: before or after them is the same.
_BLIND = frozenset(
    {
        *("copy", "crop", "fps", "hflip", "hstack", "null", "scale", "sendcmd", "setpts", "setsar"),
        *("split", "transpose", "trim", "vflip", "vstack"),
    }
)


def convert_late(graph: Graph, conversion: Sequence[Filter]) -> Graph:
    """The graph with the conversion before every first filter that may look at colours."""
    if not conversion:
        return graph
    chains: list[Chain] = []
    # Which pads' pictures are still to be converted.
    due = {IN: True}
    waiting = list(graph.chains)
    while waiting:
        chain = next(chain for chain in waiting if due.keys() >= set(chain.inputs))
        waiting.remove(chain)
        placed, late = _place(chain, due, tuple(conversion))
        chains += placed
        due |= dict.fromkeys(chain.outputs, late)
    return Graph(tuple(chains if not due[OUT] else _at_the_end(chains, tuple(conversion))))


def _place(
    chain: Chain, due: dict[str, bool], conversion: tuple[Filter, ...]
) -> tuple[list[Chain], bool]:
    """The chain with what it needs before or in it, and whether its outputs are still due."""
    blind = bool(chain.inputs) and all(due[pad] for pad in chain.inputs)
    at = _first_that_sees(chain)
    if blind and at == len(chain.filters):
        return [chain], True
    if blind and at:
        filters = (*chain.filters[:at], *conversion, *chain.filters[at:])
        return [replace(chain, filters=filters)], False
    converted = {pad: f"{pad}_converted" for pad in chain.inputs if due[pad]}
    before = [Chain(conversion, (pad,), (name,)) for pad, name in converted.items()]
    inputs = tuple(converted.get(pad, pad) for pad in chain.inputs)
    return [*before, replace(chain, inputs=inputs)], False


def _first_that_sees(chain: Chain) -> int:
    kinds = [part.name.partition("@")[0] for part in chain.filters]
    return next((at for at, kind in enumerate(kinds) if kind not in _BLIND), len(kinds))


def _at_the_end(chains: list[Chain], conversion: tuple[Filter, ...]) -> list[Chain]:
    name = f"{OUT}_unconverted"
    renamed = [
        replace(chain, outputs=tuple(name if pad == OUT else pad for pad in chain.outputs))
        for chain in chains
    ]
    return [*renamed, Chain(conversion, (name,), (OUT,))]
