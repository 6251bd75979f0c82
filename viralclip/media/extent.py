"""When a source's last picture ends, and whether that is its end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import av

from viralclip.media.packets import packets_from, zero_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

_TAIL_SECONDS = 2.0
# A sound that is longer than its picture by no more than this is no reason to hold the picture.
_LONGER_S = 1.0


def find_end(
    container: "InputContainer",
    stream: "VideoStream",
    sounds: Sequence["Stream"],
    *,
    seconds: float,
    held: bool,
) -> tuple[float, bool]:
    """When the last picture ends, and whether the file breaks off before it says that it ends.

    `seconds` are those of `seconds_of`. A picture that is `held` from one change to the next stays
    until its sound ends, too: a podcast with one picture is as long as what is said.
    """
    promised = _promised_end(container, stream)
    found = _cut_index(container, stream)
    if found is None and container.duration:
        found = _last_packet(container, stream, near=promised)
    elif found is None:
        found = seconds or None
    if found is None:
        return promised, False
    heard = _end_of_sound(container, sounds, after=found)
    lasts = found
    if stream.duration is None:  # the promise is that of picture and sound
        found, lasts = min(found, promised or found), heard
    truncated = lasts < promised - max(1.0, promised / 100)
    return heard if held and heard > found + _LONGER_S else found, truncated


def seconds_of(container: "InputContainer", stream: "Stream") -> float:
    """How long the container says that it is; where its recorder never came to say so, up to when
    its stream lasts."""
    if container.duration:
        return container.duration / av.time_base
    return _last_packet(container, stream, near=0.0) or 0.0


def _end_of_sound(
    container: "InputContainer", sounds: Sequence["Stream"], *, after: float
) -> float:
    """When the sound ends, if that is later than `after`."""
    whole = (container.duration or 0) / av.time_base
    if whole < after + _LONGER_S:
        return after
    ends = (_last_packet(container, sound, near=whole) or 0.0 for sound in sounds)
    return max((after, *ends))


def _promised_end(container: "InputContainer", stream: "VideoStream") -> float:
    if stream.duration is not None and stream.time_base is not None:
        begin = float((stream.start_time or 0) * stream.time_base) - zero_of(container)
        return max(0.0, begin) + float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _cut_index(container: "InputContainer", stream: "VideoStream") -> float | None:
    """Where the index points past the end of the file, as in a half-copied MP4."""
    size, entries = container.size, stream.index_entries
    if not entries or stream.time_base is None or entries[-1].pos + entries[-1].size <= size:
        return None
    for entry in entries:
        if entry.pos + entry.size > size:
            return max(0.0, float(entry.timestamp * stream.time_base) - zero_of(container))
    return None


def _last_packet(container: "InputContainer", stream: "Stream", *, near: float) -> float | None:
    """The end of the last packet that is really there, looking from `near` its promised end."""
    look_at = near - _TAIL_SECONDS
    while True:
        ends = _packet_ends(container, stream, max(0.0, look_at))
        if ends or look_at <= 0:
            return max(ends, default=None)
        look_at = look_at / 2 if look_at > _TAIL_SECONDS else 0.0


def _packet_ends(container: "InputContainer", stream: "Stream", seconds: float) -> list[float]:
    return [
        timed.time + float((timed.packet.duration or 0) * (timed.packet.time_base or 0))
        for timed in packets_from(container, stream, seconds, until=float("inf"))
    ]
