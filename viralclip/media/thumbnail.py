"""The still picture of a clip: neither black, nor blurred, nor a flash."""

import os
import threading
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from viralclip.errors import ThumbnailFailedError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame

Luma = NDArray[np.float32]

# Candidates: so many keyframes, or where none is good, so many frames spread over the clip.
_KEYFRAMES, _SPREAD = 4, 6
# Below these a picture is flat or blurred: deviation of luma, variance of its Laplacian.
_FLAT, _BLURRED = 12.0, 60.0
_LONG_SIDE = 720
_LOOK_AT = 160
_DARK, _BRIGHT = 40.0, 215.0
# Quantiser scale of MJPEG, 2 (best) to 31.
_JPEG_SCALE = 3
# A decoder holds some twenty large pictures; clips of equal length end together.
_DECODING = threading.BoundedSemaphore(1 + (os.cpu_count() or 1) // 8)


def make_thumbnail(clip: Path, target: Path) -> None:
    """Writes the best of several frames of `clip` as a JPEG; ThumbnailFailedError if it cannot."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with _DECODING:
            _write_jpeg(_best(clip), partial)
        partial.replace(target)
    except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
        raise ThumbnailFailedError(detail=repr(error)) from error
    finally:
        partial.unlink(missing_ok=True)


def score(luma: Luma, *, usual: float) -> float:
    """How good a still is: sharp, rich in contrast, near the clip's `usual` brightness.

    Sharpness is the variance of the Laplacian (Pech-Pacheco et al., 2000), on a logarithmic scale
    so that noise or fine texture does not outweigh everything.
    """
    mean, contrast = float(luma.mean()), float(luma.std())
    detail = float(np.log1p(_sharpness(luma)))
    extreme = max(0.0, _DARK - mean) + max(0.0, mean - _BRIGHT)
    return detail + contrast / 20 - extreme / 8 - abs(mean - usual) / 30


def _sharpness(luma: Luma) -> float:
    laplacian = 4 * luma[1:-1, 1:-1] - luma[:-2, 1:-1] - luma[2:, 1:-1] - luma[1:-1, :-2]
    return float((laplacian - luma[1:-1, 2:]).var())


def _is_good(luma: Luma) -> bool:
    """Good enough that the frames between the keyframes, which cost decoding, need no look."""
    in_the_light = _DARK < luma.mean() < _BRIGHT
    return bool(in_the_light and luma.std() > _FLAT and _sharpness(luma) > _BLURRED)


def _best(clip: Path) -> "VideoFrame":
    """Candidates are looked at small and one is decoded again, so that few are in memory."""
    with av.open(f"file:{clip}") as container:
        # Edges between blocks are not to be seen in a picture that is made so much smaller.
        container.streams.video[0].codec_context.options = {"skip_loop_filter": "all"}
        lumas = _keyframes(container)
        if not any(_is_good(luma) for luma in lumas.values()):
            lumas |= _spread(container)
        usual = float(np.median([luma.mean() for luma in lumas.values()]))
        best = max(lumas, key=lambda time: score(lumas[time], usual=usual))
        return _frame_at(container, best)


def _keyframes(container: "InputContainer") -> dict[float, Luma]:
    """The cheap candidates: nothing between them needs to be decoded."""
    stream = container.streams.video[0]
    keys = [packet.pts for packet in container.demux(stream) if packet.is_keyframe]
    chosen = {keys[place * len(keys) // _KEYFRAMES] for place in range(_KEYFRAMES) if keys}
    container.seek(0)
    lumas: dict[float, Luma] = {}
    for packet in container.demux(stream):
        if packet.pts in chosen or not packet.size:  # an empty packet asks for what is left
            lumas |= {frame.time or 0.0: _luma(frame) for frame in packet.decode()}
    return lumas


def _spread(container: "InputContainer") -> dict[float, Luma]:
    """Frames spread over a short clip, away from its very ends, where cuts and fades are."""
    length = (container.duration or 0) / av.time_base
    times = [length * (place + 0.5) / _SPREAD for place in range(_SPREAD)]
    return {time: _luma(_frame_at(container, time)) for time in times}


def _frame_at(container: "InputContainer", time: float) -> "VideoFrame":
    """The frame shown at `time`, or the last one."""
    stream = container.streams.video[0]
    container.seek(int(time * av.time_base))
    half = 0.5 / float(stream.average_rate or Fraction(30))
    frame = None
    for frame in container.decode(stream):
        if frame.time is not None and frame.time >= time - half:
            break
    if frame is None:
        raise ValueError(f"no frame at {time:.3f} s")
    return frame


def _luma(frame: "VideoFrame") -> Luma:
    width, height = _fitting(frame.width, frame.height, _LOOK_AT)
    small = frame.reformat(width=width, height=height, format="gray", interpolation="AREA")
    return small.to_ndarray().astype(np.float32)


def _write_jpeg(frame: "VideoFrame", target: Path) -> None:
    width, height = _fitting(frame.width, frame.height, _LONG_SIDE)
    picture = frame.reformat(width=width, height=height, format="yuvj420p", interpolation="LANCZOS")
    picture.pts, picture.time_base = 0, Fraction(1, 25)
    codec = av.CodecContext.create("mjpeg", "w")
    assert isinstance(codec, av.VideoCodecContext)  # noqa: S101 - for the type checker
    codec.width, codec.height, codec.pix_fmt = width, height, "yuvj420p"
    codec.time_base = Fraction(1, 25)
    codec.options = {"flags": "+qscale+bitexact"}
    codec.global_quality = _JPEG_SCALE * 118
    target.write_bytes(
        b"".join(bytes(packet) for packet in [*codec.encode(picture), *codec.encode(None)])
    )


def _fitting(width: int, height: int, long_side: int) -> tuple[int, int]:
    share = min(1.0, long_side / max(width, height))
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)
