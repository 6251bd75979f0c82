"""Where a source's clock begins and where its pictures end."""

from typing import TYPE_CHECKING

import av
import av.error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

_TAIL_SECONDS = 2.0


def zero_of(container: "InputContainer") -> float:
    """FFmpeg's -ss counts from the earliest stream, and so do all our times."""
    return (container.start_time or 0) / av.time_base


def find_end(container: "InputContainer", stream: "VideoStream") -> tuple[float, bool]:
    """When the last picture ends, and whether the file breaks off before its index says so."""
    promised = _promised_end(container, stream)
    found = _cut_index(container, stream)
    if found is None:
        found = _last_packet(container, stream, near=promised)
    if found is None:
        return promised, False
    early = promised - max(1.0, promised / 100)
    return found, found < early and not _goes_on(container, stream, early)


def _promised_end(container: "InputContainer", stream: "VideoStream") -> float:
    if stream.duration is not None and stream.time_base is not None:
        begin = float((stream.start_time or 0) * stream.time_base) - zero_of(container)
        return max(0.0, begin) + float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _goes_on(container: "InputContainer", stream: "VideoStream", early: float) -> bool:
    """Whether sound outlasts the picture, where a length is known of the whole file alone."""
    sounds = container.streams.audio
    if stream.duration is not None or not sounds:
        return False
    ends = _packet_ends(container, sounds, max(0.0, early) + zero_of(container))
    return max(ends, default=0.0) >= early


def _cut_index(container: "InputContainer", stream: "VideoStream") -> float | None:
    """Where the index points past the end of the file, as in a half-copied MP4."""
    size, entries = container.size, stream.index_entries
    if not entries or stream.time_base is None or entries[-1].pos + entries[-1].size <= size:
        return None
    for entry in entries:
        if entry.pos + entry.size > size:
            return max(0.0, float(entry.timestamp * stream.time_base) - zero_of(container))
    return None


def _last_packet(
    container: "InputContainer", stream: "VideoStream", *, near: float
) -> float | None:
    """The end of the last picture that is really there, looking from `near` its promised end."""
    look_at = near - _TAIL_SECONDS
    while True:
        ends = _packet_ends(container, (stream,), max(0.0, look_at) + zero_of(container))
        if ends or look_at <= 0:
            return max(ends, default=None)
        look_at = look_at / 2 if look_at > _TAIL_SECONDS else 0.0


def _packet_ends(
    container: "InputContainer", streams: "Sequence[Stream]", seconds: float
) -> list[float]:
    ends: list[float] = []
    try:
        container.seek(int(seconds * av.time_base))
        for packet in container.demux(*streams):
            if packet.pts is not None and packet.time_base is not None:
                after = packet.pts + (packet.duration or 0)
                ends.append(float(after * packet.time_base) - zero_of(container))
    except av.error.FFmpegError:
        # A file that breaks off may end in an error instead of an end; what came before counts.
        return ends
    return ends
