"""A crop set by hand instead of a path."""

from collections.abc import Sequence

import numpy as np

from viralclip.geometry import Rect, Size, crop
from viralclip.reframe.footage import Footage
from viralclip.reframe.path import Pin, Take


def pinned_takes(footage: Footage, aspect: float, pins: Sequence[Pin]) -> tuple[Take, ...]:
    """A take for each shot: through its pins, or, if it has none, where the last ones before left.

    Before a shot's first pin and after its last one the window stands. Its width is that of the
    first pin, within what the frame has room for; the height follows from `aspect`.
    """
    ordered = sorted(pins, key=lambda pin: pin.time)
    held = ordered[0]
    takes: list[Take] = []
    for start, end in footage.shots:
        own = [pin for pin in ordered if start <= pin.time < end] or [held]
        takes.append(_take(footage.size, aspect, own, start=start, end=end))
        held = own[-1]
    return tuple(takes)


def _take(frame: Size, aspect: float, pins: Sequence[Pin], *, start: float, end: float) -> Take:
    size = _size(frame, aspect, pins[0].width)
    moments = {min(max(pin.time, start), end): _centre(pin, aspect) for pin in pins}
    first, last = moments[min(moments)], moments[max(moments)]
    points = {start: first, **moments} if start not in moments else moments
    points = {**points, end: last} if end not in moments else points
    times = np.array(sorted(points))
    half = np.array([size.width, size.height]) / 2
    room = np.array([frame.width, frame.height]) - half
    centres = np.clip(np.array([points[time] for time in times.tolist()]), half, room)
    return Take(start, end, size, times, centres)


def _size(frame: Size, aspect: float, width: float) -> Size:
    largest = crop(Rect(0, 0, frame.width, frame.height), aspect).size
    if width >= largest.width:
        return largest
    return crop(Rect(0, 0, round(width), round(width / aspect)), aspect).size


def _centre(pin: Pin, aspect: float) -> tuple[float, float]:
    return pin.x + pin.width / 2, pin.y + pin.width / aspect / 2
