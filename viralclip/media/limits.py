"""How large a source may be: what is larger is refused before anything of it is decoded.

A picture of 15000x15000 fits into 1.7 MB and takes 1.8 GB of memory once it is decoded.
"""

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import av.logging

from viralclip.errors import SourceNotVideoError, SourceStillError, SourceTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext

# 8192x8192: twice what 8K has.
MOST_PIXELS = 2**26
# A recorder with a track for each microphone has some dozens.
MOST_STREAMS = 100
_MILLION = 1_000_000
_DECODING = {"max_pixels": str(MOST_PIXELS)}
_OPENING = {"protocol_whitelist": "file", **_DECODING}
_STILLS = frozenset({"image2", "ico"})
# How a picture in the container of videos calls itself: AVIF and HEIF.
_STILL_BRANDS = frozenset({"avif", "mif1", "heic", "heix", "heim", "heis"})
_SIZE_SAID = re.compile(r"Picture size (\d+)x(\d+) exceeds")


def open_source(path: Path) -> "InputContainer":
    """The file as a container that reads no other file and decodes no picture of more than
    `MOST_PIXELS`; it is to be closed, as by `with`."""
    container = av.open(f"file:{path}", metadata_errors="replace", options=_OPENING)
    for context in _contexts(container):
        context.options = _DECODING
    return container


def check_limits(container: "InputContainer", name: str) -> None:
    """SourceStillError for a picture, SourceTooLargeError for what is beyond a limit."""
    formats = container.format.name.split(",")
    brand = container.metadata.get("major_brand", "").strip()
    if brand in _STILL_BRANDS or any(f in _STILLS or f.endswith("_pipe") for f in formats):
        raise SourceStillError(name=name)
    if (streams := len(container.streams)) > MOST_STREAMS:
        limit = f"{MOST_STREAMS} streams"
        raise SourceTooLargeError(name=name, figure=f"{streams} streams", limit=limit)
    for context in _contexts(container):
        if context.width * context.height > MOST_PIXELS:
            raise _too_many_pixels(name, context.width, context.height)


def _contexts(container: "InputContainer") -> "Iterator[VideoCodecContext]":
    """How each video stream is decoded; some have no decoder here."""
    for stream in container.streams.video:
        context: VideoCodecContext | None = stream.codec_context
        if context is not None:
            yield context


def refusal_of(path: Path, error: Exception, **why: str) -> SourceNotVideoError:
    """Why a file cannot be decoded: its pictures are too large, or it is no video."""
    found = _SIZE_SAID.search(_last_words(path))
    if found:
        return _too_many_pixels(path.name, int(found[1]), int(found[2]))
    return SourceNotVideoError(name=path.name or path, detail=repr(error), **why)


def _too_many_pixels(name: str, width: int, height: int) -> SourceTooLargeError:
    figure = f"pictures of {width}x{height} pixels ({width * height / _MILLION:.0f} million)"
    limit = f"{MOST_PIXELS // _MILLION} million pixels"
    return SourceTooLargeError(name=name, figure=figure, limit=limit)


def _last_words(path: Path) -> str:
    """What the library says while it opens the file: the only place where it gives the size."""
    before = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with (
            av.logging.Capture() as said,
            contextlib.suppress(av.error.FFmpegError, OSError, ValueError, EOFError),
        ):
            open_source(path).close()
        return " ".join(line for *_, line in said)
    finally:
        av.logging.set_level(before)
