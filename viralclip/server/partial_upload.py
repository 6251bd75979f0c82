"""One upload on disk: the bytes that are there are its offset, and a file beside them says what
they will be."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from viralclip.errors import is_disk_full
from viralclip.server.problems import ConflictError, Problem, ServerFullError, TooLargeError

WRONG_OFFSET = "The upload is at another offset; ask for it with HEAD."
_WRITE_BYTES = 1024 * 1024
_NAME_BYTES = 180


class TooLongError(TooLargeError):
    """This is more than the upload was said to be."""


class UploadInfo(BaseModel, frozen=True):
    """What an upload is; `video_id` once it has become a video, `refusal` if it cannot."""

    name: str
    length: int
    owner: str | None = None
    video_id: str | None = None
    refusal: Problem | None = None

    @property
    def is_settled(self) -> bool:
        return self.video_id is not None or self.refusal is not None


class PartialUpload:
    """One upload: its bytes in `data`, and its info."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.upload_id = data.name
        self._info = data.with_suffix(".json")
        self._beside = data.with_suffix(".new")

    def info(self) -> UploadInfo | None:
        try:
            return UploadInfo.model_validate_json(self._info.read_bytes())
        except (OSError, ValidationError):
            return None

    def write_info(self, info: UploadInfo) -> None:
        self._beside.write_text(info.model_dump_json())
        self._beside.replace(self._info)

    def offset(self) -> int:
        """How many bytes are here; all of them once the file has become a video."""
        info = self.info()
        if info is not None and info.is_settled:
            return info.length
        return self._size()

    def is_whole(self) -> bool:
        """Whether all bytes have come."""
        info = self.info()
        return info is not None and self.offset() >= info.length

    def is_complete(self) -> bool:
        """Whether all bytes are here, and nobody has made a video of them."""
        info = self.info()
        return info is not None and not info.is_settled and self._size() >= info.length

    def coming(self) -> int:
        """How many bytes are still to come."""
        info = self.info()
        return 0 if info is None or info.is_settled else max(0, info.length - self._size())

    def _size(self) -> int:
        return self.data.stat().st_size if self.data.exists() else 0

    def settle(self, info: UploadInfo) -> None:
        """Keep what became of the upload instead of its bytes."""
        self.write_info(info)
        self.data.unlink(missing_ok=True)

    def written_at(self) -> float:
        """When the upload or its info was last written to, in seconds since the epoch."""
        times = [0.0]
        for path in (self.data, self._info):
            with suppress(FileNotFoundError):
                times.append(path.stat().st_mtime)
        return max(times)

    async def append(self, chunks: AsyncIterator[bytes], *, offset: int, length: int) -> int:
        """Write what comes and give the new offset; a cut connection leaves what has come.

        What has come and is not written yet is forgotten when a newer request takes over: that one
        has asked for the offset, and sends it again.
        """
        if await asyncio.to_thread(self.offset) != offset:
            raise ConflictError(why=WRONG_OFFSET)
        waiting = bytearray()
        try:
            async for chunk in _no_more(chunks, length - offset):
                waiting += chunk
                if len(waiting) >= _WRITE_BYTES:
                    offset = await self._write(waiting)
        except Exception:
            await self._write(waiting)
            raise
        return await self._write(waiting)

    async def _write(self, waiting: bytearray) -> int:
        """Whole or not begun: nobody else may have the upload while a thread still writes to it."""
        taken = bytes(waiting)
        waiting.clear()
        writing = asyncio.ensure_future(asyncio.to_thread(_append, self.data, taken))
        with or_full():
            try:
                return await asyncio.shield(writing)
            except asyncio.CancelledError:
                await asyncio.wait({writing})
                raise

    def remove(self) -> None:
        for path in (self.data, self._info, self._beside):
            path.unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """The last part of the name, without what a file name or a header cannot hold."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(ch for ch in last if ch.isprintable()).strip(". ")
    return kept.encode(errors="ignore")[-_NAME_BYTES:].decode(errors="ignore") or "video"


async def _no_more(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    came = 0
    async for chunk in chunks:
        came += len(chunk)
        if came > most:
            raise TooLongError
        yield chunk


@contextmanager
def or_full() -> Iterator[None]:
    """Raise ServerFullError where there is no room for what is written."""
    try:
        yield
    except OSError as error:
        if not is_disk_full(error):
            raise
        raise ServerFullError(detail=str(error)) from error


def _append(path: Path, content: bytes) -> int:
    with path.open("ab") as file:
        file.write(content)
    return path.stat().st_size
