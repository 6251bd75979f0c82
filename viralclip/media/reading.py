"""Finds out how a clip's source is to be read: from where on, and what this FFmpeg makes of it."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error

from viralclip.media.ffmpeg import Abilities, abilities
from viralclip.media.limits import open_source
from viralclip.media.packets import begin_at
from viralclip.media.probe import Probed
from viralclip.media.render_spec import RenderSpec
from viralclip.media.soundtrack import steadied, steady_format
from viralclip.media.stretch import SeekPoint, find_seek_point
from viralclip.media.tracks import Sound, with_kind

if TYPE_CHECKING:
    from av.container import InputContainer


@dataclass(frozen=True)
class SourceReading:
    """How an FFmpeg of these `abilities` reads a clip's source.

    `heard` are the clip's sounds as they are there. `steady` has the filters that each needs before
    others, where one of them changes.
    """

    begin: SeekPoint
    abilities: Abilities
    heard: tuple[Sound, ...]
    steady: tuple[str, ...] = ()


def find_reading(ffmpeg: Path, spec: RenderSpec) -> SourceReading:
    """How this FFmpeg is to read the clip's source; OSError for what is not readable.

    An FFmpeg that can chain graphs does so only where the sound changes: chained, it now and then
    waits for itself for ever.
    """
    begin = find_seek_point(spec.source, spec.start)
    end = spec.start + spec.output_duration
    heard = [sound_kinds(spec.source, sound, begin.seek, end) for sound in spec.heard]
    can = abilities(ffmpeg)
    if can.chains and any(len(kinds) > 1 for kinds in heard):
        steady = tuple(steady_format(kinds) for kinds in heard)
        return SourceReading(begin, can, tuple(steadied(kinds) for kinds in heard), steady)
    return SourceReading(begin, can, tuple(kinds[0] for kinds in heard))


@lru_cache(maxsize=256)
def sound_kinds(source: Probed, sound: Sound, start: float, end: float) -> tuple[Sound, ...]:
    """What a track is one after the other between two times, in seconds, in rate and channels; as
    it is announced where nothing of it comes then.

    Every style of a scene asks.
    """
    kinds: list[Sound] = []
    with suppress(OSError), open_source(source.path) as container:
        begin_at(container, start)
        for frame in _frames(container, sound.stream):
            if frame.time is not None and frame.time - source.zero >= end:
                break
            kind = with_kind(sound, frame)
            if kind not in kinds:
                kinds.append(kind)
    return tuple(kinds) or (sound,)


def _frames(container: "InputContainer", stream: int) -> Iterator[av.AudioFrame]:
    for packet in container.demux(container.streams[stream]):
        with suppress(av.error.FFmpegError):  # damage ends with the next packet
            for frame in packet.decode():
                assert isinstance(frame, av.AudioFrame)  # noqa: S101 - for the type checker
                yield frame
