"""Resumable uploads by the tus protocol; a file that is not a video is refused when it arrives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi import Path as PathParam
from starlette.requests import ClientDisconnect

from viralclip.server.dependencies import LimitsDep, TimeoutsDep
from viralclip.server.finishing import Finishing
from viralclip.server.identity import Owner
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.partial_upload import WRONG_OFFSET, PartialUpload
from viralclip.server.partial_uploads import PartialUploads, UploadBusyError
from viralclip.server.problems import ConflictError, TooLargeError, problem_response, problems
from viralclip.server.tus import (
    CONTENT_TYPE,
    EXTENSIONS,
    OFFSET,
    PLACE,
    STATE,
    VERSION,
    VIDEO,
    ContentTypeError,
    TusVersionError,
    expires,
    metadata_of,
    set_upload_headers,
)
from viralclip.server.upload_states import UploadOut, finished, resumed, state_of

PREFIX = "/api/uploads"
# A connection that brings nothing for so long is as good as cut.
_SILENCE_S = 60.0


async def _speaks_tus(
    owner: Owner, response: Response, tus_resumable: Annotated[str | None, Header()] = None
) -> str:
    if tus_resumable != VERSION:
        raise TusVersionError
    response.headers["Tus-Resumable"] = VERSION
    return owner


async def _partial_uploads(request: Request) -> PartialUploads:
    return request.app.state.partial_uploads


async def _finishing(request: Request) -> Finishing:
    return request.app.state.finishing


PartialUploadsDep = Annotated[PartialUploads, Depends(_partial_uploads)]
FinishingDep = Annotated[Finishing, Depends(_finishing)]
Uploader = Annotated[str, Depends(_speaks_tus)]
Offset = Annotated[int, Header(ge=0)]
UploadId = Annotated[str, PathParam(max_length=100)]


@asynccontextmanager
async def _finishing_in(app: FastAPI) -> AsyncIterator[None]:
    async with app.state.finishing.running():
        yield


router = APIRouter(
    route_class=OwnerFirst,
    prefix=PREFIX,
    tags=["uploads"],
    responses=problems(401, 403, 412),
    redirect_slashes=False,
    lifespan=_finishing_in,
)


@router.options("", status_code=204, operation_id="describeUploads")
async def describe(_: Owner, response: Response, limits: LimitsDep) -> None:
    """What of the tus protocol is spoken here, and how large a file may be."""
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = EXTENSIONS
    response.headers["Tus-Max-Size"] = str(limits.upload_bytes)


@router.post(
    "",
    status_code=201,
    operation_id="createUpload",
    responses={201: {"headers": PLACE}, **problems(400, 413, 422, 429, 507)},
)
async def create(
    owner: Uploader,
    response: Response,
    uploads: PartialUploadsDep,
    limits: LimitsDep,
    upload_length: Annotated[int, Header(ge=1)],
    upload_metadata: Annotated[str, Header(max_length=4096)] = "",
) -> None:
    """Announce a file of so many bytes; `filename` in the metadata is what it is called."""
    if upload_length > limits.upload_bytes:
        raise TooLargeError(limit=limits.upload_bytes)
    about = metadata_of(upload_metadata)
    name = about.get("filename") or about.get("name") or "video"
    upload = await uploads.create(owner, name, upload_length)
    response.headers["Location"] = f"{PREFIX}/{upload.upload_id}"
    response.headers["Upload-Offset"] = "0"
    response.headers["Upload-Expires"] = expires()


@router.head(
    "/{upload_id}",
    operation_id="getUpload",
    responses={200: {"headers": OFFSET | STATE | VIDEO}, **problems(404, 422)},
)
async def look(
    upload_id: UploadId,
    owner: Uploader,
    response: Response,
    uploads: PartialUploadsDep,
    finishing: FinishingDep,
) -> None:
    """How much has come; go on from there. Answered at once, whatever else goes on."""
    upload = await uploads.find(owner, upload_id)
    out = await resumed(upload, owner, finishing)
    set_upload_headers(response, out)
    response.headers["Upload-Length"] = str(out.bytes)
    response.headers["Cache-Control"] = "no-store"


@router.get("/{upload_id}", operation_id="getUploadState", responses=problems(404, 422))
async def state(
    upload_id: UploadId,
    owner: Owner,
    response: Response,
    uploads: PartialUploadsDep,
    finishing: FinishingDep,
) -> UploadOut:
    """How far the upload is: after the last byte it is looked into and stored."""
    upload = await uploads.find(owner, upload_id)
    response.headers["Cache-Control"] = "no-store"
    return await state_of(upload, owner, finishing)


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_model=None,
    operation_id="sendUpload",
    responses={
        204: {"headers": OFFSET | STATE | VIDEO},
        **problems(404, 409, 413, 415, 422, 423, 502, 507),
    },
    openapi_extra={
        "requestBody": {
            "content": {CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}
        }
    },
)
async def send(
    upload_id: UploadId,
    owner: Uploader,
    upload_offset: Offset,
    request: Request,
    response: Response,
    uploads: PartialUploadsDep,
    finishing: FinishingDep,
    timeouts: TimeoutsDep,
    content_length: Annotated[int, Header(ge=0)] = 0,
) -> Response | None:
    """Bytes from the offset on. A request that still brings bytes to the same upload ends.

    After the last of them the file becomes a video in the background. What that comes to within
    five seconds is in the answer: `Video-Id`, or a problem; else GET the upload until its state
    is `ready` or `refused`.
    """
    upload = await uploads.find(owner, upload_id)
    await _receive(uploads, upload, request, upload_offset, content_length)
    out = await finished(upload, owner, finishing, timeouts.upload_answer_s)
    if out.problem is not None:
        return problem_response(out.problem, {"Tus-Resumable": VERSION})
    set_upload_headers(response, out)
    return None


@router.delete(
    "/{upload_id}",
    status_code=204,
    operation_id="deleteUpload",
    responses=problems(404, 422, 423),
)
async def delete(
    upload_id: UploadId, owner: Uploader, uploads: PartialUploadsDep, finishing: FinishingDep
) -> None:
    """Give the upload up, also while it arrives or is stored; a video that it has become
    stays."""
    upload = await uploads.find(owner, upload_id)
    async with uploads.writing(upload):
        await finishing.abandon(upload)
        await asyncio.to_thread(upload.remove)


async def _receive(
    uploads: PartialUploads, upload: PartialUpload, request: Request, offset: int, coming: int
) -> None:
    if request.headers.get("content-type") != CONTENT_TYPE:
        raise ContentTypeError
    # One that is at another offset must not end the one that is under way.
    if await asyncio.to_thread(upload.offset) != offset:
        raise ConflictError(why=WRONG_OFFSET)
    try:
        async with uploads.writing(upload):
            await _append(upload, request, offset, coming)
    except UploadBusyError:
        # A newer request came while the last bytes were written: they are all here.
        if not await asyncio.to_thread(upload.is_whole):
            raise


async def _append(upload: PartialUpload, request: Request, offset: int, coming: int) -> None:
    info = await asyncio.to_thread(upload.info)
    length = info.length if info else 0
    if offset + coming > length:
        raise TooLargeError(limit=length)
    await upload.append(_chunks(request), offset=offset, length=length)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body until its end, or until the connection is cut: the rest comes another time."""
    stream = request.stream()
    with suppress(ClientDisconnect, StopAsyncIteration, TimeoutError):
        while True:
            async with asyncio.timeout(_SILENCE_S):
                chunk = await anext(stream)
            yield chunk
