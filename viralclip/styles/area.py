"""Which part of a video's picture a style is given, and a scene's shares of it."""

from typing import Protocol, runtime_checkable

from viralclip.geometry import Rect, Size
from viralclip.scenes import Pin, Region, Scene
from viralclip.styles.style import Style


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


def scene_within(scene: Scene, area: Rect, source: Size) -> Scene:
    """The scene with its webcam and pinned crops in shares of `area` instead of the whole.

    It has no words: what is said changes no style's picture, and no plan of it.
    """
    scene = scene.model_copy(update={"words": None})
    if area.size == source:
        return scene
    webcam = scene.webcam and _region_within(scene.webcam, area, source)
    crop = tuple(_pin_within(pin, area, source) for pin in scene.crop)
    return scene.model_copy(update={"webcam": webcam, "crop": crop})


def _region_within(region: Region, area: Rect, source: Size) -> Region:
    """What of it lies in the area; none of it is nothing at the nearest edge."""
    left = _share(region.x * source.width, area.x, area.width)
    right = _share((region.x + region.width) * source.width, area.x, area.width)
    top = _share(region.y * source.height, area.y, area.height)
    bottom = _share((region.y + region.height) * source.height, area.y, area.height)
    return Region(x=left, y=top, width=right - left, height=bottom - top)


def _pin_within(pin: Pin, area: Rect, source: Size) -> Pin:
    """The same crop; who draws it keeps it inside."""
    return Pin(
        time=pin.time,
        x=(pin.x * source.width - area.x) / area.width,
        y=(pin.y * source.height - area.y) / area.height,
        width=pin.width * source.width / area.width,
    )


def _share(place: float, start: int, length: int) -> float:
    return min(max((place - start) / length, 0.0), 1.0)
