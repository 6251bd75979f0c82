"""Resumable uploads by the tus protocol; a file that is not a video is refused on arrival."""

import asyncio
import base64
import binascii
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from email.utils import formatdate
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi import Path as PathParam
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from viralclip.server.dependencies import LimitsDep, TimeoutsDep
from viralclip.server.finishing import Finish, Finishing, UploadState
from viralclip.server.identity import Owner
from viralclip.server.partial_uploads import (
    EXPIRES_S,
    WRONG_OFFSET,
    PartialUpload,
    PartialUploads,
    UploadInfo,
)
from viralclip.server.problems import (
    ConflictError,
    NotFoundError,
    Problem,
    ProblemError,
    TooLargeError,
    problem_response,
    problems,
)

PREFIX = "/api/uploads"
VERSION = "1.0.0"
# The header of the last answer that names the video an upload has become.
VIDEO_HEADER = "Video-Id"
# A connection that brings nothing for so long is as good as cut.
_SILENCE_S = 60.0
_CONTENT_TYPE = "application/offset+octet-stream"
_EXTENSIONS = "creation,expiration,termination"


class TusVersionError(ProblemError):
    """Say which version of the tus protocol you speak: `Tus-Resumable: 1.0.0`."""

    code = "unsupported_version"
    status = HTTPStatus.PRECONDITION_FAILED
    headers: ClassVar[Mapping[str, str]] = {"Tus-Version": VERSION}


class MetadataError(ProblemError):
    """Upload-Metadata has to be pairs of a name and a base64 value, separated by commas."""

    code = "invalid_metadata"


class UploadOut(BaseModel):
    """An upload, from its first byte to the video that it has become.

    `fraction` says how much is stored, where that is known. `problem` is why the file was refused,
    or why storing it failed and is tried again.
    """

    upload_id: str
    name: str
    bytes: int
    offset: int
    state: UploadState
    fraction: float | None
    video_id: str | None
    problem: Problem | None


class ContentTypeError(ProblemError):
    """The bytes of an upload are sent as `application/offset+octet-stream`."""

    code = "unsupported_media_type"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


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


def _headers(**described: str) -> dict[str, Any]:
    return {
        name.replace("_", "-"): {"description": text, "schema": {"type": "string"}}
        for name, text in described.items()
    }


_TOLD = _headers(Upload_Offset="How many bytes have come.", Upload_Expires="When it is removed.")
_VIDEO = _headers(Video_Id="The video that the upload has become, once all of it is there.")
_STATE = _headers(Upload_State="`arriving`, `checking`, `storing` or `ready`.")
_PLACE = _headers(Location="Where to send the bytes.", Upload_Expires="When it is removed.")


@asynccontextmanager
async def _finishing_in(app: FastAPI) -> AsyncIterator[None]:
    async with app.state.finishing.running():
        yield


