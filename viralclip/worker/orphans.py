"""FFmpegs that outlived their worker: written down while they run, ended when nobody owns them."""

from contextlib import suppress
from pathlib import Path

import psutil
import structlog

from viralclip.worker.liveness import life_of

log = structlog.get_logger(__name__)


class FfmpegLedger:
    """One small file per running FFmpeg: `worker@pid`, holding the process's start time."""

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder
        self._worker = worker
        folder.mkdir(parents=True, exist_ok=True)

    def record(self, pid: int) -> None:
        with suppress(psutil.NoSuchProcess):
            started = psutil.Process(pid).create_time()
            (self._folder / f"{self._worker}@{pid}").write_text(repr(started))

    def clear(self) -> None:
        """Forget this worker's own; it has ended them all."""
        for entry in self._folder.glob(f"{self._worker}@*"):
            entry.unlink(missing_ok=True)


def sweep(folder: Path, locks: Path) -> int:
    """End every noted FFmpeg whose worker is gone; how many were still running."""
    ended = 0
    for entry in folder.glob("*@*") if folder.is_dir() else ():
        worker, _, pid = entry.name.rpartition("@")
        if life_of(locks, worker) == "alive":
            continue
        ended += _end(int(pid), entry.read_text())
        entry.unlink(missing_ok=True)
    if ended:
        log.warning("Orphaned FFmpegs ended", count=ended)
    return ended


def _end(pid: int, started: str) -> bool:
    """Kill the process if it is still the one noted, and not a later one with its number."""
    with suppress(psutil.NoSuchProcess, ValueError):
        process = psutil.Process(pid)
        if abs(process.create_time() - float(started)) < 1:
            process.kill()
            return True
    return False
