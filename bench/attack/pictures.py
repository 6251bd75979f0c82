"""Small files that take much: pictures of many pixels, and videos made of them; and videos that are
the same to look at, but not the same file."""

import struct
import subprocess
import zlib
from pathlib import Path

# Bytes of a pixel by PNG's colour types; 0 is grey, 6 is RGBA.
_CHANNELS = {0: 1, 6: 4}


def png(width: int, height: int, *, colour: int = 0, bits: int = 8) -> bytes:
    """A black picture: a few bytes for each row, however wide it is."""
    row = b"\0" + bytes(width * _CHANNELS[colour] * bits // 8)
    packing = zlib.compressobj(9)
    body = b"".join(packing.compress(row) for _ in range(height)) + packing.flush()
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def picture_video(ffmpeg: Path, picture: bytes, target: Path) -> Path:
    """A video of one frame, which is the picture as it is."""
    still = target.with_suffix(".png")
    still.write_bytes(picture)
    options = ("-f", "image2", "-framerate", "1", "-i", still, "-c:v", "copy", target)
    subprocess.run([ffmpeg, "-v", "error", "-y", *options], check=True)
    still.unlink()
    return target


def marked(video: Path, mark: bytes) -> bytes:
    """An MP4 with a box behind it that nobody reads: another content, so another video."""
    return video.read_bytes() + struct.pack(">I", 8 + len(mark)) + b"free" + mark


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
