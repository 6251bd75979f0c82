"""Reads a stream's packets from some time on; nothing is decoded."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av
import av.error

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

# Matroska and FLV round times to whole milliseconds.
ROUNDING_S = 0.001
# Streams lie apart by no more than this in a file; without a packet for longer a picture is still.
_APART_S = 5.0
_STREAMS = frozenset({"mpegts", "mpeg", "mpegtsraw"})


@dataclass(frozen=True)
class TimedPacket:
    """A packet and when its frame is shown, in seconds since the source's zero."""

    packet: "av.Packet[Any]"
    time: float
    decoded: float


def zero_of(container: "InputContainer") -> float:
    """FFmpeg's -ss counts from the earliest stream, and so do all our times."""
    return (container.start_time or 0) / av.time_base


def has_no_index(container: "InputContainer") -> bool:
    """Whether this is a transport or program stream, with packets that end where the next begins.

    A seek ends at any of them, and not in every FFmpeg at the same one.
    """
    return bool(_STREAMS & set(container.format.name.split(",")))


def seek_to(container: "InputContainer", seconds: float) -> None:
    """Have reading go on at `seconds` since the zero.

    A container that cannot seek is read on from where it is, as FFmpeg does.
    """
    with suppress(av.error.FFmpegError):
        container.seek(round((zero_of(container) + seconds) * av.time_base))


def begin_at(container: "InputContainer", seconds: float) -> None:
    """Have a container that was just opened be read from `seconds` since the zero on.

    It is not sought for 0: that may leave out the sound before the first picture.
    """
    if seconds > 0:
        seek_to(container, seconds)


def packets_from(
    container: "InputContainer", stream: "Stream", start: float, *, until: float
) -> Iterator[TimedPacket]:
    """The stream's packets from a seek to `start` on, in the order of decoding.

    They end with the last one to be decoded by `until`: every frame shown by then is among them.
    A file that breaks off just ends, and a packet without a time is left out.
    """
    zero = zero_of(container)
    apart = math.inf if has_no_index(container) else _APART_S
    seek_to(container, start)
    with suppress(av.error.FFmpegError):
        decoded = start
        for packet in container.demux():
            shown = packet.dts if packet.pts is None else packet.pts
            if shown is None or packet.time_base is None:
                continue
            if packet.dts is not None:
                decoded = float(packet.dts * packet.time_base) - zero
            ours = packet.stream_index == stream.index
            if decoded > until + (ROUNDING_S if ours else apart):
                return
            if ours:
                yield TimedPacket(packet, float(shown * packet.time_base) - zero, decoded)
