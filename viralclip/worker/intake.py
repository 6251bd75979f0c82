"""Whether a worker takes clips from the queue: none while there is a reason to leave them there."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from viralclip.engine.port import Runtime
from viralclip.telemetry.metrics import WORKER_ACCEPTING

# Clips in the making need room of their own, and the state's databases and logs do, too.
_LEAST_FREE_BYTES = 256 * 1024**2
# Of a small disk a twentieth is enough.
_LEAST_FREE_SHARE = 20
CHECK_S = 5.0

# In words why no clip should be taken; empty where there is no reason.
Reason = Callable[[], str]

log = structlog.get_logger(__name__)


class DiskFull:
    """A reason: the disk of a folder is nearly full, until twice as much is free.

    A clip that is begun there is tried four times and fails, while another worker may have room.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_full = False

    def __call__(self) -> str:
        try:
            disk = shutil.disk_usage(next(path for path in _up(self._folder) if path.exists()))
        except OSError:
            # Of what cannot be looked at, a clip will say what is wrong with it.
            return ""
        least = least_free_bytes(disk.total)
        self._is_full = disk.free < (2 * least if self._is_full else least)
        return f"{self._folder} has {disk.free / 1024**2:.0f} MB left" if self._is_full else ""


def least_free_bytes(total: int) -> int:
    """What has to be free on a disk of that size for a worker to take clips."""
    return min(_LEAST_FREE_BYTES, total // _LEAST_FREE_SHARE)


class Intake:
    """Has a runtime take clips or leave them to other workers, and advertises why.

    Jobs and scenes are taken in any case: they need no room, and their clips go to any worker.
    """

    def __init__(
        self,
        runtime: Runtime,
        reasons: Sequence[Reason],
        advertise: Callable[[str], None],
        *,
        check_s: float = CHECK_S,
    ) -> None:
        self._runtime = runtime
        self._reasons = reasons
        self._advertise = advertise
        self._check_s = check_s
        self._why = ""

    async def check(self) -> None:
        """Take clips or none from now on; before the runtime is launched for the first time."""
        before, self._why = self._why, next(filter(None, await asyncio.to_thread(self._ask)), "")
        if self._why != before:
            self._advertise(self._why)
        if bool(self._why) != bool(before):
            self._switch()

    async def watch(self) -> None:
        while True:
            WORKER_ACCEPTING.set(int(not self._why))
            await asyncio.sleep(self._check_s)
            await self.check()

    def end(self) -> None:
        """Leave what waits to other workers, for good."""
        WORKER_ACCEPTING.set(0)
        self._runtime.take_clips(False)

    def _switch(self) -> None:
        self._runtime.take_clips(not self._why)
        if self._why:
            log.warning("Worker takes no clips", reason=self._why)
        else:
            log.info("Worker takes clips again")

    def _ask(self) -> list[str]:
        return [reason() for reason in self._reasons]


def _up(folder: Path) -> Sequence[Path]:
    return (folder, *folder.parents)