router = APIRouter(
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
    response.headers["Tus-Extension"] = _EXTENSIONS
    response.headers["Tus-Max-Size"] = str(limits.upload_bytes)


@router.post(
    "",
    status_code=201,
    operation_id="createUpload",
    responses={201: {"headers": _PLACE}, **problems(400, 413, 422, 429, 507)},
)
async def create(
    owner: Uploader,
    response: Response,
    arrivals: PartialUploadsDep,
    limits: LimitsDep,
    upload_length: Annotated[int, Header(ge=1)],
    upload_metadata: Annotated[str, Header(max_length=4096)] = "",
) -> None:
    """Announce a file of so many bytes; `filename` in the metadata is what it is called."""
    if upload_length > limits.upload_bytes:
        raise TooLargeError(limit=limits.upload_bytes)
    about = _metadata(upload_metadata)
    name = about.get("filename") or about.get("name") or "video"
    arrival = await arrivals.create(owner, name, upload_length)
    response.headers["Location"] = f"{PREFIX}/{arrival.upload_id}"
    response.headers["Upload-Offset"] = "0"
    response.headers["Upload-Expires"] = _expires()


@router.head(
    "/{upload_id}",
    operation_id="getUpload",
    responses={200: {"headers": _TOLD | _STATE | _VIDEO}, **problems(404, 422)},
)
async def look(
    upload_id: UploadId,
    owner: Uploader,
    response: Response,
    arrivals: PartialUploadsDep,
    finishing: FinishingDep,
) -> None:
    """How much has come; go on from there. Answered at once, whatever else goes on."""
    arrival = await arrivals.find(owner, upload_id)
    out = await _looked(arrival, owner, finishing)
    _tell(response, out)
    response.headers["Upload-Length"] = str(out.bytes)
    response.headers["Cache-Control"] = "no-store"


@router.get("/{upload_id}", operation_id="getUploadState", responses=problems(404, 422))
async def state(
    upload_id: UploadId,
    owner: Owner,
    response: Response,
    arrivals: PartialUploadsDep,
    finishing: FinishingDep,
) -> UploadOut:
    """How far the upload is: after the last byte it is looked into and stored."""
    arrival = await arrivals.find(owner, upload_id)
    response.headers["Cache-Control"] = "no-store"
    return await _out(arrival, owner, finishing)


@router.patch(
    "/{upload_id}",
    status_code=204,
    response_model=None,
    operation_id="sendUpload",
    responses={
        204: {"headers": _TOLD | _STATE | _VIDEO},
        **problems(404, 409, 413, 415, 422, 423, 502, 507),
    },
    openapi_extra={
        "requestBody": {
            "content": {_CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}
        }
    },
)
async def send(
    upload_id: UploadId,
    owner: Uploader,
    upload_offset: Offset,
    request: Request,
    response: Response,
    arrivals: PartialUploadsDep,
    finishing: FinishingDep,
    timeouts: TimeoutsDep,
    content_length: Annotated[int, Header(ge=0)] = 0,
) -> Response | None:
    """Bytes from the offset on. A request that still brings bytes to the same upload ends.

    After the last of them the file becomes a video in the background. What that comes to within
    five seconds is in the answer: `Video-Id`, or a problem; else GET the upload until its state
    is `ready` or `refused`.
    """
    arrival = await arrivals.find(owner, upload_id)
    await _receive(arrivals, arrival, request, upload_offset, content_length)
    out = await _finished(arrival, owner, finishing, timeouts.upload_answer_s)
    if out.problem is not None:
        return problem_response(out.problem, {"Tus-Resumable": VERSION})
    _tell(response, out)
    return None


@router.delete(
    "/{upload_id}",
    status_code=204,
    operation_id="deleteUpload",
    responses=problems(404, 422, 423),
)
async def delete(
    upload_id: UploadId, owner: Uploader, arrivals: PartialUploadsDep, finishing: FinishingDep
) -> None:
    """Give the upload up, also while it arrives or is stored; a video that it has become
    stays."""
    arrival = await arrivals.find(owner, upload_id)
    async with arrivals.writing(arrival):
        await finishing.abandon(arrival)
        await asyncio.to_thread(arrival.remove)


async def _out(arrival: PartialUpload, owner: str, finishing: Finishing) -> UploadOut:
    """The upload now; one that is whole and that nobody finishes is finished from now on."""
    if await asyncio.to_thread(arrival.is_complete):
        finishing.begin(arrival, owner)
    note, finish = await asyncio.to_thread(arrival.note), finishing.of(arrival)
    if note is None:
        raise NotFoundError
    return UploadOut(
        upload_id=arrival.upload_id,
        name=note.name,
        bytes=note.length,
        offset=await asyncio.to_thread(arrival.offset),
        state=_state(note, finish),
        fraction=finish.fraction if finish is not None else None,
        video_id=note.video_id,
        problem=note.refusal or (finish.problem if finish is not None else None),
    )


def _state(note: UploadInfo, finish: Finish | None) -> UploadState:
    if note.refusal is not None:
        return "refused"
    if note.video_id is not None:
        return "ready"
    return "arriving" if finish is None else finish.state


async def _looked(arrival: PartialUpload, owner: str, finishing: Finishing) -> UploadOut:
    """The upload for who wants to go on with it; a pause between two attempts ends."""
    out = await _out(arrival, owner, finishing)
    if out.state == "refused":
        raise NotFoundError
    if (finish := finishing.of(arrival)) is not None:
        finish.hurry.set()
    return out


async def _finished(
    arrival: PartialUpload, owner: str, finishing: Finishing, within_s: float
) -> UploadOut:
    """What the upload has come to in that time, which is less than proxies wait."""
    if await asyncio.to_thread(arrival.is_complete):
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await finishing.begin(arrival, owner).attempted.wait()
    out = await _out(arrival, owner, finishing)
    if out.state == "refused":
        # Who is told needs no note of it.
        await asyncio.to_thread(arrival.remove)
    return out


async def _receive(
    arrivals: PartialUploads, arrival: PartialUpload, request: Request, offset: int, coming: int
) -> None:
    if request.headers.get("content-type") != _CONTENT_TYPE:
        raise ContentTypeError
    # One that is at another offset must not end the one that is under way.
    if await asyncio.to_thread(arrival.offset) != offset:
        raise ConflictError(why=WRONG_OFFSET)
    async with arrivals.writing(arrival):
        await _append(arrival, request, offset, coming)


async def _append(arrival: PartialUpload, request: Request, offset: int, coming: int) -> None:
    note = await asyncio.to_thread(arrival.note)
    length = note.length if note else 0
    if offset + coming > length:
        raise TooLargeError(limit=length)
    await arrival.append(_chunks(request), offset=offset, length=length)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The body until its end, or until the connection is cut: the rest comes another time."""
    stream = request.stream()
    with suppress(ClientDisconnect, StopAsyncIteration, TimeoutError):
        while True:
            async with asyncio.timeout(_SILENCE_S):
                chunk = await anext(stream)
            yield chunk


def _tell(response: Response, out: UploadOut) -> None:
    response.headers["Upload-Offset"] = str(out.offset)
    response.headers["Upload-State"] = out.state
    response.headers["Upload-Expires"] = _expires()
    if out.video_id is not None:
        response.headers[VIDEO_HEADER] = out.video_id


def _expires() -> str:
    return formatdate(time.time() + EXPIRES_S, usegmt=True)


def _metadata(text: str) -> Mapping[str, str]:
    pairs = [pair.strip().partition(" ") for pair in text.split(",") if pair.strip()]
    try:
        return {key: base64.b64decode(value, validate=True).decode() for key, _, value in pairs}
    except (binascii.Error, ValueError) as error:
        raise MetadataError from error
