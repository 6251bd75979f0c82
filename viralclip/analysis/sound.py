"""Listens to a stretch of a source: how loud it is, a hundred times a second."""

from collections.abc import Iterator
from contextlib import suppress

import av
import av.error
import numpy as np

from viralclip.media.limits import open_source
from viralclip.media.packets import begin_at
from viralclip.media.probe import Probed
from viralclip.media.resampling import resampled
from viralclip.media.stretch import find_seek_point
from viralclip.reframe.footage import Floats, Loudness

RATE = 100.0
# Speech needs no more, and there is a fifth as much to add up.
_SAMPLE_RATE = 8000


def listen(probed: Probed, *, start: float, duration: float) -> Loudness | None:
    """The loudness from `start` on; None without a sound track, zero where it is silent or damaged.

    Sound is placed by its own times, so that a track that begins late or has gaps stays in sync.
    """
    if probed.sound is None:
        return None
    count = max(1, round(duration * RATE))
    power = np.zeros(count)
    per_level = _SAMPLE_RATE / RATE
    for time, samples in _samples(probed, start=start, duration=duration):
        first = round((time - start) * _SAMPLE_RATE)
        places = np.floor((np.arange(len(samples)) + first) / per_level).astype(np.intp)
        inside = (places >= 0) & (places < count)
        np.add.at(power, places[inside], samples[inside] ** 2)
    return Loudness(np.clip(np.sqrt(power / per_level), 0, 1), RATE)


def _samples(probed: Probed, *, start: float, duration: float) -> Iterator[tuple[float, Floats]]:
    """Pieces of sound in one channel, with their seconds since the video's start."""
    assert probed.sound is not None  # noqa: S101 - asked before
    with (
        suppress(av.error.FFmpegError, OSError),  # what came before damage counts
        open_source(probed.path) as container,
    ):
        stream = container.streams[probed.sound.stream]
        assert isinstance(stream, av.AudioStream)  # noqa: S101 - for the type checker
        begin_at(container, find_seek_point(probed, start).seek)
        parts = resampled(
            container, stream, rate=_SAMPLE_RATE, zero=probed.zero, end=start + duration
        )
        for time, part in parts:
            yield time, part.astype(np.float64)
