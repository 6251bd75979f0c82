"""Reads samples of a source's audio tracks: whether they come at all, and what they are like."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import av
import av.error

from viralclip.audio_tracks import AudioTrack
from viralclip.media.packets import zero_of
from viralclip.media.tracks import Sound

if TYPE_CHECKING:
    from av.container import InputContainer

# What is listened to: all of a short source, else so many stretches of equal length all over it,
# shorter where the file is so heavy that more than these bytes would be read.
_SECONDS, _STRETCHES, _BYTES = 48.0, 16, 256 * 2**20

_Heard = tuple[int, int, float, av.AudioFrame]


def survey(
    container: "InputContainer",
    tracks: Sequence[AudioTrack],
    sounds: Sequence[Sound],
    *,
    duration: float,
    size: int,
) -> tuple[AudioTrack, ...]:
    """The tracks with what was heard on them; those that never come are not playable.

    Of an only track it is merely found out whether it comes. Reads at most some hundred megabytes
    of a file of `size` bytes, wherever its sound is.
    """
    stretches = tuple(_stretches(duration, size))
    frames = _frames(container, sounds, stretches)
    if len(sounds) < 2:  # noqa: PLR2004 - there is nothing to choose from
        return _playable(tracks, {number for number, *_ in _first(frames)})
    # NumPy's import is for those who have several.
    from viralclip.media.heard_tracks import HeardTracks  # noqa: PLC0415

    heard = HeardTracks.of(frames, stretches)
    indexed = {sound.number for sound in sounds if container.streams[sound.stream].frames}
    described = [heard.describe(track) for track in tracks]
    return _playable(described, indexed | heard.waves.keys())


def _stretches(duration: float, size: int) -> Iterator[tuple[float, float]]:
    """Where to listen, as starts and ends in seconds."""
    if duration <= _SECONDS:
        yield 0.0, duration + 1.0
        return
    seconds = min(_SECONDS, max(1.0, duration * _BYTES / max(size, 1)))
    length, apart = seconds / _STRETCHES, (duration - seconds / _STRETCHES) / (_STRETCHES - 1)
    for place in range(_STRETCHES):
        yield place * apart, place * apart + length


def _first(frames: Iterator[_Heard]) -> Iterator[_Heard]:
    if (first := next(frames, None)) is not None:
        yield first


def _playable(tracks: Sequence[AudioTrack], numbers: set[int]) -> tuple[AudioTrack, ...]:
    return tuple(
        track.model_copy(update={"playable": track.playable and track.number in numbers})
        for track in tracks
    )


def _frames(
    container: "InputContainer", sounds: Sequence[Sound], stretches: Sequence[tuple[float, float]]
) -> Iterator[_Heard]:
    """What is decoded: the track's number, the stretch's, seconds since the zero, the frame."""
    by_stream = {sound.stream: sound.number for sound in sounds}
    zero = zero_of(container)
    for place, (start, end) in enumerate(stretches):
        with suppress(av.error.FFmpegError):
            container.seek(round((zero + start) * av.time_base))
        with suppress(av.error.FFmpegError):  # a file that breaks off has no more to tell
            for packet in container.demux():
                if packet.dts is None or packet.time_base is None:
                    continue
                if float(packet.dts * packet.time_base) - zero > end:
                    break
                if number := by_stream.get(packet.stream_index):
                    for frame in _decoded(packet):
                        yield number, place, float(frame.time or 0) - zero, frame


def _decoded(packet: "av.Packet") -> Iterator[av.AudioFrame]:
    with suppress(av.error.FFmpegError, ValueError):  # damage ends with the packet
        for frame in packet.decode():
            if isinstance(frame, av.AudioFrame) and frame.time is not None:
                yield frame
