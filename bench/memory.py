"""How much memory our own process takes at its peak, and whether that grows with the scenes."""

import re
import statistics
import threading
from pathlib import Path

from bench.figures import Figure, spread
from bench.rig import Job, finish, render, sample

AT_MOST_MB = 250
GROWTH_AT_MOST = 1.10
_EVERY_S = 0.02
_ROUNDS = 3
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


def measure(folder: Path, *, short: bool) -> list[Figure]:
    if not Path("/proc/self/status").exists():
        return []
    few, many = 5, 20 if short else 100
    small: list[float] = []
    large: list[float] = []
    for turn in range(1 if short else _ROUNDS):
        small.append(_peak_mb(folder, few, turn))
        large.append(_peak_mb(folder, many, turn))
    growth = statistics.median(large) / statistics.median(small)
    raw = f"{many} scenes {spread(large, 'MB', digits=1)}, {few} {spread(small, 'MB', digits=1)}"
    return [
        Figure("peak memory of our process, worst", max(small + large), "MB", raw, AT_MOST_MB),
        Figure(f"peak memory, {many} scenes / {few}", growth, "", raw, GROWTH_AT_MOST),
    ]


def _peak_mb(folder: Path, scenes: int, turn: int) -> float:
    job = Job(count=scenes, seconds=0.4, styles=("center_focus",), preset="fast")
    process = render(job, sample(folder), folder, folder / f"memory-{scenes}-{turn}")
    watch = Watch(process.pid)
    watch.start()
    finish(process)
    watch.join()
    return watch.peak_kb / 1000


class Watch(threading.Thread):
    """Reads the kernel's own high-water mark, which FFmpegs as other processes are no part of."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._status = Path(f"/proc/{pid}/status")
        self._pause = threading.Event()
        self.peak_kb = 0

    def run(self) -> None:
        while found := self._read():
            self.peak_kb = max(self.peak_kb, found)
            self._pause.wait(_EVERY_S)

    def _read(self) -> int:
        """The mark in kB; 0 once the process is gone or a zombie, which has no memory."""
        try:
            match = _PEAK.search(self._status.read_text())
        except (FileNotFoundError, ProcessLookupError):
            return 0
        return int(match[1]) if match else 0
