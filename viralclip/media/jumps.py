"""Finds where a transport or program stream's own clock jumps, as where two were joined."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import av
import av.error

from viralclip.media.packets import has_no_index, zero_of
from viralclip.plan import Jump

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# The clock is read in so many places; what jumps back and is made up for in between is missed.
_PLACES = 32
_BACK_S, _FORWARD_S = 0.5, 10.0
# A calm part has fewer bytes a second than the others, so that more of it lies between two places.
_CALM = 8

# So much before the end there is still a whole packet to read.
_TAIL_BYTES = 256 * 1024


def find_jumps(container: "InputContainer", stream: "VideoStream") -> tuple[Jump, ...]:
    """The jumps, in the order of the file; other containers have an index, and one clock."""
    if not has_no_index(container):
        return ()
    readings = list(_readings(container, stream))
    steps = [later - earlier for (_, earlier), (_, later) in pairwise(readings)]
    most = _FORWARD_S + _CALM * max(0.0, median(steps or [0.0]))
    jumps: list[Jump] = []
    for (begin, _), (end, _), step in zip(readings, readings[1:], steps, strict=False):
        if not -_BACK_S < step < most:
            jumps += _jumps_between(container, stream, begin, end)
    return tuple(jumps)


def _readings(container: "InputContainer", stream: "VideoStream") -> Iterator[tuple[int, float]]:
    """Positions in the file, in bytes, and what its clock shows there."""
    last = max(container.size - _TAIL_BYTES, container.size * (_PLACES - 1) // _PLACES)
    for place in range(_PLACES):
        position = last * place // (_PLACES - 1)
        for _, time in _packets_at(container, stream, position):
            yield position, time
            break


def _jumps_between(
    container: "InputContainer", stream: "VideoStream", begin: int, end: int
) -> Iterator[Jump]:
    """A still picture is no jump: the clock goes on in the sound, which is read along."""
    shown: float | None = None
    latest: float | None = None
    for packet, time in _packets_at(container, None, begin):
        ours = packet.stream_index == stream.index
        if shown is not None and latest is not None:
            if time > latest + _FORWARD_S or (ours and time < shown - _BACK_S):
                yield Jump(before=shown, after=time)
                latest = time
            latest = max(latest, time)
        if ours:
            shown, latest = time, time if latest is None else latest
            if packet.pos is not None and packet.pos > end:
                return


def _packets_at(
    container: "InputContainer", stream: "VideoStream | None", position: int
) -> Iterator[tuple["av.Packet[Any]", float]]:
    zero = zero_of(container)
    with suppress(av.error.FFmpegError):
        container.seek(position, unsupported_byte_offset=True)
        for packet in container.demux(stream) if stream else container.demux():
            if packet.dts is not None and packet.time_base is not None:
                yield packet, float(packet.dts * packet.time_base) - zero
