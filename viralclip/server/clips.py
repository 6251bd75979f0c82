"""Finished clips over HTTP: a list, each file and thumbnail, and all of them as one zip."""

import zipfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from io import RawIOBase
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, RedirectResponse, StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from viralclip.catalog.port import Catalog
from viralclip.catalog.records import ClipPlace, ClipRecord, Ending, JobRecord
from viralclip.events import FailedDetails
from viralclip.server.dependencies import CatalogDep, FilesDep, PoolsDep
from viralclip.server.files import FILE, SIGNED, OpenFileResponse
from viralclip.server.identity import Owner
from viralclip.server.jobs import JobId, SceneId, StyleName, find_job
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import NotFoundError, TooManyError, problems
from viralclip.server.shares import Shares
from viralclip.storage.inside import opened
from viralclip.storage.objects import Storage

_MOST_CLIPS = 1000
# The place of a clip among those of its job, which no style's name can break out of.
_CURSOR = r"^[0-9]{1,9}/[^\x00]+$"
_LINK = {
    "Link": {
        "description": 'The next page: `<address>; rel="next"`; absent on the last.',
        "schema": {"type": "string"},
    }
}


class Zip(StreamingResponse):
    """A zip that is made while it is sent; what it is made of is closed when it was, or is left."""

    media_type = "application/zip"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(cast("AsyncGenerator[bytes, None]", self.body_iterator)):
            await super().__call__(scope, receive, send)


class ClipOut(BaseModel):
    """A clip of a job; `file`, `thumbnail`, `srt` and `vtt` are addresses here, null until there is
    something; the last two are the words of its captions in its own time."""

    scene_id: int
    style: str
    filename: str
    ending: Ending | None
    failure: FailedDetails | None
    file: str | None
    thumbnail: str | None
    srt: str | None
    vtt: str | None
    bytes: int | None
    duration: float | None
    width: int | None
    height: int | None


router = APIRouter(
    route_class=OwnerFirst,
    prefix="/api/jobs/{job_id}",
    tags=["clips"],
    responses=problems(401, 403, 404, 422),
)


@router.get("/clips", operation_id="listClips", responses={200: {"headers": _LINK}})
async def list_clips(
    job_id: JobId,
    owner: Owner,
    catalog: CatalogDep,
    request: Request,
    response: Response,
    cursor: Annotated[str | None, Query(max_length=100, pattern=_CURSOR)] = None,
    limit: Annotated[int | None, Query(ge=1, le=_MOST_CLIPS)] = None,
) -> list[ClipOut]:
    """The clips of the job, made or not, and what became of each: all of them, or as many as
    `limit` says. Then the header `Link` has the address of the next page, if there is one."""
    job = await find_job(job_id, owner, catalog)
    after = _place(cursor) if cursor is not None else None
    more = None if limit is None else limit + 1
    clips = await catalog.clips.of(job_id, after=after, limit=more)
    page = clips[:limit]
    if len(clips) > len(page):
        following = request.url.include_query_params(cursor=_cursor(page[-1]))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    filenames = job.plan.filenames_of({clip.scene_id for clip in page})
    return [_out(clip, job, filenames) for clip in page]


@router.get(
    "/clips.zip",
    operation_id="downloadClips",
    response_class=Zip,
    responses=problems(429),
)
async def download_clips(
    job_id: JobId, owner: Owner, catalog: CatalogDep, files: FilesDep, pools: PoolsDep
) -> Response:
    """Every finished clip in one file, made while it is sent."""
    job = await find_job(job_id, owner, catalog)
    clips = [c for c in await catalog.clips.of(job_id) if c.ending == "complete"]
    if not clips:
        raise NotFoundError
    if pools.downloads.is_used_up(owner):
        raise TooManyError(what="downloads", limit=pools.downloads.each)
    headers = {"Content-Disposition": f'attachment; filename="{job_id}.zip"'}
    storage = files.open_storage(job.storage_url)
    keys = [key for clip in clips if clip.key for key in (clip.key, *clip.caption_keys)]
    stream = packed(keys, storage)
    return Zip(_in_turn(stream, pools.downloads, owner), headers=headers)


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
    what: Literal["file", "thumbnail", "captions.srt", "captions.vtt"],
    owner: Owner,
    catalog: CatalogDep,
    files: FilesDep,
    pools: PoolsDep,
    *,
    download: Annotated[bool, Query()] = False,
) -> Response:
    """A finished clip, its picture, or its captions; ranges are answered."""
    job = await find_job(job_id, owner, catalog)
    clip = await _find_clip(job, scene_id, style, catalog)
    key = _key(clip, what)
    if key is None:
        raise NotFoundError
    storage = files.open_storage(job.storage_url)
    with ExitStack() as held:
        held.enter_context(pools.files.room_for(owner))
        return await _content(key, storage, held, download=download)


async def _find_clip(job: JobRecord, scene_id: int, style: str, catalog: Catalog) -> ClipRecord:
    clip = await catalog.clips.find(job.job_id, scene_id, style)
    if clip is None or clip.ending != "complete":
        raise NotFoundError
    return clip


async def _content(key: str, storage: Storage, held: ExitStack, *, download: bool) -> Response:
    """From a folder the file itself, ranges answered; from an object store a signed address."""
    try:
        file = await opened(storage.open_file, key)
    except FileNotFoundError as error:
        raise NotFoundError from error
    if file is None:
        return RedirectResponse(await storage.signed_url(key), status_code=307)
    held.enter_context(file)
    name, disposition = PurePosixPath(key).name, "attachment" if download else "inline"
    return OpenFileResponse(file, name=name, disposition=disposition, held=held.pop_all())


def _key(clip: ClipRecord, what: str) -> str | None:
    files = {"file": clip.key, "thumbnail": clip.thumbnail}
    words = {f"captions.{key.rpartition('.')[2]}": key for key in clip.caption_keys}
    return {**files, **words}.get(what)


def _cursor(clip: ClipRecord) -> str:
    return f"{clip.scene_id}/{clip.style}"


def _place(cursor: str) -> ClipPlace:
    scene_id, _, style = cursor.partition("/")
    return int(scene_id), style


def _out(clip: ClipRecord, job: JobRecord, filenames: Mapping[ClipPlace, str]) -> ClipOut:
    done = clip.ending == "complete"
    base = f"/api/jobs/{job.job_id}/clips/{clip.scene_id}/{clip.style}"
    return ClipOut(
        scene_id=clip.scene_id,
        style=clip.style,
        filename=filenames[clip.scene_id, clip.style],
        ending=clip.ending,
        failure=clip.failure,
        file=f"{base}/file" if done and clip.key else None,
        thumbnail=f"{base}/thumbnail" if done and clip.thumbnail else None,
        srt=f"{base}/captions.srt" if done and clip.captions else None,
        vtt=f"{base}/captions.vtt" if done and clip.captions else None,
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
    stream: AsyncGenerator[bytes, None], downloads: Shares, owner: str
) -> AsyncGenerator[bytes, None]:
    async with aclosing(stream), downloads.turn(owner):
        async for piece in stream:
            yield piece


async def packed(keys: Sequence[str], storage: Storage) -> AsyncGenerator[bytes, None]:
    """A zip of the stored objects, which are not compressed: video does not shrink.

    Memory holds one chunk at a time; the next is read when that one was taken.
    """
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
        for key in keys:
            entry = zipfile.ZipInfo(PurePosixPath(key).name)
            with archive.open(entry, "w", force_zip64=True) as member:
                async with aclosing(storage.read(key)) as chunks:
                    async for chunk in chunks:
                        member.write(chunk)
                        yield outbox.take()
    yield outbox.take()
