"""Where clips and uploaded videos live: one interface over local folders and object stores."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, ObjectStore, S3Store

from viralclip.errors import StorageRejectedError, StorageUnavailableError, ViralclipError
from viralclip.storage.failures import classify
from viralclip.storage.folder import names_in, publish, replace, staged_key, sweep
from viralclip.storage.inside import open_inside, opened
from viralclip.storage.line import Line
from viralclip.storage.modes import make_folders, share
from viralclip.storage.upload import CHUNK, MTIME, OnProgress, upload
from viralclip.telemetry.metrics import UPLOAD_BYTES

if TYPE_CHECKING:
    from obstore import ObjectMeta


class AlreadyStoredError(Exception):
    """Something lies under the key already."""


@dataclass(frozen=True)
class Stored:
    """A stored object: size in bytes, and the tag that changes whenever its content does."""

    key: str
    size: int
    tag: str


@dataclass(frozen=True)
class Listed:
    """A stored object in a list: size in bytes, and when it was written."""

    key: str
    size: int
    at: datetime


def is_unchanged(stored: Stored, *, size: int, tag: str | None) -> bool:
    """Whether this is still the object of that size and tag; without a tag the size decides.

    A folder's tag is made of a file's number, time and size: the number changes where a file is
    restored from a backup, or lies on a disk that counts anew whenever it is mounted.
    """
    return stored.size == size and (tag is None or _lasting(stored.tag) == _lasting(tag))


def _lasting(tag: str) -> str:
    number, dash, rest = tag.partition("-")
    return rest if dash and "-" in rest else number + dash + rest


class Storage:
    """A bucket or a folder; keys are relative paths with forward slashes."""

    def __init__(
        self,
        store: ObjectStore,
        *,
        url: str,
        folder: Path | None,
        umask: int | None = None,
        public: ObjectStore | None = None,
        sender: ObjectStore | None = None,
        line: Line | None = None,
    ) -> None:
        self._store = store
        self._sender = sender or store
        self._line = line
        self._url = url
        self._folder = folder
        self._umask = umask
        self._public = public or store

    async def put(
        self, path: Path, key: str, *, writer: str = "", on_progress: OnProgress | None = None
    ) -> Stored:
        """Store the file under the key, whole or not at all; progress is the share that is safe.

        What was there is replaced. `writer` names who stores it, so that what a killed process left
        half-stored is removed when it comes back, and nobody else's.
        """
        return await self._store_file(path, key, writer, on_progress, new=False)

    async def create(
        self, path: Path, key: str, *, writer: str = "", on_progress: OnProgress | None = None
    ) -> Stored:
        """As `put`, but AlreadyStoredError if anything is there, and that stays as it is."""
        if await self.head(key) is not None:
            raise AlreadyStoredError(key)
        return await self._store_file(path, key, writer, on_progress, new=True)

    async def move(self, key: str, to: str) -> Stored:
        """Give the object another key; AlreadyStoredError if anything is there."""
        try:
            if self._folder is not None:
                await asyncio.to_thread(publish, self._folder / key, self._folder / to)
            elif await self.head(to) is not None:
                raise AlreadyStoredError(to)
            else:
                await obstore.rename_async(self._store, key, to)
            head = await obstore.head_async(self._store, to)
        except FileExistsError as error:
            raise AlreadyStoredError(to) from error
        except (BaseError, OSError) as error:
            raise classify(error) from error
        return _stored(to, head)

    async def names(self) -> frozenset[str]:
        """What lies at the top of the storage, folders included."""
        try:
            if self._folder is not None:
                return await asyncio.to_thread(names_in, self._folder)
            found = await obstore.list_with_delimiter_async(self._store)
        except (BaseError, OSError) as error:
            raise classify(error) from error
        return frozenset(each["path"] for each in found["objects"])

    async def _store_file(
        self, path: Path, key: str, writer: str, on_progress: OnProgress | None, *, new: bool
    ) -> Stored:
        try:
            if self._folder is None:
                sent = await upload(
                    self._sender, key, path, line=self._line, on_progress=on_progress, new=new
                )
            else:
                sent = await self._into_folder(path, key, writer, on_progress, new=new)
            head = await obstore.head_async(self._store, key)
        except FileExistsError as error:
            raise AlreadyStoredError(key) from error
        except (BaseError, OSError) as error:
            # A store also answers so to requests that got in each other's way.
            if new and isinstance(error, AlreadyExistsError) and await self.head(key) is not None:
                raise AlreadyStoredError(key) from error
            raise _classified(error, path) from error
        if head["size"] != sent:
            raise StorageUnavailableError(detail=f"{head['size']} of {sent} bytes are there")
        UPLOAD_BYTES.add(sent)
        return _stored(key, head)

    async def _into_folder(
        self, path: Path, key: str, writer: str, on_progress: OnProgress | None, *, new: bool
    ) -> int:
        assert self._folder is not None  # noqa: S101 - it was asked for
        staged_at = staged_key(key, writer or secrets.token_hex(8))
        staged, target = self._folder / staged_at, self._folder / key
        await asyncio.to_thread(sweep, staged)
        try:
            if self._umask is not None:
                await asyncio.to_thread(make_folders, target.parent, self._umask)
            sent = await upload(self._store, staged_at, path, on_progress=on_progress)
            if self._umask is not None:
                await asyncio.to_thread(share, staged, self._umask)
            await asyncio.to_thread(publish if new else replace, staged, target)
        finally:
            sweep(staged)
        return sent

    async def head(self, key: str) -> Stored | None:
        """What is stored under the key, or None."""
        # To look at a named pipe means to wait for whoever writes to it.
        if self._folder is not None and not await asyncio.to_thread((self._folder / key).is_file):
            return None
        try:
            head = await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise classify(error) from error
        return _stored(key, head)

    async def list(self, prefix: str) -> list[Listed]:
        """All objects whose keys begin with the prefix, which is empty or ends with a slash."""
        try:
            pages = [page async for page in obstore.list(self._store, prefix or None)]
        except (BaseError, OSError) as error:
            raise classify(error) from error
        return [
            Listed(key=each["path"], size=each["size"], at=each["last_modified"])
            for page in pages
            for each in page
        ]

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise classify(error) from error

    def url(self, key: str) -> str:
        """Where the object is, for people: a path for a folder, else an address without secrets."""
        return str(self._folder / key) if self._folder else f"{self._url.rstrip('/')}/{key}"

    def local_path(self, key: str) -> Path | None:
        """The object as a file on this machine, or None for an object store."""
        return self._folder / key if self._folder else None

    def open_file(self, key: str) -> BinaryIO | None:
        """The object as an open file of this machine, or None for an object store.

        FileNotFoundError if it is not there, or somebody has put a link in its place.
        """
        return open_inside(self._folder, key) if self._folder else None

    async def signed_url(self, key: str, *, seconds: int = 3600) -> str:
        """An address that lets anybody read the object for a while; object stores only."""
        if not isinstance(self._public, (S3Store, GCSStore, AzureStore)):
            raise StorageUnavailableError(detail="this storage has no signed addresses")
        try:
            return await obstore.sign_async(self._public, "GET", key, timedelta(seconds=seconds))
        except BaseError as error:
            raise classify(error) from error

    async def read(self, key: str) -> AsyncGenerator[bytes, None]:
        """The object's bytes, a chunk at a time; FileNotFoundError if it is not there.

        Whoever leaves it closes it, and the file with it: `async with aclosing(...)`.
        """
        if (file := await opened(self.open_file, key)) is not None:
            with file:
                while chunk := await asyncio.to_thread(file.read, CHUNK):
                    yield chunk
            return
        try:
            found = await obstore.get_async(self._store, key)
            async for chunk in found.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)
        except FileNotFoundError:
            raise
        except (BaseError, OSError) as error:
            raise classify(error) from error

    async def written_at(self, key: str) -> int | None:
        """When the file that was stored had been written to: nanoseconds since the epoch."""
        try:
            found = await obstore.get_async(self._store, key, options={"head": True})
        except (BaseError, OSError) as error:
            raise classify(error) from error
        kept = found.attributes.get(MTIME)
        return int(kept) if kept is not None else None

    async def prove(self) -> None:
        """Write, read and delete a small object; the error says what cannot be done."""
        key, content = f".viralclip-{secrets.token_hex(6)}", b"viralclip"
        try:
            await obstore.put_async(self._store, key, content, use_multipart=False)
            try:
                found = await (await obstore.get_async(self._store, key)).bytes_async()
            finally:
                await obstore.delete_async(self._store, key)
        except (BaseError, OSError) as error:
            raise classify(error) from error
        if bytes(found) != content:
            raise StorageRejectedError(detail="what is read is not what was written")


def _stored(key: str, head: "ObjectMeta") -> Stored:
    return Stored(key=key, size=head["size"], tag=head["e_tag"] or "")


def _classified(error: Exception, path: Path) -> ViralclipError | Exception:
    """A vanished input is the caller's own fault, whatever the store made of it."""
    return classify(error) if path.exists() else error
