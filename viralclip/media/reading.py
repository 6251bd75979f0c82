"""Finds out how a clip's source is to be read: from where on, and what this FFmpeg makes of it."""

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import av
import av.error

from viralclip.media.command import RenderSpec
from viralclip.media.ffmpeg import abilities
from viralclip.media.limits import open_source
from viralclip.media.packets import begin_at
from viralclip.media.probe import Probed
from viralclip.media.stretch import SeekPoint, find_seek_point


def prepare(ffmpeg: Path, spec: RenderSpec) -> tuple[RenderSpec, SeekPoint]:
    """The spec with what this FFmpeg can do, and where to begin; OSError for what is not readable.

    An FFmpeg that can chain graphs does so only where the sound changes: chained, it now and then
    waits for itself for ever.
    """
    begin = find_seek_point(spec.source, spec.start)
    can = abilities(ffmpeg)
    end = spec.start + spec.output_duration
    is_needed = can.chains and any(
        sound_changes(spec.source, sound.stream, begin.seek, end) for sound in spec.heard
    )
    return replace(spec, abilities=replace(can, chains=is_needed)), begin


@lru_cache(maxsize=256)
def sound_changes(source: Probed, stream: int, start: float, end: float) -> bool:
    """Whether an audio stream changes its rate or its channels between two times, in seconds.

    Every style of a scene asks.
    """
    kinds: set[tuple[str, int]] = set()
    with suppress(OSError), open_source(source.path) as container:
        begin_at(container, start)
        for packet in container.demux(container.streams[stream]):
            with suppress(av.error.FFmpegError):  # damage ends with the next packet
                for frame in packet.decode():
                    assert isinstance(frame, av.AudioFrame)  # noqa: S101 - for the type checker
                    if frame.time is not None and frame.time - source.zero >= end:
                        return False
                    kinds.add((frame.layout.name, frame.sample_rate))
                    if len(kinds) > 1:
                        return True
    return False
