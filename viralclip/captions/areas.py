"""Where a platform's own buttons and texts leave room, measured on a 1080x1920 frame.

As of 2026-11-28. Sources: `feed` is what clears the posts' texts and buttons of TikTok, Reels and
Shorts alike (the widest of their published and measured margins); `ads` is the box that clears
Google's Shorts ads (288 above, 672 below) and Meta's Reels ads (14 % above, 35 % below).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from viralclip.errors import UnknownCaptionAreaError
from viralclip.geometry import Rect, Size

AreaName = Literal["feed", "ads", "full"]


@dataclass(frozen=True)
class _Area:
    """Pixels from the left and from the top of a 1080x1920 frame."""

    left: int
    right: int
    top: int
    bottom: int


_MEASURED = Size(1080, 1920)
_AREAS: Mapping[AreaName, _Area] = {
    "feed": _Area(108, 900, 240, 1420),
    "ads": _Area(120, 888, 288, 1248),
    "full": _Area(32, 1048, 32, 1888),
}
AREAS: tuple[AreaName, ...] = tuple(_AREAS)


def area_of(name: AreaName, frame: Size) -> Rect:
    """The area in a frame of any size; its margins are shares of the frame's sides."""
    area = _AREAS[name]
    across, down = frame.width / _MEASURED.width, frame.height / _MEASURED.height
    left, top = round(area.left * across), round(area.top * down)
    right, bottom = round(area.right * across), round(area.bottom * down)
    return Rect(left, top, right - left, bottom - top)


def area_named(name: str) -> AreaName:
    """The area of that name; UnknownCaptionAreaError names those there are."""
    known: dict[str, AreaName] = {area: area for area in AREAS}
    if name not in known:
        raise UnknownCaptionAreaError(name=name, known=", ".join(AREAS))
    return known[name]
