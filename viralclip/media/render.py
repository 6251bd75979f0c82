"""Renders one clip: runs FFmpeg, verifies what came out, leaves nothing behind on failure."""

import asyncio
import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error

from viralclip.errors import (
    ClipError,
    DiskFullError,
    EncoderBusyError,
    RenderFailedError,
    RenderIncompleteError,
    SourceChangedError,
    SourceUnreadableError,
)
from viralclip.geometry import Size
from viralclip.media.command import render_command
from viralclip.media.ffmpeg import run_ffmpeg
from viralclip.media.reading import SourceReading, find_reading
from viralclip.media.render_spec import RenderSpec
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.processes.runner import Watchdogs

# A picture may end a little before its container; more than this missing is damage.
_MISSING_S = 1.0
# The encoder's own first and last packets are longer than the sound by less than this.
_UNEVEN_S = 0.1
_NEARLY_FULL_BYTES = 4 * 1024 * 1024
# FFmpeg's exit codes for "most of it could not be decoded" and "invalid data in the input".
_UNREADABLE = frozenset({69, 183})


Command = Callable[[Path, RenderSpec, SourceReading], list[str]]


@dataclass(frozen=True)
class Rendered:
    """What a finished clip is."""

    bytes: int
    duration: float
    width: int
    height: int


async def render(
    ffmpeg: Path,
    spec: RenderSpec,
    *,
    on_progress: Callable[[FfmpegProgress], None],
    limits: Watchdogs,
    on_start: Callable[[int], None] | None = None,
) -> Rendered:
    """Renders `spec` into its target; on any failure or cancellation the target does not exist."""
    try:
        return await _render(ffmpeg, spec, on_progress, limits, on_start)
    except BaseException:
        spec.target.unlink(missing_ok=True)
        raise


def verify_output(path: Path, *, duration: float, fps: Fraction, size: Size) -> Rendered:
    """Reads `path` back; RenderIncompleteError unless every frame is there at the right size.

    Its sound, if it has any, must be as long as the picture: packets whose times do not fit their
    samples are what is left of a graph that was built anew.
    """
    wanted = round(duration * fps)
    frames, found, length = _measure(path)
    if frames != wanted or found != size or abs(length - wanted / fps) > 1 / fps:
        detail = f"{frames} frames of {wanted}, {found} for {size}"
        raise RenderIncompleteError(got=length, wanted=duration, detail=detail)
    heard = _sound_seconds(path)
    if heard is not None and abs(heard - length) > _UNEVEN_S:
        raise RenderIncompleteError(got=heard, wanted=duration, detail="the length of the sound")
    return Rendered(path.stat().st_size, length, found.width, found.height)


async def _render(
    ffmpeg: Path,
    spec: RenderSpec,
    on_progress: Callable[[FfmpegProgress], None],
    limits: Watchdogs,
    on_start: Callable[[int], None] | None,
) -> Rendered:
    command = await asyncio.to_thread(clip_command, ffmpeg, spec)
    length = spec.output_duration
    try:
        await run_ffmpeg(
            command,
            duration=length,
            frames=spec.frames,
            on_progress=on_progress,
            limits=limits,
            # At worst the file has one keyframe, at its beginning.
            lead_s=spec.start,
            on_start=on_start,
        )
        return await asyncio.to_thread(
            verify_output, spec.target, duration=length, fps=spec.fps, size=spec.video.size
        )
    except RenderFailedError as error:
        raise await asyncio.to_thread(_reason, error, spec) from error
    except RenderIncompleteError as error:
        raise _too_short(error, length) from error


def clip_command(ffmpeg: Path, spec: RenderSpec, written: Command = render_command) -> list[str]:
    """The command, once the source was found to hold what it is to show."""
    if spec.start + spec.duration > spec.source.video.duration + _MISSING_S:
        raise SourceUnreadableError(detail=f"ends at {spec.source.video.duration:.3f} s")
    try:
        return written(ffmpeg, spec, find_reading(ffmpeg, spec))
    except OSError as error:
        raise _unreadable(error, spec) from error


def _unreadable(error: OSError, spec: RenderSpec) -> ClipError:
    if not spec.source.path.exists():
        return SourceChangedError(detail=repr(error))
    return SourceUnreadableError(detail=repr(error))


def _too_short(error: RenderIncompleteError, wanted: float) -> ClipError:
    """FFmpeg ended well and yet early: the source had no more to give."""
    got = error.facts["got"]
    if isinstance(got, float) and got < wanted:
        return SourceUnreadableError(detail=f"{error} {error.detail}")
    return error


def _reason(error: RenderFailedError, spec: RenderSpec) -> ClipError:
    """Why FFmpeg failed, told by the facts around it; by its words only where a disk was full."""
    if not spec.source.path.exists():
        return SourceChangedError(detail=error.detail)
    if _names_full_disk(error) or shutil.disk_usage(spec.target.parent).free < _NEARLY_FULL_BYTES:
        return DiskFullError(detail=error.detail)
    encoder = spec.encoding.encoder
    if encoder.is_hardware and f"[{encoder.codec} @" in error.detail:
        # It worked when it was tried, so its sessions are taken; only its own name is looked for.
        return EncoderBusyError(detail=error.detail)
    if error.facts.get("returncode") in _UNREADABLE:
        return SourceUnreadableError(detail=error.detail)
    return error


def _names_full_disk(error: RenderFailedError) -> bool:
    """There may be room again by now; the system's own words for it are FFmpeg's last."""
    return any(os.strerror(number) in error.detail for number in (errno.ENOSPC, errno.EDQUOT))


def _measure(path: Path) -> tuple[int, Size, float]:
    try:
        with av.open(f"file:{path}") as container:
            stream = container.streams.video[0]
            frames = sum(1 for packet in container.demux(stream) if packet.size)
            size = Size(stream.codec_context.width, stream.codec_context.height)
            return frames, size, (container.duration or 0) / av.time_base
    except (av.error.FFmpegError, IndexError, OSError):
        return 0, Size(0, 0), 0.0


def _sound_seconds(path: Path) -> float | None:
    """How long the sound is by its samples, whatever its times say; None without any."""
    with av.open(f"file:{path}") as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        packets = sum(1 for packet in container.demux(stream) if packet.size)
        return packets * stream.codec_context.frame_size / stream.codec_context.sample_rate
