"""The styles there are, and the choice among them."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from viralclip.errors import StyleDoesNotFitError, UnknownStyleError
from viralclip.geometry import Rect, Size
from viralclip.style_options import StyleOptions
from viralclip.styles.area import seen_area
from viralclip.styles.extensions import BrokenStyle, Extensions, load_extensions
from viralclip.styles.focus import CENTER_FOCUS, LEFT_FOCUS, RIGHT_FOCUS
from viralclip.styles.intelligent import INTELLIGENT, INTELLIGENT_MOTION, INTELLIGENT_SPEAKER
from viralclip.styles.intelligent_split import INTELLIGENT_SPLIT, INTELLIGENT_SPLIT_SPEAKER
from viralclip.styles.original import ORIGINAL
from viralclip.styles.split import SPLIT, SPLIT_FAST
from viralclip.styles.streamer import STREAMER
from viralclip.styles.streamer_split import STREAMER_SPLIT
from viralclip.styles.style import OptionedStyle, Style

ALL = "all"

_BUILT_IN: tuple[Style, ...] = (
    ORIGINAL,
    SPLIT,
    SPLIT_FAST,
    LEFT_FOCUS,
    CENTER_FOCUS,
    RIGHT_FOCUS,
    STREAMER,
    STREAMER_SPLIT,
    INTELLIGENT,
    INTELLIGENT_MOTION,
    INTELLIGENT_SPEAKER,
    INTELLIGENT_SPLIT,
    INTELLIGENT_SPLIT_SPEAKER,
)
STYLES: Mapping[str, Style] = MappingProxyType({style.name: style for style in _BUILT_IN})


def all_styles() -> Mapping[str, Style]:
    """Every style by its name: the built-in ones, then those of installed packages by name."""
    return MappingProxyType({**STYLES, **_extensions().styles})


def scene_options() -> tuple[type[StyleOptions], ...]:
    """What a scene can tell the styles there are, each once."""
    return _options_of(all_styles().values())


def broken_styles() -> tuple[BrokenStyle, ...]:
    """The entry points `viralclip.styles` that bring no usable style, and why."""
    return _extensions().broken


def resolve(
    names: Sequence[str], *, source: Size, aspect: Fraction, active: Rect | None = None
) -> tuple[Style, ...]:
    """The chosen styles that fit, each once, in the order of `names`; `all` stands for every style.

    `active` is the part of the picture inside black bars, where these are cut away. Raises
    UnknownStyleError, and StyleDoesNotFitError when nothing is left.
    """
    known = all_styles()
    chosen = [_named(name, known) for given in names for name in _expanded(given, known)]
    fitting = {
        style.name: style
        for style in chosen
        if style.fits(seen_area(style, source, active).size, aspect)
    }
    if not fitting:
        raise StyleDoesNotFitError(
            width=source.width,
            height=source.height,
            aspect=f"{aspect.numerator}:{aspect.denominator}",
        )
    return tuple(fitting.values())


def target_size(style: Style, source: Size, aspect: Fraction) -> Size:
    """The even size of a clip of `source` in `style`."""
    return style.target_size(source, aspect).even()


def _expanded(name: str, known: Mapping[str, Style]) -> Sequence[str]:
    return tuple(known) if name == ALL else (name,)


def _named(name: str, known: Mapping[str, Style]) -> Style:
    if name not in known:
        raise UnknownStyleError(name=name, known=", ".join((*known, ALL)))
    return known[name]


def _extensions() -> Extensions:
    return load_extensions(taken=_TAKEN, options=_OPTIONS)


def _options_of(styles: Iterable[Style]) -> tuple[type[StyleOptions], ...]:
    return tuple(dict.fromkeys(it.options for it in styles if isinstance(it, OptionedStyle)))


_TAKEN = frozenset({*STYLES, ALL})
_OPTIONS = _options_of(_BUILT_IN)
