"""What a style is: a name, the videos it fits, the size it makes, and the graph that makes it."""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from viralclip.events import Algorithm
from viralclip.filter_graph import Graph
from viralclip.geometry import Size, output_size
from viralclip.scenes import Scene
from viralclip.style_options import StyleOptions
from viralclip.styles.framing import Framing, Raster

if TYPE_CHECKING:
    from viralclip.reframe.footage import Footage


@dataclass(frozen=True)
class View:
    """Frames of `source` size, upright and in square pixels, to be made into `target` size.

    `framing` is what an analysed style has planned for this clip.
    """

    source: Size
    target: Size
    scene: Scene
    framing: Framing | None = None


class Style(Protocol):
    """A way to frame a clip."""

    @property
    def name(self) -> str:
        """Lower-case letters, digits and underscores; part of file names."""
        ...

    @property
    def summary(self) -> str:
        """One line for lists."""
        ...

    @property
    def analysed(self) -> bool:
        """Whether a scene's faces are found before this style can draw it."""
        ...

    def fits(self, source: Size, aspect: Fraction) -> bool:
        """Whether the style makes sense for videos of this size."""
        ...

    def target_size(self, source: Size, aspect: Fraction) -> Size:
        """The even size of the clip; `aspect` is what was asked for."""
        ...

    def graph(self, view: View) -> Graph:
        """From `view.source` frames to frames of exactly `view.target`, SAR 1:1."""
        ...


@runtime_checkable
class AnalysedStyle(Style, Protocol):
    """A style that looks at the scene before it draws: its `analysed` is true."""

    @property
    def algorithm(self) -> Algorithm:
        """How it chooses where to look."""
        ...

    def frame(self, footage: "Footage", view: View, raster: Raster) -> Framing:
        """The windows for each frame of the raster; `view` is that of the graph, still unframed.

        It may take seconds: it is called in a process of its own, once for each clip.
        """
        ...


@runtime_checkable
class OptionedStyle(Style, Protocol):
    """A style that scenes can tell something: `options.of(view.scene)` is what this one says."""

    @property
    def options(self) -> type[StyleOptions]: ...


class StaticStyle:
    """The answers most styles share: no analysis, any video, and the aspect that was asked for."""

    @property
    def analysed(self) -> bool:
        return False

    def fits(self, source: Size, aspect: Fraction) -> bool:  # noqa: ARG002 - part of the port
        return min(source.width, source.height) >= _SMALLEST

    def target_size(self, source: Size, aspect: Fraction) -> Size:  # noqa: ARG002 - part of the port
        return output_size(aspect)


# Below this a half of the picture has no whole 4:2:0 sample left.
_SMALLEST = 8
