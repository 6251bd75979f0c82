"""Keeps what processes made within a limit on disk: what was used longest ago is evicted first."""

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# What was used a moment ago may be in use still.
_SAFE_S = 3600.0


def evict(folder: Path, *, limit: int, now: Callable[[], float] = time.time) -> None:
    """Remove the subfolders that were used longest ago, until all take at most `limit` bytes."""
    entries = sorted(folder.iterdir(), key=_used_at) if folder.is_dir() else []
    sizes = {entry: _size(entry) for entry in entries}
    total = sum(sizes.values())
    for entry, size in sizes.items():
        if total <= limit or now() - _used_at(entry) < _SAFE_S:
            return
        shutil.rmtree(entry, ignore_errors=True)
        total -= size


def _used_at(entry: Path) -> float:
    with suppress(OSError):
        return entry.stat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    total = 0
    for file in folder.glob("*"):
        with suppress(OSError):
            total += file.stat().st_size
    return total
