"""A crop that moves from frame to frame, smoothly to a fraction of a pixel of the source.

FFmpeg crops at whole pixels, so the crop is made twice: coarsely with a margin, which is scaled to
the panel, and then exactly, where a pixel is a fraction of the source's. Scaling the whole frame
instead costs three times as much in a tall clip of a wide video.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from viralclip.filter_graph import Filter, Script
from viralclip.geometry import Size
from viralclip.reframe.footage import Floats
from viralclip.styles.filters import SHARP, cover_window, nearest_even, whole
from viralclip.styles.framing import Framing

# Pixels of the source around the window, in which it moves without the coarse crop following, and
# those nearest to the edge, which a scaler smears.
_MARGIN = 8
_EDGE = 4

_Whole = NDArray[np.intp]
_Settings = Mapping[tuple[str, str], _Whole]


def moving(
    windows: Floats, fps: Fraction, source: Size, panel: Size, *, name: str
) -> tuple[Filter, ...]:
    """Filters that show the `windows` of frames at `fps` in a panel; `name` is theirs alone."""
    even = source.even()
    across = _Axis.of(windows[:, 0], windows[:, 2], even.width, panel.width)
    down = _Axis.of(windows[:, 1], windows[:, 3], even.height, panel.height)
    coarse, fine, resize = f"crop@coarse_{name}", f"crop@fine_{name}", f"scale@{name}"
    settings = {
        **_settings(coarse, w=across.width, h=down.width, x=across.start, y=down.start),
        **_settings(resize, w=across.scaled, h=down.scaled),
        **_settings(fine, x=across.shift, y=down.shift),
    }
    return (
        *_commands(settings, fps),
        Filter.of(coarse, *_first(settings, coarse, "whxy")),
        Filter.of(resize, *_first(settings, resize, "wh"), flags=SHARP),
        Filter.of(fine, panel.width, panel.height, *_first(settings, fine, "xy"), exact=1),
    )


def centred(source: Size, target: Size) -> Framing:
    """A framing of one frame that holds: the middle of the picture."""
    window = cover_window(whole(source), target.aspect)
    held = np.array([[window.x, window.y, window.width, window.height]], np.float64)
    return Framing((held,), Fraction(25), "basic", keyframes=1, shots=1, speaker_switches=0)


@dataclass(frozen=True)
class _Axis:
    """One direction of the double crop, per frame: coarse start and width in pixels of the source,
    the length it is scaled to, and where in that the panel starts.
    """

    start: _Whole
    width: _Whole
    scaled: _Whole
    shift: _Whole

    @classmethod
    def of(cls, start: Floats, length: Floats, full: int, panel: int) -> "_Axis":
        """`start` and `length` are the window's, `full` is the frame's, `panel` the panel's."""
        still = _is_still(start, length)
        room = np.minimum(nearest_evens(length) + (0 if still else 2 * _MARGIN), full)
        origin = _held_starts(start, length, room, full)
        scaled = np.maximum(nearest_evens(room * panel / length), panel)
        shift = np.rint((start - origin) * scaled / room)
        return cls(origin, room, scaled, np.clip(shift, 0, scaled - panel).astype(np.intp))


def _is_still(start: Floats, length: Floats) -> bool:
    """Whether one crop at even pixels shows all of the windows."""
    held = np.ptp(start) == 0 and np.ptp(length) == 0
    return bool(held and start[0] % 2 == 0)


def nearest_evens(values: Floats) -> _Whole:
    return (np.rint(values / 2) * 2).astype(np.intp)


def _held_starts(start: Floats, length: Floats, room: _Whole, full: int) -> _Whole:
    """Even starts of the coarse crop, each held until the window comes too near its edge."""
    held = np.empty(len(start), np.intp)
    current = -1
    for frame, (left, wide, place) in enumerate(zip(start, length, room, strict=True)):
        last = full - int(place)
        slack = left - current, current + place - (left + wide)
        edges = (0 if current == 0 else _EDGE, 0 if current == last else _EDGE)
        if current < 0 or current > last or slack[0] < edges[0] or slack[1] < edges[1]:
            current = min(max(nearest_even(left - (place - wide) / 2), 0), last)
        held[frame] = current
    return held


def _settings(target: str, **values: _Whole) -> _Settings:
    return {(target, option): value for option, value in values.items()}


def _first(settings: _Settings, target: str, options: str) -> tuple[int, ...]:
    return tuple(int(settings[target, option][0]) for option in options)


def _commands(settings: _Settings, fps: Fraction) -> Iterator[Filter]:
    """A filter that sends each change just before its frame; none where nothing changes.

    Half a frame early: a time that is rounded up would be that of the next frame. There is one for
    all three, so that nothing stands between the scaler and the second crop: a crop learns of a new
    size only from the filter next to it.
    """
    lines: dict[int, list[str]] = {}
    for (target, option), values in settings.items():
        for frame in np.flatnonzero(np.diff(values)) + 1:
            said = f"{target} {option} {values[frame]}"
            lines.setdefault(int(frame), []).append(said)
    if lines:
        script = "".join(
            f"{float((frame - Fraction(1, 2)) / fps):.6f} {', '.join(lines[frame])};\n"
            for frame in sorted(lines)
        )
        yield Filter.of("sendcmd", f=Script(script))
