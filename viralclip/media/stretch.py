"""Finds where to begin reading a source, so that what is on screen at a start can be shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import floor
from typing import TYPE_CHECKING

import av

from viralclip.media.limits import open_source
from viralclip.media.packets import ROUNDING_S, has_no_index, packets_from, zero_of
from viralclip.media.probe import Probed
from viralclip.media.recovery import recovers_at_once

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Where a seek ends at any packet, it may end at a later one in another FFmpeg.
_SEARCH_MARGIN_S = 0.25
# Where no key frame comes first, reading begins so much earlier, and then twice as much, and so on.
_EARLIER_S = 0.5
# The first sound after a seek lacks what its decoder would take from the packet before it.
_SOUND_PREROLL_S = 0.1
_ROUNDED_TICK = 0.01
# After a seek in a stream, and where only decoding has times, those of frames are off by less.
_GUESSED_S = 0.5


@dataclass(frozen=True)
class Stretch:
    """A part of a source, in seconds."""

    source: Probed
    start: float
    duration: float


@dataclass(frozen=True)
class SeekPoint:
    """Where to begin reading for a stretch, in seconds since the source's zero.

    A seek to `seek`, or reading from the file's beginning where it is 0, gives every frame from
    `shown` on: the time of the frame that is on screen when the stretch starts, or less where
    times are only guessed or there is none yet. Frames before `shown` may be broken.
    `seek` <= `shown` <= start.
    """

    seek: float
    shown: float


@dataclass(frozen=True)
class _Seen:
    """What a seek leads to: the key frame to decode from and the frame on screen, if any."""

    key: float | None
    shown: float | None


def find_seek_point(source: Probed, start: float) -> SeekPoint:
    """Looks at packets only, so that it costs little where the key frame is far away.

    Raises what PyAV raises for a file that cannot be read.
    """
    return _find(source, start)


@lru_cache(maxsize=256)
def _find(source: Probed, start: float) -> SeekPoint:
    """Every style of a scene asks, and so does its analysis."""
    with open_source(source.path) as container:
        stream = _picture(container, source)
        for target in _targets(start):
            seen = _see(container, stream, target, start)
            if seen.key is not None and seen.shown is not None:
                seek = _seek(container, stream, min(target, seen.shown), seen.key)
                return SeekPoint(seek, min(seen.shown, start))
    with open_source(source.path) as container:
        seen = _see(container, _picture(container, source), 0.0, start)
        return SeekPoint(0.0, max(0.0, min(seen.shown or 0.0, start)))


def _picture(container: "InputContainer", source: Probed) -> "VideoStream":
    stream = container.streams[source.picture.stream]
    assert isinstance(stream, av.VideoStream)  # noqa: S101 - for the type checker
    return stream


def _targets(start: float) -> Iterator[float]:
    """Where to seek to, as long as that is not the beginning."""
    earlier = 0.0
    while start - earlier > 0:
        yield start - earlier
        earlier = earlier * 2 or _EARLIER_S


def _seek(container: "InputContainer", stream: "VideoStream", target: float, key: float) -> float:
    """A time before `target` from which the same key frame is found.

    It is a whole tick of the stream's clock, as FFmpeg shifts times by whole ticks: in AVI, frames.
    """
    if has_no_index(container):
        wanted = target - _SEARCH_MARGIN_S
    else:
        wanted = max(key, target - _SOUND_PREROLL_S)
    zero, tick = zero_of(container), float(stream.time_base or 0) or 1 / av.time_base
    return max(0.0, floor((zero + wanted) / tick + _ROUNDED_TICK) * tick - zero)


def _see(container: "InputContainer", stream: "VideoStream", target: float, start: float) -> _Seen:
    """What comes from a seek to `target` up to the packets after `start`."""
    key: float | None = None
    shown: float | None = None
    refreshing: float | None = None
    for timed in packets_from(container, stream, target, until=start):
        packet, time = timed.packet, timed.time
        if time > start + ROUNDING_S or packet.is_discard:
            continue
        surely = time - _GUESSED_S if has_no_index(container) or packet.pts is None else time
        shown = surely if shown is None else max(shown, surely)
        if packet.is_keyframe and key is None:
            if recovers_at_once(packet, stream):
                key = time
            else:  # it takes until the next one
                key, refreshing = refreshing, time
    return _Seen(key, shown)
