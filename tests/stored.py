"""Sources whose container says how to show them: a display matrix, a clean aperture."""

import struct
from pathlib import Path

# a, b, c, d: a stored pixel (x, y) is shown at (a x + c y, b x + d y).
Matrix = tuple[int, int, int, int]
MATRICES: tuple[Matrix, ...] = (
    (1, 0, 0, 1),
    (-1, 0, 0, 1),
    (1, 0, 0, -1),
    (-1, 0, 0, -1),
    (0, 1, 1, 0),
    (0, 1, -1, 0),
    (0, -1, 1, 0),
    (0, -1, -1, 0),
)
_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")


def with_matrix(original: Path, target: Path, matrix: Matrix) -> Path:
    """An MP4 whose first track is shown by the matrix."""
    data = bytearray(original.read_bytes())
    at = data.index(b"tkhd") + 4
    at += 40 if data[at] == 0 else 52
    a, b, c, d = (value * 65536 for value in matrix)
    width, height = struct.unpack(">II", data[at + 36 : at + 44])
    x = (width if a < 0 else 0) + (height if c < 0 else 0)
    y = (width if b < 0 else 0) + (height if d < 0 else 0)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, x, y, 1 << 30)
    target.write_bytes(data)
    return target


def with_clap(original: Path, target: Path, *, size: tuple[int, int], off: tuple[int, int]) -> Path:
    """An MP4, its index last, whose first track has a clean aperture; `off` is in half pixels."""
    data = bytearray(original.read_bytes())
    start, end, parents = 0, len(data), list[int]()
    for name in _PARENTS:
        start = next(at for at, kind in _boxes(data, start, end) if kind == name)
        parents.append(start)
        start, end = start + 8, start + _size(data, start)
    entry = start + 8
    parents.append(entry)
    after = entry + _size(data, entry)
    (width, height), (right, down) = size, off
    clap = struct.pack(">I4s4IiIiI", 40, b"clap", width, 1, height, 1, right, 2, down, 2)
    data[after:after] = clap
    for parent in parents:
        data[parent : parent + 4] = struct.pack(">I", _size(data, parent) + len(clap))
    target.write_bytes(data)
    return target


def _size(data: bytearray, at: int) -> int:
    return int.from_bytes(data[at : at + 4])


def _boxes(data: bytearray, start: int, end: int):
    while start + 8 <= end:
        yield start, bytes(data[start + 4 : start + 8])
        start += _size(data, start)
