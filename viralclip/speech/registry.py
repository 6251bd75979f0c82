"""The engines there are: the built-in one, and those that other installed packages bring."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any

from viralclip.errors import UnknownTranscriberError
from viralclip.speech.port import Transcriber
from viralclip.speech.whisper import FasterWhisper

GROUP = "viralclip.transcribers"
BUILT_IN: tuple[Transcriber, ...] = (FasterWhisper(),)
DEFAULT = BUILT_IN[0].name
_METHODS = ("version", "find_model", "languages", "fetch_model", "open")


@dataclass(frozen=True)
class BrokenTranscriber:
    """An entry point that brings no usable engine: the package that has it, and why, in words."""

    name: str
    package: str
    problem: str


def transcribers() -> Mapping[str, Transcriber]:
    """Every engine by its name: the built-in ones, then those of installed packages by name."""
    brought = {
        name: each for name, each in _extensions() if not isinstance(each, BrokenTranscriber)
    }
    return MappingProxyType({engine.name: engine for engine in BUILT_IN} | brought)


def broken_transcribers() -> tuple[BrokenTranscriber, ...]:
    """The entry points that bring no usable engine, and why."""
    return tuple(each for _, each in _extensions() if isinstance(each, BrokenTranscriber))


def transcriber(name: str) -> Transcriber:
    """The engine of that name; UnknownTranscriberError names those there are."""
    engines = transcribers()
    if name not in engines:
        raise UnknownTranscriberError(name=name, known=", ".join(engines))
    return engines[name]


@cache
def _extensions() -> tuple[tuple[str, "Transcriber | BrokenTranscriber"], ...]:
    """Every entry point, loaded once per process; a name that is taken is refused."""
    taken = {engine.name for engine in BUILT_IN}
    found: list[tuple[str, Transcriber | BrokenTranscriber]] = []
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        found.append((point.name, _load(point, taken)))
        taken.add(point.name)
    return tuple(found)


def _load(point: EntryPoint, taken: set[str]) -> "Transcriber | BrokenTranscriber":
    package = point.dist.name if point.dist else ""
    try:
        engine: Any = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is someone else's code, and reported
        return BrokenTranscriber(point.name, package, f"{type(error).__name__}: {error}")
    problem = _problem(point.name, engine, taken)
    return BrokenTranscriber(point.name, package, problem) if problem else engine


def _problem(name: str, engine: Any, taken: set[str]) -> str:
    if name in taken:
        return "the name is taken"
    if isinstance(engine, type):
        return "the entry point leads to a class, not to an engine"
    if getattr(engine, "name", None) != name:
        return f"the engine calls itself {getattr(engine, 'name', None)!r}"
    if not isinstance(getattr(engine, "default_model", None), str):
        return "it has no default_model of type str"
    missing = [method for method in _METHODS if not callable(getattr(engine, method, None))]
    return f"it has no method {missing[0]}" if missing else ""
