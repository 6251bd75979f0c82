"""Videos over HTTP: those a user has used or uploaded, and the files of the media roots."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel

from viralclip.plan import Video
from viralclip.server.identity import Owner
from viralclip.server.problems import NotFoundError, Problem
from viralclip.server.services import Services

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 422)
}
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
    router = APIRouter(prefix="/api/videos", tags=["videos"], responses=_PROBLEMS)

    @router.get("", operation_id="listVideos")
    async def list_videos(owner: Owner) -> list[VideoOut]:
        return [video_out(video) for video in await services.catalog.videos(owner)]

    @router.get("/files", operation_id="listFiles")
    async def list_files(
        _: Owner, contains: Annotated[str, Query(max_length=200)] = ""
    ) -> list[MediaFile]:
        """Videos under the server's media roots, whose names contain the text."""
        return await asyncio.to_thread(_files, services.media_roots, contains)

    @router.post("/files", operation_id="openFile")
    async def open_file(owner: Owner, path: Annotated[str, Query(max_length=4096)]) -> VideoOut:
        """Look into a file of a media root, so that it can be previewed and used."""
        video = await probe_path(path, services)
        await services.catalog.add_video(owner, video)
        return video_out(video)

    @router.get("/{video_id}", operation_id="getVideo")
    async def get_video(video_id: str, owner: Owner) -> VideoOut:
        return video_out(await find_video(video_id, owner, services))

    @router.get("/{video_id}/content", operation_id="getVideoContent", response_class=FileResponse)
    async def get_content(video_id: str, owner: Owner) -> FileResponse:
        """The video itself, for the preview; ranges are answered."""
        video = await find_video(video_id, owner, services)
        path = Path(video.path)
        if not await asyncio.to_thread(path.is_file):
            raise NotFoundError
        return FileResponse(path, filename=video.name, content_disposition_type="inline")

    return router


def video_out(video: Video) -> VideoOut:
    return VideoOut(video_id=video.identity, **video.model_dump(exclude={"path", "identity"}))


async def find_video(video_id: str, owner: str, services: Services) -> Video:
    video = await services.catalog.video(owner, video_id)
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
    try:
        for root in roots:
            real = (root / path).resolve(strict=True)
            if real.is_relative_to(root.resolve()) and real.is_file():
                return real
    except (OSError, ValueError, RuntimeError):
        return None
    return None


def _files(roots: tuple[Path, ...], contains: str) -> list[MediaFile]:
    found: list[MediaFile] = []
    for root in roots:
        for path in sorted(root.rglob("*")):
            named = path.suffix.lower() in _VIDEO_SUFFIXES and contains.lower() in path.name.lower()
            if named and inside(str(path.relative_to(root)), (root,)):
                relative = str(path.relative_to(root))
                found.append(MediaFile(path=relative, name=path.name, bytes=path.stat().st_size))
            if len(found) >= _MOST_FILES:
                return found
    return found
