"""A stream's sound in one channel at one rate, piece by piece, each with its time."""

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer


def resampled(
    container: "InputContainer", stream: "AudioStream", *, rate: int, zero: float, end: float
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Samples from where the container stands until `end`, and the seconds since `zero` at which
    they begin; damage is left out."""
    ears: dict[tuple[str, str, int], av.AudioResampler] = {}
    for packet in container.demux(stream):
        with suppress(av.error.FFmpegError):  # damage ends with the next packet
            for frame in packet.decode():
                if not isinstance(frame, av.AudioFrame) or frame.time is None:
                    continue
                if frame.time - zero >= end:
                    return
                kind = (frame.format.name, frame.layout.name, frame.sample_rate)
                ear = ears.setdefault(kind, av.AudioResampler("flt", "mono", rate))
                for part in ear.resample(frame):
                    time = frame.time if part.time is None else part.time
                    yield time - zero, part.to_ndarray().ravel().astype(np.float32)
