"""The partial uploads of all users: how much room they are promised, and which request has one."""

import asyncio
import hashlib
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from viralclip.server.identity import LOCAL
from viralclip.server.partial_upload import PartialUpload, UploadInfo, or_full, safe_name
from viralclip.server.problems import (
    NotFoundError,
    ProblemError,
    ServerFullError,
    TooManyError,
)

EXPIRES_S = 24 * 3600
_MOST_ARRIVING = 20
_ID_BYTES = 16


class NoRoomError(ServerFullError):
    """There is not enough room on the server for a file of this size."""


class NoShareError(ServerFullError):
    """One user's uploads may take up half of the room on the server; finish or give up others."""


class UploadBusyError(ProblemError):
    """A newer request goes on with this upload; ask for the offset with HEAD."""

    code = "upload_busy"
    status = HTTPStatus.LOCKED


class PartialUploads:
    """The uploads of all owners under one folder; each owner's are apart and nobody else's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns: dict[Path, _Turn] = {}

    async def create(self, owner: str, name: str, length: int) -> PartialUpload:
        home = self._owner_folder(owner)
        upload = PartialUpload(home / "arriving" / secrets.token_hex(_ID_BYTES))
        info = UploadInfo(name=safe_name(name), length=length, owner=owner)
        with or_full():
            await asyncio.to_thread(self._create, upload, info)
        return upload

    async def find(self, owner: str, upload_id: str) -> PartialUpload:
        upload = PartialUpload(self._owner_folder(owner) / "arriving" / upload_id)
        if not _is_id(upload_id) or await asyncio.to_thread(upload.info) is None:
            raise NotFoundError
        return upload

    def complete(self) -> list[PartialUpload]:
        """Uploads whose bytes are all here and that are no videos yet."""
        infos = self._folder.glob("*/arriving/*.json")
        uploads = [PartialUpload(path.with_suffix("")) for path in infos]
        return [upload for upload in uploads if upload.is_complete()]

    @asynccontextmanager
    async def writing(self, upload: PartialUpload) -> AsyncIterator[None]:
        """The newest request has the upload; the one before it ends with UploadBusyError.

        A connection that was cut without a word looks like one that is slow: who comes anew knows
        better.
        """
        mine = _Turn()
        earlier = self._turns.get(upload.data)
        self._turns[upload.data] = mine
        try:
            if earlier is not None:
                earlier.end()
                await earlier.left.wait()
            async with mine.until_ended():
                yield
        finally:
            mine.left.set()
            if self._turns.get(upload.data) is mine:
                del self._turns[upload.data]

    def place(self, owner: str, upload: PartialUpload, info: UploadInfo) -> Path:
        """Where the whole file goes: a folder of its own, so that names never meet."""
        return self._owner_folder(owner) / upload.upload_id / info.name

    def sweep(self, now_s: float | None = None) -> None:
        """Remove what has not been written to for a day."""
        oldest = (time.time() if now_s is None else now_s) - EXPIRES_S
        for data in {path.with_suffix("") for path in self._folder.glob("*/arriving/*")}:
            upload = PartialUpload(data)
            if data not in self._turns and upload.written_at() < oldest:
                upload.remove()

    def _create(self, upload: PartialUpload, info: UploadInfo) -> None:
        upload.data.parent.mkdir(parents=True, exist_ok=True)
        self.sweep()
        unfinished = [p for p in upload.data.parent.iterdir() if not p.suffix]
        if len(unfinished) >= _MOST_ARRIVING:
            raise TooManyError(what="unfinished uploads", limit=_MOST_ARRIVING)
        self._check_room(upload, info)
        upload.data.touch()
        upload.write_info(info)

    def _check_room(self, upload: PartialUpload, info: UploadInfo) -> None:
        """Room that is promised counts as taken, and no user is promised so much that others find
        none: a promise costs nothing, and lasts for a day."""
        own, others = self._promised(upload.data.parent)
        room = shutil.disk_usage(self._folder).free - others
        if own + info.length > room:
            raise NoRoomError
        if info.owner != LOCAL and own + info.length > room // 2:
            raise NoShareError

    def _promised(self, home: Path) -> tuple[int, int]:
        """How many bytes the uploads in this folder and those of others may still bring."""
        own = others = 0
        for path in self._folder.glob("*/arriving/*.json"):
            coming = PartialUpload(path.with_suffix("")).coming()
            own, others = (own + coming, others) if path.parent == home else (own, others + coming)
        return own, others

    def _owner_folder(self, owner: str) -> Path:
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


def _is_id(text: str) -> bool:
    return len(text) == 2 * _ID_BYTES and all(ch in "0123456789abcdef" for ch in text)
