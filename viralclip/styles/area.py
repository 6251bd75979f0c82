"""Which part of a video's picture a style is given, and a scene's shares of it."""

from typing import Protocol, runtime_checkable

from viralclip.geometry import Rect, Size
from viralclip.scenes import Scene
from viralclip.styles.style import OptionedStyle, Style


@runtime_checkable
class WholeFrameStyle(Style, Protocol):
    """A style that shows all of the frame, black bars too: its `whole_frame` is true."""

    @property
    def whole_frame(self) -> bool: ...


def seen_area(style: Style, source: Size, active: Rect | None) -> Rect:
    """The part of the `source` picture that the style sees: what lies inside black bars."""
    if active is None or (isinstance(style, WholeFrameStyle) and style.whole_frame):
        return Rect(0, 0, source.width, source.height)
    return active


def scene_within(scene: Scene, style: Style, area: Rect, source: Size) -> Scene:
    """The scene with the style's options in shares of `area` instead of the whole picture.

    It has no words: what is said changes no style's picture, and no plan of it.
    """
    scene = scene.model_copy(update={"words": None})
    if area.size == source or not isinstance(style, OptionedStyle):
        return scene
    return scene.with_options(style.options.of(scene).within(area, source))
