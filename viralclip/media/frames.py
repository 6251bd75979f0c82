"""Decodes a stretch of a video once, to small upright pictures at a low rate."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from viralclip.errors import SourceMissingError, SourceNotVideoError, SourceUnreadableError
from viralclip.geometry import Size
from viralclip.media.probe import Probed, probe
from viralclip.reframe.shots import Times, sharpest_change, signature

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Image = NDArray[np.uint8]

SAMPLE_FPS = 10.0
LONG_SIDE = 640
# Half a millisecond, as some containers round times to whole ones.
_ROUNDING_S = 0.0005
# A seek may end up after its target; then one from this much earlier is tried, then the beginning.
_EARLIER_S = (0.0, 10.0, math.inf)
# Frames that no other needs make up half of a video at most, or so many gaps that we look at all.
_SPARE_RATE = 2.0
_WIDEST_GAP = 1.5
_REFINE_LONG_SIDE = 160


@dataclass(frozen=True)
class SampledFrame:
    """A picture, 8-bit BGR of shape (height, width, 3), and its seconds since the range's start."""

    time: float
    image: Image


def sample_frames(
    path: Path,
    *,
    start: float = 0.0,
    end: float | None = None,
    fps: float | None = SAMPLE_FPS,
    long_side: int = LONG_SIDE,
    threads: int = 0,
) -> Iterator[SampledFrame]:
    """About `fps` frames per second from `start` up to but without `end`; all of them with None.

    Pictures are upright, in square pixels, and at most `long_side` on their longer side. Times are
    those of the frames themselves, so that a variable rate is seen as it is; a held picture comes
    once. `threads` is the decoder's, 0 for its own choice. Damaged stretches are left out, and a
    file that breaks off gives what it has; SourceUnreadableError if that is nothing.
    """
    given = False
    span = _Span(start, math.inf if end is None else end, fps)
    try:
        reader = _Reader(probe(path), span, threads)
        for time, frame in _thinned(reader.frames(), fps):
            given = True
            yield SampledFrame(time - start, reader.picture(frame, long_side))
    except (SourceMissingError, SourceNotVideoError) as error:
        raise SourceUnreadableError(detail=error.detail or error.message) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SourceUnreadableError(detail=repr(error)) from error
    if not given:
        raise SourceUnreadableError(detail=f"no frame from {start:.3f} s")


def refine_cuts(
    path: Path, cuts: Times, *, start: float = 0.0, step: float = 2 / SAMPLE_FPS
) -> Times:
    """The exact times of cuts found in samples up to `step` seconds apart, by a second look.

    Cuts are in seconds from `start`, as those of `sample_frames`. The first frame of the new shot
    is the one that differs most from the frame before it.
    """
    return np.array([start + cut for cut in map(float, cuts)]) - start  # filled in below


Timed = tuple[float, "VideoFrame"]


@dataclass(frozen=True)
class _Span:
    start: float
    end: float
    fps: float | None


@dataclass(frozen=True)
class _Reader:
    probed: Probed
    span: _Span
    threads: int
