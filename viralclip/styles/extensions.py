"""Styles that other installed packages bring through the entry point group `viralclip.styles`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, get_args

from viralclip.events import Algorithm
from viralclip.scene_lists.columns import is_taken
from viralclip.scenes import Scene
from viralclip.style_options import StyleOptions
from viralclip.styles.style import OptionedStyle, Style

GROUP = "viralclip.styles"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KINDS = {"name": str, "summary": str, "analysed": bool}
_METHODS = ("fits", "target_size", "graph")
# What an analysed style has besides.
_ALGORITHMS = get_args(Algorithm)


@dataclass(frozen=True)
class BrokenStyle:
    """An entry point that brings no usable style: the package that has it, and why, in words."""

    name: str
    package: str
    problem: str


@dataclass(frozen=True)
class Extensions:
    styles: Mapping[str, Style]
    broken: tuple[BrokenStyle, ...]


@cache
def load_extensions(
    *, taken: frozenset[str], options: tuple[type[StyleOptions], ...]
) -> Extensions:
    """Every entry point, loaded once per process; a name already `taken` is refused.

    So is an option of another style, unless it is the same class that has it.
    """
    styles: dict[str, Style] = {}
    broken: list[BrokenStyle] = []
    for point in sorted(entry_points(group=GROUP), key=_order):
        found = _load(point, taken=taken | styles.keys(), options=options)
        if isinstance(found, BrokenStyle):
            broken.append(found)
            continue
        styles[found.name] = found
        options += (found.options,) if isinstance(found, OptionedStyle) else ()
    return Extensions(styles, tuple(broken))


def _load(
    point: EntryPoint, *, taken: frozenset[str], options: tuple[type[StyleOptions], ...]
) -> Style | BrokenStyle:
    if point.name in taken:
        return _broken(point, "the name is taken")
    try:
        style = point.load()
        problem = _problem(point, style) or _options_problem(style, options)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is someone else's code, and reported
        return _broken(point, f"{type(error).__name__}: {error}")
    return _broken(point, problem) if problem else style


def _problem(point: EntryPoint, style: Any) -> str:
    if not _NAME.fullmatch(point.name):
        return "a name has lower-case letters, digits and underscores, at most 40"
    if isinstance(style, type):
        return "the entry point leads to a class, not to a style"
    for attribute, kind in _KINDS.items():
        if not isinstance(getattr(style, attribute, None), kind):
            return f"it has no {attribute} of type {kind.__name__}"
    for method in _METHODS:
        if not callable(getattr(style, method, None)):
            return f"it has no method {method}"
    if style.analysed and not callable(getattr(style, "frame", None)):
        return "it is analysed and has no method frame"
    if style.analysed and getattr(style, "algorithm", None) not in _ALGORITHMS:
        return f"it is analysed and its algorithm is none of {', '.join(_ALGORITHMS)}"
    if style.name != point.name:
        return f"the style calls itself {style.name!r}"
    return ""


def _options_problem(style: Any, others: tuple[type[StyleOptions], ...]) -> str:
    own = getattr(style, "options", None)
    if own is None or own in others:
        return ""
    if not (isinstance(own, type) and issubclass(own, StyleOptions)):
        return "its options are no subclass of StyleOptions"
    taken = {name for other in others for name in other.model_fields}
    for name, option in own.model_fields.items():
        if name in taken or is_taken(name) or name in Scene.model_fields:
            return f"its option {name} is taken"
        if option.is_required():
            return f"its option {name} has no default"
    return ""


def _broken(point: EntryPoint, problem: str) -> BrokenStyle:
    return BrokenStyle(point.name, _package(point), problem)


def _order(point: EntryPoint) -> tuple[str, str]:
    return point.name, _package(point)


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else ""
