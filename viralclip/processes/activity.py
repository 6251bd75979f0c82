"""What a process does: the processor time it and its children use, and the bytes they read."""

from contextlib import suppress
from dataclasses import dataclass

import psutil

# What a process that hangs may still do: print its progress, and look whether it is to end.
_IDLE_SHARE = 0.005
_TICK_S = 0.01
_IDLE_BYTES = 64 * 1024


@dataclass(frozen=True)
class Activity:
    """Processor seconds used and bytes read so far, by a process and those it has started."""

    cpu_s: float = 0.0
    bytes_read: int = 0

    def is_work_since(self, before: "Activity", *, within_s: float) -> bool:
        """Whether more was done in so many seconds than a process does that only waits."""
        used = self.cpu_s - before.cpu_s
        read = self.bytes_read - before.bytes_read
        return used >= max(_TICK_S, within_s * _IDLE_SHARE) or read >= _IDLE_BYTES


def activity_of(pid: int) -> Activity:
    """The activity of the process and its children up to now; none of those that are gone."""
    try:
        process = psutil.Process(pid)
        processes = [process, *process.children(recursive=True)]
    except psutil.Error:
        return Activity()
    return Activity(sum(map(_cpu_s, processes)), sum(map(_bytes_read, processes)))


def _cpu_s(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        times = process.cpu_times()
        # Children that have ended count, too: a wrapper may run one program after another.
        return times.user + times.system + times.children_user + times.children_system
    return 0.0


def _bytes_read(process: psutil.Process) -> int:
    """What was asked for, also of what the system had in memory; macOS does not say."""
    with suppress(psutil.Error, AttributeError, NotImplementedError):
        counters = process.io_counters()
        return getattr(counters, "read_chars", counters.read_bytes)
    return 0
