"""Decodes a stretch of a video once, to small upright pictures at a low rate."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error

from viralclip.errors import SourceMissingError, SourceNotVideoError, SourceUnreadableError
from viralclip.geometry import Rect
from viralclip.media.limits import open_source
from viralclip.media.packets import ROUNDING_S, begin_at
from viralclip.media.probe import Probed, probe
from viralclip.media.stretch import SeekPoint, find_seek_point
from viralclip.media.upright import Image, Upright
from viralclip.reframe.shots import Seen, signature

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_Timed = tuple[float, "VideoFrame"]

SAMPLE_FPS = 10.0
LONG_SIDE = 640
_WELL_BEFORE_S = 0.5


@dataclass(frozen=True)
class PassedFrame:
    """A frame that is no sample, as decoded: its picture is made for who asks."""

    time: float
    _frame: "VideoFrame"
    _upright: Upright

    @property
    def image(self) -> Image:
        return self._upright.image(self._frame)


@dataclass(frozen=True)
class SampledFrame:
    """A picture, 8-bit BGR of shape (height, width, 3), and its seconds since the range's start.

    `passed` are the frames between the sample before and this one.
    """

    time: float
    image: Image
    passed: tuple[PassedFrame, ...]

    def between(self) -> Iterator[Seen]:
        """The signatures of the passed frames, for who looks for the exact frame of a cut."""
        return ((frame.time, signature(frame.image)) for frame in self.passed)


def sample_frames(
    path: Path,
    *,
    start: float = 0.0,
    end: float | None = None,
    fps: float = SAMPLE_FPS,
    long_side: int = LONG_SIDE,
    region: Rect | None = None,
    threads: int = 0,
) -> Iterator[SampledFrame]:
    """About `fps` frames per second from `start` up to but without `end`.

    Pictures are upright, in square pixels, of `region` or all that is shown, and at most
    `long_side` on their longer side. Times are
    those of the frames themselves, so that a variable rate is seen as it is; a held picture comes
    once. `threads` is the decoder's, 0 for its own choice. Damaged stretches are left out, and a
    file that breaks off gives what it has; SourceUnreadableError if that is nothing.
    """
    span = _Span(start, math.inf if end is None else end)
    given = False
    try:
        probed = probe(path)
        if start >= probed.video.duration:
            raise SourceUnreadableError(detail=f"nothing from {start:.3f} s")
        whole = Rect(0, 0, probed.video.width, probed.video.height)
        upright = Upright(probed.picture, region or whole, long_side)
        for *passed, (time, frame) in _thinned(_read(probed, span, threads=threads), fps):
            given = True
            between = tuple(PassedFrame(time - start, frame, upright) for time, frame in passed)
            yield SampledFrame(time - start, upright.image(frame), between)
    except (SourceMissingError, SourceNotVideoError) as error:
        raise SourceUnreadableError(detail=error.detail or error.message) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SourceUnreadableError(detail=repr(error)) from error
    if not given:
        raise SourceUnreadableError(detail=f"no frame from {start:.3f} s")


@dataclass(frozen=True)
class _Span:
    start: float
    end: float


def _thinned(frames: Iterator[_Timed], fps: float) -> Iterator[list[_Timed]]:
    """The first frame of each `1 / fps` seconds, last in a list with those since the one before."""
    last, passed = -1, list[_Timed]()
    for time, frame in frames:
        passed.append((time, frame))
        place = math.floor((time + ROUNDING_S) * fps)
        if place > last:
            yield passed
            last, passed = place, []


def _read(probed: Probed, span: _Span, *, threads: int) -> Iterator[_Timed]:
    """The frames on screen in the span, the first of them from its start on, however old it is."""
    begin = find_seek_point(probed, span.start)
    held: VideoFrame | None = None
    for time, frame in _from(probed, begin, threads=threads):
        if time <= span.start + ROUNDING_S:
            held = frame
            continue
        if held is not None:
            yield span.start, held
            held = None
        if time >= span.end - ROUNDING_S:
            return
        yield time, frame
    if held is not None:
        yield span.start, held


def _from(probed: Probed, begin: SeekPoint, *, threads: int) -> Iterator[_Timed]:
    """Frames from the one on screen at first, and some before it."""
    with open_source(probed.path) as container:
        stream = container.streams[probed.picture.stream]
        assert isinstance(stream, av.VideoStream)  # noqa: S101 - for the type checker
        stream.thread_type, stream.thread_count = "AUTO", threads
        # Coarse edges do not spread from a frame that no other is predicted from.
        stream.codec_context.options = {"skip_loop_filter": "noref"}
        begin_at(container, begin.seek)
        yield from _timed(container, stream, probed.zero, shown=begin.shown)


def _timed(
    container: "InputContainer", stream: "VideoStream", zero: float, *, shown: float
) -> Iterator[_Timed]:
    """Every frame that can be decoded, with its seconds since the video's start."""
    with suppress(av.error.FFmpegError):  # a file that breaks off; what came before counts
        for packet in container.demux(stream):
            before = _is_before(packet, zero + shown)
            stream.codec_context.skip_frame = "NONREF" if before else "DEFAULT"
            with suppress(av.error.FFmpegError):  # damage ends with the next keyframe
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame) and frame.time is not None:
                        yield frame.time - zero, frame


def _is_before(packet: "av.Packet[VideoStream]", shown: float) -> bool:
    """Whether nobody asks for the packet's frame; one without a time could be any."""
    if packet.pts is None or packet.time_base is None:
        return False
    return float(packet.pts * packet.time_base) < shown - _WELL_BEFORE_S
