"""One file on its way into a store: read in chunks, told how far it is, taken back if stopped.

A store is given up when nothing has moved for a while, however long a part takes to send.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import GenericError, NotSupportedError
from obstore.store import LocalStore, ObjectStore

from viralclip.errors import StorageUnavailableError
from viralclip.storage.line import Line

# Parts of one size, as R2 demands; S3 takes no smaller ones and at most 10,000 of them.
CHUNK = 5 * 1024 * 1024
# Parts on their way at once at most: enough for a long line, and little memory when all slots
# upload. A slow line has fewer.
PARTS = 4
# The slowest line that is good enough, in bytes a second: 256 kbit/s. It sets how long a part may
# take where nothing tells a slow line from a silent one.
SLOWEST = 32 * 1024
# How often a store that stumbles is asked, unseen.
TRIES = 3
# When the file was last written to: a copy that keeps it is the same video.
MTIME = "mtime-ns"
# How long a store may take to forget the parts of an upload that was stopped.
_PARTING_S = 2.0
# How often an upload is looked at, at least so often within the silence that ends it.
_LOOK_S, _LOOKS = 1.0, 10
_SHOWN = ("video/", "audio/", "image/")

OnProgress = Callable[[float], None]


async def upload(
    store: ObjectStore,
    key: str,
    path: Path,
    *,
    line: Line | None = None,
    on_progress: OnProgress | None = None,
    new: bool = False,
) -> int:
    """Put the file under the key, whole or not at all; how many bytes that were.

    Progress never says more than what has arrived: what is on its way does not count.
    StorageUnavailableError if the line stands still. `new` asks for AlreadyExistsError or
    FileExistsError if anything is there by then; a store that cannot be asked so of an upload in
    parts is looked into before the last of them is sent.
    """
    stat = await asyncio.to_thread(path.stat)
    before_end = partial(_refuse_if_there, store, key) if new else None
    flow = _Flow(path, stat.st_size, on_progress, line=line, before_end=before_end)
    if isinstance(store, LocalStore):
        await _stoppable(_in_parts(store, key, flow, None), flow, None)
    elif line is None:
        await _stoppable(_sent(store, key, flow, stat.st_mtime_ns), flow, None)
    else:
        with line.used():
            await _stoppable(_sent(store, key, flow, stat.st_mtime_ns), flow, line)
    if on_progress is not None:
        on_progress(1.0)
    return flow.sent


async def _sent(store: ObjectStore, key: str, flow: "_Flow", mtime_ns: int) -> None:
    about = _about(key, mtime_ns)
    if flow.size > CHUNK:
        await _in_parts(store, key, flow, about)
        return
    content = b"".join([chunk async for chunk in flow.chunks()])
    put = partial(obstore.put_async, store, key, content, attributes=about, use_multipart=False)
    if flow.before_end is None:
        await put()
    else:
        await _create(put)


async def _create(put: Callable[..., Awaitable[Any]]) -> None:
    """Put a small file where nothing is.

    The library repeats after an answer that says to come again, but not after a connection that
    broke: the file may be there by then. Here that is found out by who stores it.
    """
    for left in reversed(range(TRIES)):
        try:
            await put(mode="create")
        except NotSupportedError:
            break
        except GenericError as error:
            if "status code: 501" in str(error):
                break
            if "status code" in str(error) or not left:
                raise
        else:
            return
    # A store that knows no conditions has been looked into a moment ago.
    await put()


async def _refuse_if_there(store: ObjectStore, key: str) -> None:
    with suppress(FileNotFoundError):
        await obstore.head_async(store, key)
        raise FileExistsError(key)


async def _in_parts(
    store: ObjectStore, key: str, flow: "_Flow", about: dict[str, str] | None
) -> None:
    await obstore.put_async(
        store, key, flow.chunks(), attributes=about, chunk_size=CHUNK, max_concurrency=PARTS
    )


class _Flow:
    """The file's bytes, and how many of them a store has by now."""

    def __init__(
        self,
        path: Path,
        size: int,
        on_progress: OnProgress | None,
        *,
        line: Line | None,
        before_end: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self.size = size
        self.before_end = before_end
        self.sent = 0
        self.stopped = False
        self._path = path
        self._on_progress = on_progress
        self._line = line
        self._reported = 0.0

    async def chunks(self) -> AsyncIterator[bytes]:
        with self._path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                if self._line is not None:
                    await self._line.room(len(chunk))
                if self.stopped:
                    raise _StoppedError
                self.sent += len(chunk)
                yield chunk
                self.report()
        if self.before_end is not None:
            await self.before_end()

    def report(self) -> None:
        """Report what has arrived: all that was sent but what is on its way."""
        if self._on_progress is None or self.stopped:
            return
        arrived = min(1.0, (self.sent - self._ahead()) / self.size) if self.size else 0.0
        if arrived > self._reported:
            self._reported = arrived
            self._on_progress(arrived)

    def _ahead(self) -> int:
        if self._line is None:
            return 0
        most = PARTS * CHUNK
        return min(most, self._line.on_its_way()) if self._line.counts else most


class _StoppedError(Exception):
    """The upload was stopped."""


async def _stoppable(putting: Coroutine[Any, Any, None], flow: _Flow, line: Line | None) -> None:
    """A store told to stop keeps the parts it has for ever; one whose input fails forgets them."""
    task = asyncio.ensure_future(putting)
    try:
        await _watched(task, flow, line)
    except asyncio.CancelledError:
        flow.stopped = True
        with suppress(Exception):
            async with asyncio.timeout(_PARTING_S):
                await task
        raise


async def _watched(task: asyncio.Future[None], flow: _Flow, line: Line | None) -> None:
    """Until the file is stored, or nothing moves any more."""
    if line is None:
        await asyncio.shield(task)
        return
    while not (await asyncio.wait({task}, timeout=min(_LOOK_S, line.silence_s / _LOOKS)))[0]:
        flow.report()
        if line.is_silent():
            flow.stopped = True
            task.cancel()
            await asyncio.wait({task})
            raise StorageUnavailableError(detail=f"nothing moved for {line.silence_s:g} s")
    await task


def _about(key: str, mtime_ns: int) -> dict[str, str]:
    """A browser that is sent to the object saves it, shows it inside a page, and never runs it."""
    guessed = guess_type(key)[0] or ""
    kind = guessed if guessed.startswith(_SHOWN) and "svg" not in guessed else ""
    return {
        "Content-Type": kind or "application/octet-stream",
        "Content-Disposition": "attachment",
        MTIME: str(mtime_ns),
    }
