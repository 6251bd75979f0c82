"""Resumable uploads by the tus protocol; a file that is not a video is refused on arrival."""

import asyncio
import base64
import binascii
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi import Path as PathParam
from starlette.requests import ClientDisconnect

from viralclip.errors import SourceNotVideoError
from viralclip.server.arrivals import EXPIRES_S, Arrival, Arrivals, Note
from viralclip.server.identity import Owner
from viralclip.server.problems import ProblemError, TooLargeError, problems
from viralclip.server.services import Services

PREFIX = "/api/uploads"
VERSION = "1.0.0"
# The header of the last answer that names the video an upload has become.
VIDEO_HEADER = "Video-Id"
# A connection that brings nothing for so long is as good as cut.
_SILENCE_S = 60.0
_CONTENT_TYPE = "application/offset+octet-stream"
_IN_STORE = "uploads"
_EXTENSIONS = "creation,expiration,termination"


class TusVersionError(ProblemError):
    """Say which version of the tus protocol you speak: `Tus-Resumable: 1.0.0`."""

    code = "unsupported_version"
    status = HTTPStatus.PRECONDITION_FAILED
    headers: ClassVar[Mapping[str, str]] = {"Tus-Version": VERSION}


class MetadataError(ProblemError):
    """Upload-Metadata has to be pairs of a name and a base64 value, separated by commas."""

    code = "invalid_metadata"


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
_PLACE = _headers(Location="Where to send the bytes.", Upload_Expires="When it is removed.")


def routes(services: Services, folder: Path) -> APIRouter:
    router = APIRouter(
        prefix=PREFIX, tags=["uploads"], responses=problems(401, 403, 412), redirect_slashes=False
    )
    arrivals = Arrivals(folder)

    @router.options("", status_code=204, operation_id="describeUploads")
    async def describe(_: Owner, response: Response) -> None:
        """What of the tus protocol is spoken here, and how large a file may be."""
        response.headers["Tus-Resumable"] = VERSION
        response.headers["Tus-Version"] = VERSION
        response.headers["Tus-Extension"] = _EXTENSIONS
        response.headers["Tus-Max-Size"] = str(services.limits.upload_bytes)

    @router.post(
        "",
        status_code=201,
        operation_id="createUpload",
        responses={201: {"headers": _PLACE}, **problems(400, 413, 422, 429, 507)},
    )
    async def create(
        owner: Uploader,
        response: Response,
        upload_length: Annotated[int, Header(ge=1)],
        upload_metadata: Annotated[str, Header(max_length=4096)] = "",
    ) -> None:
        """Announce a file of so many bytes; `filename` in the metadata is what it is called."""
        if upload_length > services.limits.upload_bytes:
            raise TooLargeError(limit=services.limits.upload_bytes)
        about = _metadata(upload_metadata)
        name = about.get("filename") or about.get("name") or "video"
        arrival = await arrivals.create(owner, name, upload_length)
        response.headers["Location"] = f"{PREFIX}/{arrival.upload_id}"
        _tell(response, 0)

    @router.head(
        "/{upload_id}",
        operation_id="getUpload",
        responses={200: {"headers": _TOLD | _VIDEO}, **problems(404, 422, 502, 507)},
    )
    async def look(upload_id: UploadId, owner: Uploader, response: Response) -> None:
        """How much has come; go on from there."""
        arrival = await arrivals.find(owner, upload_id)
        with arrivals.writing(arrival):
            note = await _taken_in(arrival, owner, arrivals, services)
            _tell(response, await asyncio.to_thread(arrival.offset), note.video_id)
        response.headers["Upload-Length"] = str(note.length)
        response.headers["Cache-Control"] = "no-store"

    @router.patch(
        "/{upload_id}",
        status_code=204,
        operation_id="sendUpload",
        responses={
            204: {"headers": _TOLD | _VIDEO},
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
        content_length: Annotated[int, Header(ge=0)] = 0,
    ) -> None:
        """Bytes from the offset on. With the last of them the file becomes a video, or is refused
        with a problem and removed."""
        if request.headers.get("content-type") != _CONTENT_TYPE:
            raise ContentTypeError
        arrival = await arrivals.find(owner, upload_id)
        with arrivals.writing(arrival):
            await _append(arrival, request, upload_offset, content_length)
            note = await _taken_in(arrival, owner, arrivals, services)
            _tell(response, await asyncio.to_thread(arrival.offset), note.video_id)

    @router.delete(
        "/{upload_id}",
        status_code=204,
        operation_id="deleteUpload",
        responses=problems(404, 422, 423),
    )
    async def delete(upload_id: UploadId, owner: Uploader) -> None:
        """Give the upload up; a video that it has become stays."""
        arrival = await arrivals.find(owner, upload_id)
        with arrivals.writing(arrival):
            await asyncio.to_thread(arrival.remove)

    return router


async def _append(arrival: Arrival, request: Request, offset: int, coming: int) -> None:
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


async def _taken_in(arrival: Arrival, owner: str, arrivals: Arrivals, services: Services) -> Note:
    """The upload's note, which names a video as soon as all bytes are here.

    Whoever comes first after the last byte does it: the one who sent it may have been cut off.
    """
    note = await asyncio.to_thread(arrival.note)
    assert note is not None  # noqa: S101 - it was found, and nobody else writes to it now
    if note.video_id is not None or await asyncio.to_thread(arrival.offset) < note.length:
        return note
    try:
        video = await services.probe(arrival.data)
    except SourceNotVideoError as error:
        await asyncio.to_thread(arrival.remove)
        raise type(error)(**{**error.facts, "name": note.name}, detail=error.detail) from error
    path = await _put_away(arrival, arrivals.place(owner, arrival, note), services)
    video = video.model_copy(update={"name": note.name, "path": path})
    await services.catalog.add_video(owner, video)
    note = note.model_copy(update={"video_id": video.identity})
    await asyncio.to_thread(arrival.write_note, note)
    await asyncio.to_thread(arrival.data.unlink, missing_ok=True)
    return note


async def _put_away(arrival: Arrival, target: Path, services: Services) -> str:
    """Where the whole file is from now on: a folder here, or the store that every worker reads."""
    storage = services.open_storage(services.storage_url)
    if storage.local_path("") is None:
        key = f"{_IN_STORE}/{target.parent.parent.name}/{target.parent.name}/{target.name}"
        await storage.put(arrival.data, key)
        return storage.url(key)
    await asyncio.to_thread(_move, arrival.data, target)
    return str(target)


def _tell(response: Response, offset: int, video_id: str | None = None) -> None:
    response.headers["Upload-Offset"] = str(offset)
    response.headers["Upload-Expires"] = formatdate(time.time() + EXPIRES_S, usegmt=True)
    if video_id is not None:
        response.headers[VIDEO_HEADER] = video_id


def _metadata(text: str) -> Mapping[str, str]:
    pairs = [pair.strip().partition(" ") for pair in text.split(",") if pair.strip()]
    try:
        return {key: base64.b64decode(value, validate=True).decode() for key, _, value in pairs}
    except (binascii.Error, ValueError) as error:
        raise MetadataError from error


def _move(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
