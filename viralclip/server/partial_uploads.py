"""Uploads on disk while they arrive: the bytes that are there are the offset, so a crash tells no
lies, and a small note beside them says what they will be."""

import asyncio
import hashlib
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

from pydantic import BaseModel, ValidationError

from viralclip.errors import is_disk_full
from viralclip.server.identity import LOCAL
from viralclip.server.problems import (
    ConflictError,
    NotFoundError,
    Problem,
    ProblemError,
    ServerFullError,
    TooLargeError,
    TooManyError,
)

EXPIRES_S = 24 * 3600
_MOST_ARRIVING = 20
_WRITE_BYTES = 1024 * 1024
_NAME_BYTES = 180
_ID_BYTES = 16
WRONG_OFFSET = "The upload is at another offset; ask for it with HEAD."


class NoRoomError(ServerFullError):
    """There is not enough room on the server for a file of this size."""


class NoShareError(ServerFullError):
    """One user's uploads may take up half of the room on the server; finish or give up others."""


class UploadBusyError(ProblemError):
    """A newer request goes on with this upload; ask for the offset with HEAD."""

    code = "upload_busy"
    status = HTTPStatus.LOCKED


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


class PartialUploads:
    """The uploads of all owners under one folder; each owner's are apart and nobody else's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns: dict[Path, _Turn] = {}

    async def create(self, owner: str, name: str, length: int) -> "PartialUpload":
        home = self._home(owner)
        arrival = PartialUpload(home / "arriving" / secrets.token_hex(_ID_BYTES))
        note = UploadInfo(name=safe_name(name), length=length, owner=owner)
        with _or_full():
            await asyncio.to_thread(self._create, arrival, note)
        return arrival

    async def find(self, owner: str, upload_id: str) -> "PartialUpload":
        arrival = PartialUpload(self._home(owner) / "arriving" / upload_id)
        if not _is_id(upload_id) or await asyncio.to_thread(arrival.note) is None:
            raise NotFoundError
        return arrival

    def complete(self) -> list["PartialUpload"]:
        """Uploads whose bytes are all here and that are no videos yet."""
        notes = self._folder.glob("*/arriving/*.json")
        arrivals = [PartialUpload(path.with_suffix("")) for path in notes]
        return [arrival for arrival in arrivals if arrival.is_complete()]

    @asynccontextmanager
    async def writing(self, arrival: "PartialUpload") -> AsyncIterator[None]:
        """The newest request has the upload; the one before it ends with UploadBusyError.

        A connection that was cut without a word looks like one that is slow: who comes anew knows
        better.
        """
        mine = _Turn()
        earlier = self._turns.get(arrival.data)
        self._turns[arrival.data] = mine
        try:
            if earlier is not None:
                earlier.end()
                await earlier.left.wait()
            async with mine.until_ended():
                yield
        finally:
            mine.left.set()
            if self._turns.get(arrival.data) is mine:
                del self._turns[arrival.data]

    def place(self, owner: str, arrival: "PartialUpload", note: UploadInfo) -> Path:
        """Where the whole file goes: a folder of its own, so that names never meet."""
        return self._home(owner) / arrival.upload_id / note.name

    def sweep(self, now_s: float | None = None) -> None:
        """Remove what has not been written to for a day."""
        oldest = (time.time() if now_s is None else now_s) - EXPIRES_S
        for data in {path.with_suffix("") for path in self._folder.glob("*/arriving/*")}:
            arrival = PartialUpload(data)
            if data not in self._turns and arrival.written_at() < oldest:
                arrival.remove()

    def _create(self, arrival: "PartialUpload", note: UploadInfo) -> None:
        arrival.data.parent.mkdir(parents=True, exist_ok=True)
        self.sweep()
        unfinished = [p for p in arrival.data.parent.iterdir() if not p.suffix]
        if len(unfinished) >= _MOST_ARRIVING:
            raise TooManyError(what="unfinished uploads", limit=_MOST_ARRIVING)
        self._check_room(arrival, note)
        arrival.data.touch()
        arrival.write_note(note)

    def _check_room(self, arrival: "PartialUpload", note: UploadInfo) -> None:
        """Room that is promised counts as taken, and no user is promised so much that others find
        none: a promise costs nothing, and lasts for a day."""
        own, others = self._promised(arrival.data.parent)
        room = shutil.disk_usage(self._folder).free - others
        if own + note.length > room:
            raise NoRoomError
        if note.owner != LOCAL and own + note.length > room // 2:
            raise NoShareError

    def _promised(self, home: Path) -> tuple[int, int]:
        """How many bytes the uploads in this folder and those of others may still bring."""
        own = others = 0
        for path in self._folder.glob("*/arriving/*.json"):
            coming = PartialUpload(path.with_suffix("")).coming()
            own, others = (own + coming, others) if path.parent == home else (own, others + coming)
        return own, others

    def _home(self, owner: str) -> Path:
        """Users choose their names, not our paths."""
        return self._folder / hashlib.sha256(owner.encode()).hexdigest()[:16]


class _Turn:
    """A request's time with an upload, which a newer one can end."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self._is_over = False
        self._limit: asyncio.Timeout | None = None

    def end(self) -> None:
        self._is_over = True
        if self._limit is not None and not self.left.is_set():
            self._limit.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def until_ended(self) -> AsyncIterator[None]:
        if self._is_over:
            raise UploadBusyError
        try:
            async with asyncio.timeout(None) as self._limit:
                yield
        except TimeoutError as error:
            if self._is_over:
                raise UploadBusyError from error
            raise
        finally:
            self._limit = None


class PartialUpload:
    """One upload: its bytes in `data`, and its note."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.upload_id = data.name
        self._note = data.with_suffix(".json")
        self._beside = data.with_suffix(".new")

    def note(self) -> UploadInfo | None:
        try:
            return UploadInfo.model_validate_json(self._note.read_bytes())
        except (OSError, ValidationError):
            return None

    def write_note(self, note: UploadInfo) -> None:
        self._beside.write_text(note.model_dump_json())
        self._beside.replace(self._note)

    def offset(self) -> int:
        """How many bytes are here; all of them once the file has become a video."""
        note = self.note()
        if note is not None and note.is_settled:
            return note.length
        return self.data.stat().st_size if self.data.exists() else 0

    def is_complete(self) -> bool:
        """Whether all bytes are here, and nobody has made a video of them."""
        note = self.note()
        return note is not None and not note.is_settled and self.offset() >= note.length

    def coming(self) -> int:
        """How many bytes are still to come."""
        note = self.note()
        return 0 if note is None or note.is_settled else max(0, note.length - self.offset())

    def settle(self, note: UploadInfo) -> None:
        """Keep what became of the upload instead of its bytes."""
        self.write_note(note)
        self.data.unlink(missing_ok=True)

    def written_at(self) -> float:
        """When the upload or its note was last written to, in seconds since the epoch."""
        times = [0.0]
        for path in (self.data, self._note):
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
        with _or_full():
            try:
                return await asyncio.shield(writing)
            except asyncio.CancelledError:
                await asyncio.wait({writing})
                raise

    def remove(self) -> None:
        for path in (self.data, self._note, self._beside):
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
def _or_full() -> Iterator[None]:
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


def _is_id(text: str) -> bool:
    return len(text) == 2 * _ID_BYTES and all(ch in "0123456789abcdef" for ch in text)
