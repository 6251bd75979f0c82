"""The part of a stored picture that its container says to show: MP4's clap, Matroska's PixelCrop.

PyAV does not give it. FFmpeg applies it since version 7.1, earlier ones do not.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from viralclip.geometry import Rect, Size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# The kind of a box or an element, where its content starts and where it ends.
_Part = tuple[int | bytes, int, int]

_LARGEST_INDEX = 64 * 1024 * 1024
# In an stsd: its version and count; in a visual sample entry: what stands before its boxes.
_STSD_HEAD, _ENTRY_HEAD = 8, 78
_CLAP = struct.Struct(">4I" + "iI" * 2)

_SEGMENT, _TRACKS, _TRACK, _TRACK_TYPE, _VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0x83, 0xE0
_BOTTOM, _TOP, _LEFT, _RIGHT = 0x54AA, 0x54BB, 0x54CC, 0x54DD
_IS_VIDEO = 1


def find_cropping(
    path: Path, container: "InputContainer", stream: "VideoStream", stored: Size
) -> Rect:
    """The part of the `stored` picture to show; all of it where nothing sensible is said."""
    kinds = set(container.format.name.split(","))
    found = None
    with suppress(OSError, ValueError, struct.error, ZeroDivisionError), path.open("rb") as file:
        if "mp4" in kinds:
            found = _clean_aperture(file, stream.id, stored)
        if "matroska" in kinds:
            found = _pixel_crop(file, container.streams.video.index(stream), stored)
    whole = Rect(0, 0, stored.width, stored.height)
    return found if found is not None and _is_inside(found, whole) else whole


def _is_inside(part: Rect, whole: Rect) -> bool:
    right, bottom = part.x + part.width, part.y + part.height
    return (
        0 <= part.x < right <= whole.width
        and 0 <= part.y < bottom <= whole.height
        and min(part.width, part.height) > 1
    )


def _clean_aperture(file: BinaryIO, track: int, stored: Size) -> Rect | None:
    """ISO 14496-12, 12.1.4: sides and the offset of the centre, in fractions of pixels."""
    index = _content(file, _first(_boxes(file, 0, _length(file)), b"moov"))
    for kind, start, end in _boxes(index, 0, _length(index)):
        if kind == b"trak" and _track_id(index, start, end) == track:
            values = _CLAP.unpack(_clap_of(index, start, end))
            width, height, right, down = map(Fraction, values[::2], values[1::2])
            x, across = _span(width, right, stored.width)
            y, along = _span(height, down, stored.height)
            return Rect(x, y, across, along)
    return None


def _span(length: Fraction, offset: Fraction, full: int) -> tuple[int, int]:
    """The first pixel and how many, rounded as FFmpeg does."""
    if length > full:
        raise ValueError("more than there is")
    centre, half = Fraction(full - 1, 2) + offset, (length - 1) / 2
    first, last = int(centre - half), int(centre + half)
    return first, last - first + 1


def _track_id(index: BinaryIO, start: int, end: int) -> int:
    _, at, _ = _first(_boxes(index, start, end), b"tkhd")
    index.seek(at)
    is_long = index.read(1) == b"\1"
    index.seek(at + (20 if is_long else 12))
    return int.from_bytes(index.read(4))


def _clap_of(index: BinaryIO, start: int, end: int) -> bytes:
    for kind in (b"mdia", b"minf", b"stbl", b"stsd"):
        _, start, end = _first(_boxes(index, start, end), kind)
    _, start, end = next(_boxes(index, start + _STSD_HEAD, end))
    _, start, _ = _first(_boxes(index, start + _ENTRY_HEAD, end), b"clap")
    index.seek(start)
    return index.read(_CLAP.size)


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Part]:
    while start + 8 <= end:
        file.seek(start)
        size, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            size, head = int.from_bytes(file.read(8)), 16
        size = size or end - start
        if size < head:
            return
        yield kind, start + head, min(start + size, end)
        start += size


def _pixel_crop(file: BinaryIO, place: int, stored: Size) -> Rect | None:
    """RFC 9559, 5.1.4.1.28: pixels to leave out on each side of the track's pictures."""
    segment = _first(_elements(file, 0, _length(file)), _SEGMENT)
    tracks = _content(file, _first(_elements(file, *segment[1:]), _TRACKS))
    videos = [
        (start, end)
        for kind, start, end in _elements(tracks, 0, _length(tracks))
        if kind == _TRACK and _numbers(tracks, start, end).get(_TRACK_TYPE) == _IS_VIDEO
    ]
    _, start, end = _first(_elements(tracks, *videos[place]), _VIDEO)
    said = _numbers(tracks, start, end)
    left, top = said.get(_LEFT, 0), said.get(_TOP, 0)
    right, bottom = stored.width - said.get(_RIGHT, 0), stored.height - said.get(_BOTTOM, 0)
    return Rect(left, top, right - left, bottom - top)


def _numbers(file: BinaryIO, start: int, end: int) -> dict[int | bytes, int]:
    """The elements of a track that are whole numbers; what others hold means nothing as one."""
    values: dict[int | bytes, int] = {}
    for kind, first, last in _elements(file, start, end):
        file.seek(first)
        values[kind] = int.from_bytes(file.read(min(last - first, 8)))
    return values


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[_Part]:
    while start < end:
        file.seek(start)
        kind, _ = _variable(file)
        marked, width = _variable(file)
        size = marked - (1 << 7 * width)
        content = file.tell()
        # All ones: of unknown size, as in what was written live.
        last = end if size == (1 << 7 * width) - 1 else min(content + size, end)
        yield kind, content, last
        start = last


def _variable(file: BinaryIO) -> tuple[int, int]:
    """A number of one to eight bytes with the marker that says how many, and how many."""
    first = file.read(1)
    if not first or not first[0]:
        raise ValueError("no EBML number")
    width = 9 - first[0].bit_length()
    return int.from_bytes(first + file.read(width - 1)), width


def _first(parts: Iterator[_Part], wanted: int | bytes) -> _Part:
    for part in parts:
        if part[0] == wanted:
            return part
    raise ValueError(f"no {wanted!r}")


def _content(file: BinaryIO, part: _Part) -> BinaryIO:
    _, start, end = part
    if end - start > _LARGEST_INDEX:
        raise ValueError("too large an index")
    file.seek(start)
    return BytesIO(file.read(end - start))


def _length(file: BinaryIO) -> int:
    return file.seek(0, 2)
