"""Videos over HTTP: those a user has used or uploaded, and the files of the media roots."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParam
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import BaseModel

from viralclip.plan import Video
from viralclip.server.files import FILE, SIGNED, file_response
from viralclip.server.framing import Ask, FramingOut
from viralclip.server.hangup import unless_gone
from viralclip.server.identity import Owner
from viralclip.server.problems import NotFoundError, problems
from viralclip.server.services import Services
from viralclip.storage.sources import in_store, open_stored

_VIDEO_SUFFIXES = frozenset(
    {
        ".mp4",
        ".mov",
        ".mkv",
        ".webm",
        ".avi",
        ".m4v",
        ".ts",
        ".mts",
        ".mpg",
        ".mpeg",
        ".wmv",
        ".flv",
    }
)
_MOST_FILES = 500

VideoId = Annotated[str, PathParam(max_length=100)]


class VideoOut(BaseModel):
    """A video as its owner sees it; where it lies on the server is nobody's business."""

    video_id: str
    name: str
    width: int
    height: int
    duration: float
    fps: str
    has_audio: bool


class MediaFile(BaseModel):
    """A file in a media root, by the path that a job takes as its source."""

    path: str
    name: str
    bytes: int


def routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/api/videos", tags=["videos"], responses=problems(401, 403))

    @router.get("", operation_id="listVideos")
    async def list_videos(owner: Owner) -> list[VideoOut]:
        """Your videos, the latest first."""
        return [video_out(video) for video in await services.catalog.videos(owner)]

    @router.get("/files", operation_id="listFiles", responses=problems(422))
    async def list_files(
        _: Owner, contains: Annotated[str, Query(max_length=200)] = ""
    ) -> list[MediaFile]:
        """Videos under the server's media roots, whose names contain the text."""
        return await asyncio.to_thread(_files, services.media_roots, contains)

    @router.post("/files", operation_id="openFile", responses=problems(404, 422))
    async def open_file(owner: Owner, path: Annotated[str, Query(max_length=4096)]) -> VideoOut:
        """Look into a file of a media root, so that it can be previewed and used."""
        video = await probe_path(path, services)
        await services.catalog.add_video(owner, video)
        return video_out(video)

    @router.get("/{video_id}", operation_id="getVideo", responses=problems(404, 422))
    async def get_video(video_id: VideoId, owner: Owner) -> VideoOut:
        """What is known of a video."""
        return video_out(await find_video(video_id, owner, services))

    @router.get(
        "/{video_id}/content",
        operation_id="getVideoContent",
        response_class=FileResponse,
        responses=problems(404, 422) | FILE | SIGNED,
    )
    async def get_content(video_id: VideoId, owner: Owner) -> Response:
        """The video itself, for the preview; ranges are answered."""
        video = await find_video(video_id, owner, services)
        if in_store(video):
            storage, key = open_stored(video, services.open_storage)
            return RedirectResponse(await storage.signed_url(key), status_code=307)
        path = Path(video.path)
        if not await asyncio.to_thread(path.is_file):
            raise NotFoundError
        return file_response(path, name=video.name, disposition="inline")

    @router.get("/{video_id}/framing", operation_id="getFraming", responses=problems(404, 409, 422))
    async def get_framing(
        video_id: VideoId, ask: Annotated[Ask, Query()], owner: Owner, request: Request
    ) -> FramingOut:
        """Where a style that looks for something would look in a stretch of the video.

        The first answer takes about a tenth of the stretch's length; it is kept for the next.
        """
        video = await find_video(video_id, owner, services)
        if services.frame is None:
            raise NotFoundError
        return await unless_gone(request, services.frame(video, ask))

    return router


def video_out(video: Video) -> VideoOut:
    return VideoOut(video_id=video.identity, **video.model_dump(exclude={"path", "identity"}))


async def find_video(video_id: str, owner: str, services: Services) -> Video:
    video = await services.catalog.video(owner, video_id) if video_id.isprintable() else None
    if video is None:
        raise NotFoundError
    return video


async def probe_path(path: str, services: Services) -> Video:
    """The video at a path inside a media root; outside of them there is nothing."""
    resolved = await asyncio.to_thread(inside, path, services.media_roots)
    if resolved is None:
        raise NotFoundError
    return await services.probe(resolved)


def inside(path: str, roots: tuple[Path, ...]) -> Path | None:
    """The real file that a path names, links followed, if it lies in one of the roots."""
    for root in roots:
        with suppress(OSError, ValueError, RuntimeError):
            real = (root / path).resolve(strict=True)
            if real.is_relative_to(root.resolve()) and real.is_file():
                return real
    return None


def _files(roots: tuple[Path, ...], contains: str) -> list[MediaFile]:
    found = (file for root in roots for file in _in_root(root, contains.lower()))
    return list(islice(found, _MOST_FILES))


def _in_root(root: Path, contains: str) -> Iterator[MediaFile]:
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() not in _VIDEO_SUFFIXES or contains not in path.name.lower():
            continue
        relative = str(path.relative_to(root))
        real = inside(relative, (root,))
        # A name that is not text cannot be asked for either.
        if real is not None and _is_text(relative):
            yield MediaFile(path=relative, name=path.name, bytes=real.stat().st_size)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
