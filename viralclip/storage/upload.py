"""One file on its way into a store: read in chunks, told how far it is, taken back if stopped."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from mimetypes import guess_type
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore

# Parts of one size, as R2 demands; S3 takes no smaller ones and at most 10,000 of them.
CHUNK = 5 * 1024 * 1024
# Parts on their way at once: enough for a long line, and little memory when all slots upload.
PARTS = 4
# When the file was last written to: a copy that keeps it is the same video.
MTIME = "mtime-ns"
# How long a store may take to forget the parts of an upload that was stopped.
_PARTING_S = 2.0
_SHOWN = ("video/", "audio/", "image/")

OnProgress = Callable[[float], None]


async def upload(
    store: ObjectStore, key: str, path: Path, *, on_progress: OnProgress | None = None
) -> int:
    """Put the file under the key, whole or not at all; how many bytes that were.

    Progress never says more than what has surely arrived: the parts on their way do not count.
    """
    stat = await asyncio.to_thread(path.stat)
    local = isinstance(store, LocalStore)
    if not local and stat.st_size <= CHUNK:
        content = await asyncio.to_thread(path.read_bytes)
        await obstore.put_async(
            store, key, content, attributes=_about(key, stat.st_mtime_ns), use_multipart=False
        )
        sent = len(content)
    else:
        flow = _Flow(path, stat.st_size, on_progress, ahead=0 if local else PARTS * CHUNK)
        attributes = None if local else _about(key, stat.st_mtime_ns)
        await _stoppable(store, key, flow, attributes)
        sent = flow.sent
    if on_progress is not None:
        on_progress(1.0)
    return sent


class _Flow:
    """The file's bytes, and how many of them a store with so much `ahead` must have by now."""

    def __init__(
        self, path: Path, size: int, on_progress: OnProgress | None, *, ahead: int
    ) -> None:
        self._path = path
        self._size = size
        self._on_progress = on_progress
        self._ahead = ahead
        self.sent = 0
        self.stopped = False

    async def chunks(self) -> AsyncIterator[bytes]:
        with self._path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield chunk
                if self.stopped:
                    raise _StoppedError
                self.sent += len(chunk)
                arrived = self.sent - self._ahead
                if self._on_progress is not None and arrived > 0:
                    self._on_progress(min(1.0, arrived / self._size))


class _StoppedError(Exception):
    """The upload was stopped."""


async def _stoppable(
    store: ObjectStore, key: str, flow: _Flow, attributes: dict[str, str] | None
) -> None:
    """A store told to stop keeps the parts it has for ever; one whose input fails forgets them."""
    putting = obstore.put_async(
        store, key, flow.chunks(), attributes=attributes, chunk_size=CHUNK, max_concurrency=PARTS
    )
    task = asyncio.ensure_future(putting)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        flow.stopped = True
        with suppress(Exception):
            async with asyncio.timeout(_PARTING_S):
                await task
        raise


def _about(key: str, mtime_ns: int) -> dict[str, str]:
    """A browser that is sent to the object saves it, shows it inside a page, and never runs it."""
    guessed = guess_type(key)[0] or ""
    kind = guessed if guessed.startswith(_SHOWN) and "svg" not in guessed else ""
    return {
        "Content-Type": kind or "application/octet-stream",
        "Content-Disposition": "attachment",
        MTIME: str(mtime_ns),
    }
