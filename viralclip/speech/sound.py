"""Reads a stretch of a source's sound as engines of speech recognition want it."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from viralclip.media.limits import open_source
from viralclip.media.packets import begin_at, zero_of
from viralclip.media.resampling import resampled
from viralclip.speech.port import SAMPLE_RATE

Samples = NDArray[np.float32]
# A decoder needs some packets before it is in step, and a seek may end a little late.
_EARLIER_S = 1.0


def read_sound(path: Path, streams: Sequence[int], *, start: float, end: float) -> Samples:
    """The sound of the streams together, from `start` to `end` in seconds since the source's zero.

    It is placed by its own times, so that a track that begins late or has gaps stays in sync; it
    is silent where a track has nothing, or is damaged.
    """
    mixed = np.zeros(max(1, round((end - start) * SAMPLE_RATE)), np.float32)
    for stream in streams:
        for time, part in _parts(path, stream, start=start, end=end):
            offset = round((time - start) * SAMPLE_RATE)
            first, skipped = max(0, offset), max(0, -offset)
            kept = part[skipped : skipped + max(0, len(mixed) - first)]
            mixed[first : first + len(kept)] += kept
    return np.clip(mixed, -1, 1)


def _parts(path: Path, stream: int, *, start: float, end: float) -> Iterator[tuple[float, Samples]]:
    """Pieces of one stream, with their seconds since the source's zero."""
    with (
        suppress(av.error.FFmpegError),  # what came before damage counts
        open_source(path) as container,
    ):
        begin_at(container, start - _EARLIER_S)
        audio = container.streams[stream]
        assert isinstance(audio, av.AudioStream)  # noqa: S101 - for the type checker
        zero = zero_of(container)
        yield from resampled(container, audio, rate=SAMPLE_RATE, zero=zero, end=end)
