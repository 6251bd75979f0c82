"""Uploads on disk while they arrive: the bytes that are there are the offset, so a crash tells no
lies, and a small note beside them says what they will be."""

import asyncio
import hashlib
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

from pydantic import BaseModel, ValidationError

from viralclip.server.problems import ConflictError, NotFoundError, ProblemError, TooManyError

EXPIRES_S = 24 * 3600
_MOST_ARRIVING = 20
_WRITE_BYTES = 1024 * 1024
_NAME_BYTES = 180
_ID_BYTES = 16


class DiskFullError(ProblemError):
    """There is not enough room on the server for a file of this size."""

    code = "disk_full"
    status = HTTPStatus.INSUFFICIENT_STORAGE


class UploadBusyError(ProblemError):
    """Another request is writing to this upload; try again when it has ended."""

    code = "upload_busy"
    status = HTTPStatus.LOCKED


class TooLongError(ProblemError):
    """This is more than the upload was said to be."""

    code = "too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Note(BaseModel, frozen=True):
    """What an upload is; `video_id` once it has become a video."""

    name: str
    length: int
    video_id: str | None = None


class Arrivals:
    """The uploads of all owners under one folder; each owner's are apart and nobody else's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._busy: set[Path] = set()

    async def create(self, owner: str, name: str, length: int) -> "Arrival":
        home = self._home(owner)
        arrival = Arrival(home / "arriving" / secrets.token_hex(_ID_BYTES))
        await asyncio.to_thread(self._create, arrival, Note(name=safe_name(name), length=length))
        return arrival

    async def find(self, owner: str, upload_id: str) -> "Arrival":
        arrival = Arrival(self._home(owner) / "arriving" / upload_id)
        if not _is_id(upload_id) or await asyncio.to_thread(arrival.note) is None:
            raise NotFoundError
        return arrival

    @contextmanager
    def writing(self, arrival: "Arrival") -> Iterator[None]:
        """One writer at a time; the next has to ask for the offset first anyway."""
        if arrival.data in self._busy:
            raise UploadBusyError
        self._busy.add(arrival.data)
        try:
            yield
        finally:
            self._busy.discard(arrival.data)

    def place(self, owner: str, arrival: "Arrival", note: Note) -> Path:
        """Where the whole file goes: a folder of its own, so that names never meet."""
        return self._home(owner) / arrival.upload_id / note.name

    def sweep(self, now_s: float | None = None) -> None:
        """Remove what has not been written to for a day."""
        oldest = (time.time() if now_s is None else now_s) - EXPIRES_S
        for data in {path.with_suffix("") for path in self._folder.glob("*/arriving/*")}:
            arrival = Arrival(data)
            if data not in self._busy and arrival.written_at() < oldest:
                arrival.remove()

    def _create(self, arrival: "Arrival", note: Note) -> None:
        arrival.data.parent.mkdir(parents=True, exist_ok=True)
        self.sweep()
        unfinished = [p for p in arrival.data.parent.iterdir() if not p.suffix]
        if len(unfinished) >= _MOST_ARRIVING:
            raise TooManyError(what="unfinished uploads", limit=_MOST_ARRIVING)
        if shutil.disk_usage(self._folder).free < note.length:
            raise DiskFullError
        arrival.data.touch()
        arrival.write_note(note)

    def _home(self, owner: str) -> Path:
        """Users choose their names, not our paths."""
        return self._folder / hashlib.sha256(owner.encode()).hexdigest()[:16]


class Arrival:
    """One upload: its bytes in `data`, and its note."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.upload_id = data.name
        self._note = data.with_suffix(".json")
        self._beside = data.with_suffix(".new")

    def note(self) -> Note | None:
        try:
            return Note.model_validate_json(self._note.read_bytes())
        except (OSError, ValidationError):
            return None

    def write_note(self, note: Note) -> None:
        self._beside.write_text(note.model_dump_json())
        self._beside.replace(self._note)

    def offset(self) -> int:
        """How many bytes are here; all of them once the file has become a video."""
        note = self.note()
        if note is not None and note.video_id is not None:
            return note.length
        return self.data.stat().st_size if self.data.exists() else 0

    def written_at(self) -> float:
        """When the upload or its note was last written to, in seconds since the epoch."""
        times = [0.0]
        for path in (self.data, self._note):
            with suppress(FileNotFoundError):
                times.append(path.stat().st_mtime)
        return max(times)

    async def append(self, chunks: AsyncIterator[bytes], *, offset: int, length: int) -> int:
        """Write what comes and give the new offset; a cut connection leaves what has come."""
        if await asyncio.to_thread(self.offset) != offset:
            raise ConflictError(why="The upload is at another offset; ask for it with HEAD.")
        waiting = bytearray()
        try:
            async for chunk in chunks:
                if offset + len(waiting) + len(chunk) > length:
                    raise TooLongError
                waiting += chunk
                if len(waiting) >= _WRITE_BYTES:
                    offset = await self._write(waiting)
        finally:
            offset = await self._write(waiting)
        return offset

    async def _write(self, waiting: bytearray) -> int:
        taken = bytes(waiting)
        waiting.clear()
        return await asyncio.to_thread(_append, self.data, taken)

    def remove(self) -> None:
        for path in (self.data, self._note, self._beside):
            path.unlink(missing_ok=True)


def safe_name(name: str) -> str:
    """The last part of the name, without what a file name or a header cannot hold."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(ch for ch in last if ch.isprintable()).strip(". ")
    return kept.encode(errors="ignore")[-_NAME_BYTES:].decode(errors="ignore") or "video"


def _append(path: Path, content: bytes) -> int:
    with path.open("ab") as file:
        file.write(content)
    return path.stat().st_size


def _is_id(text: str) -> bool:
    return len(text) == 2 * _ID_BYTES and all(ch in "0123456789abcdef" for ch in text)
