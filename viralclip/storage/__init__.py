"""Where finished clips and thumbnails live: one interface over local folders and object stores."""

import asyncio
import errno
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url

from viralclip.errors import StorageFullError, StorageRejectedError, StorageUnavailableError

_CHUNK = 5 * 1024 * 1024
# What another try cannot change: no permission, no folder, read-only, a name too long.
_HOPELESS = (errno.EACCES, errno.ENOTDIR, errno.EISDIR, errno.EROFS, errno.ENAMETOOLONG)


@dataclass(frozen=True)
class Stored:
    """A stored object: size in bytes, and the tag that changes whenever its content does."""

    key: str
    size: int
    tag: str


class Storage:
    """A bucket or a folder; keys are relative paths with forward slashes."""

    def __init__(self, store: ObjectStore, *, url: str, folder: Path | None) -> None:
        self._store = store
        self._url = url
        self._folder = folder

    async def put(
        self, path: Path, key: str, *, on_progress: Callable[[float], None] | None = None
    ) -> Stored:
        """Store the file under the key, whole or not at all; progress is the share read so far."""
        stored = False
        try:
            size = (await asyncio.to_thread(path.stat)).st_size
            self._sweep(key)
            await obstore.put_async(
                self._store, key, _chunks(path, size, on_progress), chunk_size=_CHUNK
            )
            stored = True
            head = await obstore.head_async(self._store, key)
        except (BaseError, OSError) as error:
            raise _classified(error, path) from error
        finally:
            if not stored:
                with suppress(OSError):
                    self._sweep(key)
        return Stored(key=key, size=head["size"], tag=head["e_tag"] or "")

    async def head(self, key: str) -> Stored | None:
        """What is stored under the key, or None."""
        try:
            head = await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise StorageUnavailableError(detail=str(error)) from error
        return Stored(key=key, size=head["size"], tag=head["e_tag"] or "")

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise _told_apart(error) from error

    def url(self, key: str) -> str:
        """Where the object is, for people: a path for a folder, else an address without secrets."""
        return str(self._folder / key) if self._folder else f"{self._url.rstrip('/')}/{key}"

    def local_path(self, key: str) -> Path | None:
        """The object as a file on this machine, or None for an object store."""
        return self._folder / key if self._folder else None

    async def signed_url(self, key: str, *, seconds: int = 3600) -> str:
        """An address that lets anybody read the object for a while; object stores only."""
        if not isinstance(self._store, (S3Store, GCSStore, AzureStore)):
            raise StorageUnavailableError(detail="this storage has no signed addresses")
        return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=seconds))

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The object's bytes, a chunk at a time."""
        try:
            found = await obstore.get_async(self._store, key)
            async for chunk in found.stream(min_chunk_size=_CHUNK):
                yield bytes(chunk)
        except (BaseError, OSError) as error:
            raise StorageUnavailableError(detail=str(error)) from error

    def _sweep(self, key: str) -> None:
        """A killed upload leaves `name#1` beside the target; nobody else writes this key now."""
        if self._folder is None:
            return
        target = self._folder / key
        staged = re.compile(re.escape(target.name) + r"#\d+")
        for entry in target.parent.glob("*#*") if target.parent.is_dir() else ():
            if staged.fullmatch(entry.name):
                entry.unlink(missing_ok=True)


def open_storage(url: str) -> Storage:
    """The storage behind a URL: `file:///folder`, or what obstore knows (`s3://bucket/prefix`)."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(unquote(parts.path))
        try:
            return Storage(LocalStore(prefix=folder, mkdir=True), url=url, folder=folder)
        except OSError as error:
            raise StorageRejectedError(detail=str(error)) from error
    return Storage(from_url(url), url=url, folder=None)


async def _chunks(
    path: Path, size: int, on_progress: Callable[[float], None] | None
) -> AsyncIterator[bytes]:
    sent = 0
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
            sent += len(chunk)
            if on_progress:
                on_progress(min(1.0, sent / size))


def _classified(error: Exception, path: Path) -> Exception:
    """Refused for good, or worth another try; a vanished input is the caller's own fault."""
    if not path.exists():
        return error
    return _told_apart(error)


def _told_apart(error: Exception) -> Exception:
    text = str(error)
    if "StorageFull" in text or "os error 28" in text:
        return StorageFullError(detail=text)
    refused = (PermissionDeniedError, UnauthenticatedError, PermissionError)
    if isinstance(error, refused) or any(f"(os error {code})" in text for code in _HOPELESS):
        return StorageRejectedError(detail=text)
    return StorageUnavailableError(detail=text)
