"""FFmpeg filter graphs as values; the one place where anything is escaped for FFmpeg."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Value = str | int | float


class Script(str):
    """A text that FFmpeg reads from a file: as an argument it stands for the file's path."""

    __slots__ = ()


_NO_FILES: Mapping[Script, str] = MappingProxyType({})

# The open ends of a graph: what it is given, and what it makes.
IN = "in"
OUT = "out"

_NAME = re.compile(r"[A-Za-z0-9_]+")
# A filter may have a name of its own behind its kind, by which commands reach it.
_FILTER = re.compile(r"[A-Za-z0-9_]+(@[A-Za-z0-9_]+)?")
_END = re.compile(r"[A-Za-z0-9_]+(:[A-Za-z0-9_]+)*")
# FFmpeg reads an argument twice: as part of a graph, then as one of a filter's options. White space
# counts for both, because an unescaped blank at either end of a value is dropped.
_OPTION_SPECIALS = re.compile(r"([\\':=\s])")
_GRAPH_SPECIALS = re.compile(r"([\\'\[\],;\s])")


@dataclass(frozen=True)
class Filter:
    """One filter with its arguments as they are meant, not as FFmpeg wants them written."""

    name: str
    args: tuple[Value, ...] = ()
    options: tuple[tuple[str, Value], ...] = ()

    def __post_init__(self) -> None:
        _check(_FILTER, self.name)
        for key, _ in self.options:
            _check(_NAME, key)

    @classmethod
    def of(cls, name: str, /, *args: Value, **options: Value) -> "Filter":
        """`Filter.of("scale", 1080, 1920, flags="bicubic")`."""
        return cls(name, args, tuple(options.items()))

    @property
    def scripts(self) -> tuple[Script, ...]:
        values = (*self.args, *(value for _, value in self.options))
        return tuple(value for value in values if isinstance(value, Script))

    def render(self, files: Mapping[Script, str] = _NO_FILES) -> str:
        """As FFmpeg wants it written; `files` has the path of each script."""

        def written_as(value: Value) -> str:
            return escape(files[value] if isinstance(value, Script) else value)

        written = [written_as(value) for value in self.args]
        written += [f"{key}={written_as(value)}" for key, value in self.options]
        return f"{self.name}={':'.join(written)}" if written else self.name


@dataclass(frozen=True)
class Chain:
    """Filters one after another, from labelled pads to labelled pads."""

    filters: tuple[Filter, ...]
    inputs: tuple[str, ...] = (IN,)
    outputs: tuple[str, ...] = (OUT,)

    def __post_init__(self) -> None:
        if not self.filters:
            raise ValueError("A chain needs at least one filter")
        for pad in self.inputs + self.outputs:
            _check(_NAME, pad)


@dataclass(frozen=True)
class Graph:
    """Chains from the pad `in` to the pad `out`; every other pad is made once and used once."""

    chains: tuple[Chain, ...]

    def __post_init__(self) -> None:
        made = Counter(pad for chain in self.chains for pad in chain.outputs)
        used = Counter(pad for chain in self.chains for pad in chain.inputs)
        pads = made.keys() | used.keys() | {IN, OUT}
        loose = sorted(
            pad for pad in pads if (made[pad], used[pad]) != (int(pad != IN), int(pad != OUT))
        )
        if loose:
            raise ValueError(f"Pads not connected exactly once: {', '.join(loose)}")

    @property
    def scripts(self) -> tuple[Script, ...]:
        """The texts that must be in files before FFmpeg can draw the graph."""
        return tuple(
            script for chain in self.chains for part in chain.filters for script in part.scripts
        )

    def render(
        self,
        *,
        input: str = "0:v",  # noqa: A002 - FFmpeg's word
        output: str = "v",
        files: Mapping[Script, str] = _NO_FILES,
    ) -> str:
        """The graph for `-filter_complex`, between two labels given without brackets.

        Inner pads carry the output's name, so that graphs with different outputs can stand in one
        command, joined by semicolons.
        """
        _check(_END, input)
        _check(_NAME, output)
        ends = {IN: input, OUT: output}
        return ";".join(
            _labels(chain.inputs, ends)
            + ",".join(part.render(files) for part in chain.filters)
            + _labels(chain.outputs, ends)
            for chain in self.chains
        )


def line(*filters: Filter) -> Graph:
    """A graph of one chain."""
    return Graph((Chain(filters),))


def join(*graphs: Graph) -> Graph:
    """One graph after another: what the first makes is given to the second."""
    chains: list[Chain] = []
    for place, graph in enumerate(graphs):
        start = IN if place == 0 else f"join{place}"
        end = OUT if place == len(graphs) - 1 else f"join{place + 1}"
        names = {IN: start, OUT: end}
        chains += [_renamed(chain, names, part=place) for chain in graph.chains]
    return Graph(tuple(chains))


def escape(value: Value) -> str:
    """A filter argument so written that FFmpeg reads back exactly this value."""
    text = str(value)
    if "\0" in text:
        raise ValueError("A filter argument cannot hold a NUL character")
    return _GRAPH_SPECIALS.sub(r"\\\1", _OPTION_SPECIALS.sub(r"\\\1", text))


def _labels(pads: tuple[str, ...], ends: dict[str, str]) -> str:
    return "".join(f"[{ends.get(pad, f'{ends[OUT]}_{pad}')}]" for pad in pads)


def _renamed(chain: Chain, names: dict[str, str], *, part: int) -> Chain:
    def name(pad: str) -> str:
        return names.get(pad, f"part{part}_{pad}")

    return Chain(chain.filters, tuple(map(name, chain.inputs)), tuple(map(name, chain.outputs)))


def _check(shape: re.Pattern[str], name: str) -> None:
    if not shape.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a filter, an option or a pad")
