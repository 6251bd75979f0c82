"""Videos as files of this machine: those in an object store are fetched once, and kept a while."""

import asyncio
import fcntl
import hashlib
import os
import re
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import structlog

from viralclip.errors import DiskFullError, SourceChangedError, is_disk_full
from viralclip.plan import Video
from viralclip.storage.objects import Storage

# Who waits for another process to fetch a video looks so often: there is nobody to tell it.
_LOOK_S = 0.1
_ADDRESS = re.compile(r"[a-z][a-z0-9+]*://")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
_PART = ".part"
_LOCK = ".lock"

log = structlog.get_logger(__name__)


def in_store(video: Video) -> bool:
    """Whether the video lies in an object store, and not in a folder."""
    return _ADDRESS.match(video.path) is not None


def open_stored(video: Video, open_storage: Callable[[str], Storage]) -> tuple[Storage, str]:
    """The storage that a video lies in, and its key there."""
    place, _, key = video.path.rpartition("/")
    return open_storage(place), key


class Sources:
    """A folder of fetched videos, at most `most_bytes` large: the longest unused go first.

    Any number of clips and processes may share the folder. Whoever uses a video holds a lock on it,
    which the system lets go of with the process; what is held is not removed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most_bytes: int,
        open_storage: Callable[[str], Storage],
        identify: Callable[[Path], str],
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._open_storage = open_storage
        self._identify = identify

    @asynccontextmanager
    async def hold(self, video: Video) -> AsyncIterator[Path]:
        """The video as a file that stays for as long as the context is open.

        SourceChangedError if it is not the video that was planned with, or not there any more.
        """
        if not in_store(video):
            yield Path(video.path)
            return
        entry = self._entry(video)
        while (lock := await self._try(entry, video)) is None:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)
        try:
            yield entry.file
        finally:
            os.close(lock)
            self._make_room(0)

    def unused_since(self, at: datetime) -> list[tuple[Path, int]]:
        """The videos that nobody has used since then, with their bytes."""
        entries = list(self._entries()) if self._folder.is_dir() else []
        return [(it.file, it.size) for it in entries if it.used_at < at.timestamp()]

    def remove(self, file: Path) -> bool:
        """Remove a video; whether that could be done: one that is in use stays."""
        return _Entry(file).remove_if_unused(file)

    def _entry(self, video: Video) -> "_Entry":
        suffix = PurePosixPath(video.path).suffix
        name = hashlib.sha256(f"{video.identity} {video.path}".encode()).hexdigest()[:32]
        return _Entry(self._folder / (name + (suffix if _SUFFIX.fullmatch(suffix) else "")))

    async def _try(self, entry: "_Entry", video: Video) -> int | None:
        """A lock on the whole file; None if somebody else is fetching or removing it just now."""
        whole = await asyncio.to_thread(self._is_whole, entry, video)
        lock = entry.lock(shared=whole)
        if lock is None:
            return None
        try:
            if not await asyncio.to_thread(self._is_whole, entry, video):
                if whole:
                    os.close(lock)
                    return None
                await self._fetch(entry, video)
            fcntl.flock(lock, fcntl.LOCK_SH)
            os.utime(lock)
        except BaseException:
            os.close(lock)
            raise
        return lock

    def _is_whole(self, entry: "_Entry", video: Video) -> bool:
        return entry.file.is_file() and self._identify(entry.file) == video.identity

    async def _fetch(self, entry: "_Entry", video: Video) -> None:
        storage, key = open_stored(video, self._open_storage)
        stored = await storage.head(key)
        if stored is None:
            raise SourceChangedError(detail=f"{key} is not in the storage")
        part = entry.part()
        try:
            await asyncio.to_thread(self._make_room, stored.size)
            await _copy(storage, key, part)
            if await asyncio.to_thread(self._identify, part) != video.identity:
                raise SourceChangedError(detail=f"{key} is another video now")
            part.replace(entry.file)
        except FileNotFoundError as error:
            raise SourceChangedError(detail=f"{key} is not in the storage") from error
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise DiskFullError(detail=str(error)) from error
        finally:
            part.unlink(missing_ok=True)
        log.info("Video fetched", bytes=stored.size)

    def _make_room(self, size: int) -> None:
        """Remove what killed processes left, then the longest unused, until `size` fits.

        With nothing to come, the latest stays even if it alone is too much: its next clip is near.
        """
        for part in self._folder.glob(f"*{_PART}"):
            _Entry(part.with_name(part.name.split("~")[0])).remove_if_unused(part)
        entries = sorted(self._entries(), key=lambda entry: entry.used_at)
        total = size + sum(entry.size for entry in entries)
        for entry in entries if size else entries[:-1]:
            if total <= self._most_bytes:
                return
            if entry.remove_if_unused(entry.file):
                total -= entry.size

    def _entries(self) -> Iterator["_Entry"]:
        for path in self._folder.iterdir():
            if path.suffix not in (_PART, _LOCK):
                entry = _Entry(path)
                entry.refresh()
                yield entry


@dataclass
class _Entry:
    """A fetched video, its lock, and the parts of it that are being fetched."""

    file: Path
    size: int = 0
    used_at: float = 0.0

    def refresh(self) -> None:
        try:
            self.size = self.file.stat().st_size
            self.used_at = self._lock.stat().st_mtime
        except FileNotFoundError:
            self.size = 0

    def part(self) -> Path:
        return self.file.with_name(f"{self.file.name}~{uuid.uuid4().hex[:8]}{_PART}")

    def lock(self, *, shared: bool) -> int | None:
        """The lock as an open file, or None if others are in the way."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
            # Whoever removed the entry meanwhile has removed its lock with it: this one is no more.
            if os.fstat(lock).st_nlink:
                return lock
        except BlockingIOError:
            pass
        os.close(lock)
        return None

    def remove_if_unused(self, path: Path) -> bool:
        """Remove the file or a part of it; whether that could be done."""
        lock = self.lock(shared=False)
        if lock is None:
            return False
        try:
            path.unlink(missing_ok=True)
            if not self.file.exists():
                self._lock.unlink(missing_ok=True)
        finally:
            os.close(lock)
        return True

    @property
    def _lock(self) -> Path:
        return self.file.with_name(self.file.name + _LOCK)


async def _copy(storage: Storage, key: str, part: Path) -> None:
    """The object as a file, with the time that it had been written to before it was stored."""
    written_at = await storage.written_at(key)
    async with aclosing(storage.read(key)) as chunks:
        with part.open("wb") as file:
            async for chunk in chunks:
                await asyncio.to_thread(_write, file, chunk)
    if written_at is not None:
        os.utime(part, ns=(written_at, written_at))


def _write(file: BinaryIO, chunk: bytes) -> None:
    file.write(chunk)
    file.flush()
