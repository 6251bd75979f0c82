"""Keeps the C allocator from holding on to memory that pictures passed through."""

import ctypes
import sys
from contextlib import suppress

# glibc's names and numbers of mallopt(3).
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
# Else every thread gets an arena of its own, which is never given back.
_ARENAS = 2
# Else the first freed picture raises it to the size of a picture, and they pile up in the heap.
_MMAP_BYTES = 128 * 1024


def hold_little_memory() -> None:
    """Call before threads begin; only glibc knows arenas, elsewhere this does nothing."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(_M_ARENA_MAX, _ARENAS)
            libc.mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
