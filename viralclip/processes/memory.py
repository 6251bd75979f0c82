"""Keeps the C allocator from holding on to memory that pictures passed through."""

import ctypes
import sys
from contextlib import suppress
from functools import cache

# glibc's names and numbers of mallopt(3).
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
# Else every thread gets an arena of its own, which is never given back.
_ARENAS = 2
# Else the first freed picture raises it to the size of a picture, and they pile up in the heap.
_MMAP_BYTES = 128 * 1024


def limit_malloc_arenas() -> None:
    """Call before threads begin; only glibc knows arenas, elsewhere this does nothing."""
    if libc := _glibc():
        libc.mallopt(_M_ARENA_MAX, _ARENAS)
        libc.mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)


def trim_heap() -> None:
    """Call when pictures have passed through: what is free goes back to the system."""
    if libc := _glibc():
        libc.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        if libc.mallopt and libc.malloc_trim:
            return libc
    return None
