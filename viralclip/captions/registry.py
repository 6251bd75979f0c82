"""The looks there are: the built-in ones, and those that other installed packages bring."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from viralclip.captions.style import BUILT_IN, CaptionStyle
from viralclip.errors import UnknownCaptionStyleError

GROUP = "viralclip.caption_styles"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class BrokenCaptionStyle:
    """An entry point that brings no usable look: the package that has it, and why, in words."""

    name: str
    package: str
    problem: str


@cache
def _extensions() -> tuple[CaptionStyle | BrokenCaptionStyle, ...]:
    """Every entry point, loaded once per process; a name that is taken is refused."""
    taken = {style.name for style in BUILT_IN}
    found: list[CaptionStyle | BrokenCaptionStyle] = []
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        loaded = _load(point, taken)
        found.append(loaded)
        taken.add(loaded.name)
    return tuple(found)


def _load(point: EntryPoint, taken: set[str]) -> CaptionStyle | BrokenCaptionStyle:
    package = point.dist.name if point.dist else ""
    try:
        style = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is someone else's code, and reported
        return BrokenCaptionStyle(point.name, package, f"{type(error).__name__}: {error}")
    problem = _problem(point.name, style, taken)
    return BrokenCaptionStyle(point.name, package, problem) if problem else style


def _problem(name: str, style: object, taken: set[str]) -> str:
    if name in taken:
        return "the name is taken"
    if not _NAME.fullmatch(name):
        return "a name has lower-case letters, digits and underscores, at most 40"
    if not isinstance(style, CaptionStyle):
        return "the entry point leads to no CaptionStyle"
    return "" if style.name == name else f"the style calls itself {style.name!r}"


def caption_styles() -> Mapping[str, CaptionStyle]:
    """Every look by its name: the built-in ones, then those of installed packages by name."""
    brought = [each for each in _extensions() if isinstance(each, CaptionStyle)]
    return MappingProxyType({style.name: style for style in (*BUILT_IN, *brought)})


def broken_caption_styles() -> tuple[BrokenCaptionStyle, ...]:
    """The entry points `viralclip.caption_styles` that bring no usable look, and why."""
    return tuple(each for each in _extensions() if isinstance(each, BrokenCaptionStyle))


def caption_style(name: str) -> CaptionStyle:
    """The look of that name; UnknownCaptionStyleError names those there are."""
    styles = caption_styles()
    if name not in styles:
        raise UnknownCaptionStyleError(name=name, known=", ".join(styles))
    return styles[name]
