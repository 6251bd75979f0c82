"""Finished clips over HTTP: a list, each file and thumbnail, and all of them as one zip."""

import asyncio
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from io import RawIOBase
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel

from viralclip.catalog import ClipRecord, Ending, JobRecord
from viralclip.events import FailedDetails
from viralclip.server.files import FILE, SIGNED, OpenFileResponse
from viralclip.server.identity import Owner
from viralclip.server.jobs import JobId, SceneId, StyleName, find_job
from viralclip.server.problems import NotFoundError, TooManyError, problems
from viralclip.server.services import Services
from viralclip.server.shares import Shares
from viralclip.storage import Storage


class _Zip(StreamingResponse):
    media_type = "application/zip"


class ClipOut(BaseModel):
    """A clip of a job; `file` and `thumbnail` are addresses here, null until there is something."""

    scene_id: int
    style: str
    filename: str
    ending: Ending | None
    failure: FailedDetails | None
    file: str | None
    thumbnail: str | None
    bytes: int | None
    duration: float | None
    width: int | None
    height: int | None


def routes(services: Services) -> APIRouter:
    router = APIRouter(
        prefix="/api/jobs/{job_id}", tags=["clips"], responses=problems(401, 403, 404, 422)
    )

    @router.get("/clips", operation_id="listClips")
    async def list_clips(job_id: JobId, owner: Owner) -> list[ClipOut]:
        """Every clip of the job, made or not, and what became of it."""
        job = await find_job(job_id, owner, services)
        return [_out(clip, job) for clip in await services.catalog.clips(job_id)]

    @router.get(
        "/clips.zip",
        operation_id="downloadClips",
        response_class=_Zip,
        responses=problems(429),
    )
    async def download_clips(job_id: JobId, owner: Owner) -> Response:
        """Every finished clip in one file, made while it is sent."""
        job = await find_job(job_id, owner, services)
        clips = [c for c in await services.catalog.clips(job_id) if c.ending == "complete"]
        if not clips:
            raise NotFoundError
        downloads = services.pools.downloads
        if downloads.is_used_up(owner):
            raise TooManyError(what="downloads", limit=downloads.each)
        headers = {"Content-Disposition": f'attachment; filename="{job_id}.zip"'}
        storage = services.open_storage(job.storage_url)
        stream = packed([clip.key for clip in clips if clip.key], storage)
        return _Zip(_in_turn(stream, downloads, owner), headers=headers)

    @router.get(
        "/clips/{scene_id}/{style}/{what}",
        operation_id="getClipFile",
        response_class=FileResponse,
        responses=problems(429) | FILE | SIGNED,
    )
    async def get_file(
        job_id: JobId,
        scene_id: SceneId,
        style: StyleName,
        what: Literal["file", "thumbnail"],
        owner: Owner,
        *,
        download: Annotated[bool, Query()] = False,
    ) -> Response:
        """A finished clip or its picture; ranges are answered."""
        job = await find_job(job_id, owner, services)
        clip = await _find_clip(job, scene_id, style, services)
        key = clip.key if what == "file" else clip.thumbnail
        if key is None:
            raise NotFoundError
        return await _content(key, job, services, download=download)

    return router


async def _find_clip(job: JobRecord, scene_id: int, style: str, services: Services) -> ClipRecord:
    for clip in await services.catalog.clips(job.job_id):
        if (clip.scene_id, clip.style) == (scene_id, style) and clip.ending == "complete":
            return clip
    raise NotFoundError


async def _content(key: str, job: JobRecord, services: Services, *, download: bool) -> Response:
    """From a folder the file itself, ranges answered; from an object store a signed address."""
    storage = services.open_storage(job.storage_url)
    with ExitStack() as held:
        held.enter_context(services.pools.files.room_for(job.owner))
        try:
            file = await asyncio.to_thread(storage.open_file, key)
        except FileNotFoundError as error:
            raise NotFoundError from error
        if file is None:
            return RedirectResponse(await storage.signed_url(key), status_code=307)
        held.enter_context(file)
        name, disposition = PurePosixPath(key).name, "attachment" if download else "inline"
        return OpenFileResponse(file, name=name, disposition=disposition, held=held.pop_all())


def _out(clip: ClipRecord, job: JobRecord) -> ClipOut:
    done = clip.ending == "complete"
    base = f"/api/jobs/{job.job_id}/clips/{clip.scene_id}/{clip.style}"
    return ClipOut(
        scene_id=clip.scene_id,
        style=clip.style,
        filename=job.plan.clip(clip.scene_id, clip.style).filename,
        ending=clip.ending,
        failure=clip.failure,
        file=f"{base}/file" if done and clip.key else None,
        thumbnail=f"{base}/thumbnail" if done and clip.thumbnail else None,
        bytes=clip.size,
        duration=clip.duration,
        width=clip.width,
        height=clip.height,
    )


class _Outbox(RawIOBase):
    """Takes what the zip writer writes, and gives it away in pieces."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


async def _in_turn(
    stream: AsyncIterator[bytes], downloads: Shares, owner: str
) -> AsyncIterator[bytes]:
    async with downloads.turn(owner):
        async for piece in stream:
            yield piece


async def packed(keys: Sequence[str], storage: Storage) -> AsyncIterator[bytes]:
    """A zip of the stored objects, which are not compressed: video does not shrink.

    Memory holds one chunk at a time; the next is read when that one was taken.
    """
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
        for key in keys:
            entry = zipfile.ZipInfo(PurePosixPath(key).name)
            with archive.open(entry, "w", force_zip64=True) as member:
                async for chunk in storage.read(key):
                    member.write(chunk)
                    yield outbox.take()
    yield outbox.take()
