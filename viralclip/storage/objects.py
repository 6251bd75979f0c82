"""Where clips and uploaded videos live: one interface over local folders and object stores."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url

from viralclip.errors import StorageRejectedError, StorageUnavailableError, ViralclipError
from viralclip.storage.failures import classify
from viralclip.storage.folder import names_in, publish, replace, staged_key, sweep
from viralclip.storage.inside import open_inside, opened
from viralclip.storage.line import Line
from viralclip.storage.modes import make_folders, share
from viralclip.storage.traffic import Traffic, store_ports
from viralclip.storage.upload import CHUNK, MTIME, PARTS, SLOWEST, TRIES, OnProgress, upload
from viralclip.telemetry.metrics import UPLOAD_BYTES

if TYPE_CHECKING:
    from obstore import ObjectMeta

TIMEOUT_S = 15.0
# A store that stumbles is asked again at once and unseen; if that does not help, it is seen.
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=0.2), timedelta(seconds=2)
# A whole answer may take long, for a video is large; each piece of it may not.
_WHOLE_ANSWER = timedelta(days=1)
_CONNECT_S = 5.0
# The client counts the time in which a part is sent as silence of the store. So it is given what
# the slowest line takes, and the silence is measured by `Line`.
_SENDING_S = PARTS * CHUNK / SLOWEST
# A connection that the network has forgotten is opened anew before the store counts as silent.
_DEAD_SHARE = 0.6


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


def open_storage(
    url: str,
    *,
    timeout_s: float = TIMEOUT_S,
    public: str | None = None,
    umask: int | None = None,
) -> Storage:
    """The storage behind a URL: `file:///folder`, or what obstore knows (`s3://bucket/prefix`).

    Credentials and the endpoint come from the environment, under the names of each cloud's own
    tools. A store that says nothing for `timeout_s` has failed. `public` is the endpoint that
    signed addresses lead to, where browsers know the store by another name than we do. What is put
    into a folder is as the process makes it, or as another `umask` would.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(os.fsdecode(unquote_to_bytes(parts.path)))
        try:
            # Made here, because the store does not say by number why a folder cannot be.
            if umask is None:
                folder.mkdir(parents=True, exist_ok=True)
            else:
                make_folders(folder, umask)
            return Storage(LocalStore(prefix=folder), url=url, folder=folder, umask=umask)
        except OSError as error:
            raise StorageRejectedError(detail=str(error)) from error
    if parts.username is not None or parts.password is not None or parts.query:
        # It would be told to everybody as the place of the clips.
        raise StorageRejectedError(detail="the address of the storage holds credentials")
    return Storage(
        _open(url, timeout_s),
        url=url,
        folder=None,
        public=_seen_from_outside(url, public, timeout_s),
        sender=_open(url, timeout_s, answer_s=max(_SENDING_S, timeout_s)),
        line=_line(os.environ, timeout_s),
    )


def _line(env: Mapping[str, str], timeout_s: float) -> Line:
    traffic = Traffic(store_ports(env), dead_after_s=_DEAD_SHARE * timeout_s)
    return Line(traffic, silence_s=timeout_s)


def _open(
    url: str, timeout_s: float, *, answer_s: float | None = None, **config: Any
) -> ObjectStore:
    answer_s = answer_s or timeout_s
    try:
        return from_url(
            url,
            **config,
            client_options={
                # Only an endpoint that was given as http:// is spoken to in the open.
                "allow_http": True,
                "connect_timeout": timedelta(seconds=min(timeout_s, _CONNECT_S)),
                "read_timeout": timedelta(seconds=answer_s),
                "timeout": _WHOLE_ANSWER,
            },
            retry_config={
                "max_retries": TRIES - 1,
                "retry_timeout": timedelta(seconds=4 * answer_s),
                "backoff": {"init_backoff": _FIRST_WAIT, "max_backoff": _LONGEST_WAIT, "base": 2},
            },
        )
    except (BaseError, ValueError) as error:
        raise StorageRejectedError(detail=str(error).partition("\n")[0]) from error


def _seen_from_outside(url: str, endpoint: str | None, timeout_s: float) -> ObjectStore | None:
    if endpoint is None or not url.startswith("s3"):
        return None
    return _open(url, timeout_s, endpoint=endpoint)


def _stored(key: str, head: "ObjectMeta") -> Stored:
    return Stored(key=key, size=head["size"], tag=head["e_tag"] or "")


def _classified(error: Exception, path: Path) -> ViralclipError | Exception:
    """A vanished input is the caller's own fault, whatever the store made of it."""
    return classify(error) if path.exists() else error
