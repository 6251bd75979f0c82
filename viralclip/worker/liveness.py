"""Who is alive: each worker holds a lock of its own for as long as it lives."""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from viralclip.errors import ViralclipError

_LONG_DEAD_S = 7 * 24 * 3600
Life = Literal["alive", "crashed", "left"]


class WorkerIdTakenError(ViralclipError):
    """Another living worker has the id {worker}; give each worker its own."""

    code = "worker_id_taken"


class Lease(Protocol):
    """A worker's own place among the living."""

    @property
    def crashed_before(self) -> bool:
        """Whether a worker with this id died here without a word."""
        ...

    def advertise(self, text: str) -> None:
        """Have others read that of this worker, soon and for as long as it lives."""
        ...

    @property
    def lost(self) -> asyncio.Event:
        """Set when others may think that this worker is dead: it must stop what it does."""
        ...

    async def confirm_ownership(self) -> None:
        """Return once it is certain that nobody has taken this worker's place; else never."""
        ...


class Roster(Protocol):
    """Who is alive among all that serve one engine."""

    def hold(self, worker: str, *, advertised: str = "") -> AbstractAsyncContextManager[Lease]:
        """Be alive while the context is open, and tell others that; WorkerIdTakenError where
        another one is."""
        ...

    async def advertised(self) -> Mapping[str, str]:
        """What each of the living tells of itself, an empty text of those who tell nothing;
        ConnectionError where nobody can be asked."""
        ...

    async def life_of(self, worker: str) -> Life: ...

    def claim(self, worker: str) -> AbstractAsyncContextManager[Life]:
        """What became of a worker; if it is not alive, nobody else claims it at the same time.

        A crashed worker is forgotten when the context is left without an error.
        """
        ...


class FileRoster:
    """The roster of one machine: a lock file for each worker in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def hold(self, worker: str, *, advertised: str = "") -> AsyncIterator[Lease]:
        crashed = life_of(self._folder, worker) == "crashed"
        with FileLock(self._folder, worker) as lock:
            lock.advertise(advertised)
            yield _FileLease(lock, crashed_before=crashed)

    async def advertised(self) -> Mapping[str, str]:
        return await asyncio.to_thread(_advertised, self._folder)

    async def life_of(self, worker: str) -> Life:
        return life_of(self._folder, worker)

    @asynccontextmanager
    async def claim(self, worker: str) -> AsyncIterator[Life]:
        life = life_of(self._folder, worker)
        try:
            with FileLock(self._folder, worker, forget=False):
                yield life
                remove_lock(self._folder, worker)
        except WorkerIdTakenError:
            yield "alive"


class _FileLease:
    """A file lock is lost with the process and not before."""

    def __init__(self, lock: "FileLock", *, crashed_before: bool) -> None:
        self._lock = lock
        self.crashed_before = crashed_before
        self.lost = asyncio.Event()

    def advertise(self, text: str) -> None:
        self._lock.advertise(text)

    async def confirm_ownership(self) -> None:
        return


class FileLock:
    """A worker's sign of life. The system lets go of it when the process dies, however it dies;
    a worker that leaves in good order removes the file, so that its absence means no crash."""

    def __init__(self, folder: Path, worker: str, *, forget: bool = True) -> None:
        self._path = _path(folder, worker)
        self._worker = worker
        self._forget = forget

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _try_lock(self._fd):
            os.close(self._fd)
            raise WorkerIdTakenError(worker=self._worker)
        return self

    def advertise(self, text: str) -> None:
        """Have others read that, for as long as the worker lives."""
        content = text.encode()
        # A full disk may have no room for it, and is what it would say. Written before it is cut: a
        # file that was emptied may get no block again.
        with suppress(OSError):
            os.pwrite(self._fd, content, 0)
            os.truncate(self._fd, len(content))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._forget:
            self._path.unlink(missing_ok=True)
        os.close(self._fd)


def life_of(folder: Path, worker: str) -> Life:
    """Whether the worker lives, died without a word, or left in good order."""
    try:
        fd = os.open(_path(folder, worker), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return "left"
    try:
        return "crashed" if _try_lock(fd) else "alive"
    finally:
        os.close(fd)


def _advertised(folder: Path) -> dict[str, str]:
    advertised: dict[str, str] = {}
    for path in folder.glob("*.lock"):
        with suppress(OSError, UnicodeDecodeError):
            text = path.read_text("utf-8")
            if life_of(folder, path.stem) == "alive":
                advertised[path.stem] = text
    return advertised


def remove_lock(folder: Path, worker: str) -> None:
    """Forget a crashed worker once its work is in other hands."""
    _path(folder, worker).unlink(missing_ok=True)


def remove_stale_locks(folder: Path) -> None:
    """Remove what workers left that died a week ago with nothing to take over."""
    for path in folder.glob("*.lock"):
        long_ago = time.time() - path.stat().st_mtime > _LONG_DEAD_S
        if long_ago and life_of(folder, path.stem) == "crashed":
            remove_lock(folder, path.stem)


def _path(folder: Path, worker: str) -> Path:
    return folder / f"{worker}.lock"


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
