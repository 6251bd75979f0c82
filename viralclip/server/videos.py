"""Videos over HTTP: those a user has used or uploaded, and the files of the media roots."""

import asyncio
from contextlib import ExitStack, suppress
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParam
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import BaseModel

from viralclip.audio_tracks import VOICE, AudioTrack, choose_tracks
from viralclip.engine.uploads import NotUploadedError, Uploads, VideoInUseError
from viralclip.errors import ViralclipError
from viralclip.geometry import Rect
from viralclip.plan import Video
from viralclip.server.disconnect import cancel_on_disconnect
from viralclip.server.files import FILE, SIGNED, OpenFileResponse
from viralclip.server.framing import Ask, FramingOut
from viralclip.server.identity import Owner
from viralclip.server.media_index import MediaIndex
from viralclip.server.problems import ConflictError, NotFoundError, problems
from viralclip.server.services import Services
from viralclip.storage.inside import open_inside, opened
from viralclip.storage.sources import in_store, open_stored

_VIDEO_ENDINGS = """
    mp4 m4v mov f4v 3gp 3g2 mkv webm ogv ogm avi divx wmv asf flv ts mts m2ts m2t mpg mpeg m2v
    mod tod vob dv mxf gxf insv 264 265 h264 h265 hevc gif
"""
_VIDEO_SUFFIXES = frozenset(f".{ending}" for ending in _VIDEO_ENDINGS.split())
_MOST_FILES = 500

VideoId = Annotated[str, PathParam(max_length=100)]


class VideoOut(BaseModel):
    """A video as its owner sees it; where it lies on the server is nobody's business.

    `notes` are sentences to read before a job is submitted. `voice_tracks` are the numbers of the
    audio tracks that `voice` stands for in a job. `active_area` is what black bars leave of the
    picture, in its pixels; null without bars. `is_upload` says that it can be deleted here.
    """

    video_id: str
    name: str
    width: int
    height: int
    duration: float
    fps: str
    has_audio: bool
    audio_tracks: tuple[AudioTrack, ...]
    voice_tracks: tuple[int, ...]
    notes: tuple[str, ...] = ()
    active_area: Rect | None
    is_upload: bool


class MediaFile(BaseModel):
    """A file in a media root, by the path that a job takes as its source."""

    path: str
    name: str
    bytes: int


def routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/api/videos", tags=["videos"], responses=problems(401, 403))
    index = MediaIndex(services.media_roots, _VIDEO_SUFFIXES)

    @router.get("", operation_id="listVideos")
    async def list_videos(owner: Owner) -> list[VideoOut]:
        """Your videos, the latest first."""
        videos = await services.catalog.videos.of(owner)
        return [video_out(video, services) for video in videos if _may_be_read(video, services)]

    @router.get("/files", operation_id="listFiles", responses=problems(422))
    async def list_files(
        _: Owner, contains: Annotated[str, Query(max_length=200)] = ""
    ) -> list[MediaFile]:
        """Videos under the server's media roots, whose names contain the text. In a root of many
        thousand files, the newest are missing for some seconds."""
        return [
            MediaFile(path=found.path, name=PurePosixPath(found.path).name, bytes=found.bytes)
            for found in await index.search(contains, most=_MOST_FILES)
        ]

    @router.post("/files", operation_id="openFile", responses=problems(404, 422))
    async def open_file(owner: Owner, path: Annotated[str, Query(max_length=4096)]) -> VideoOut:
        """Look into a file of a media root, so that it can be previewed and used."""
        video = await probe_path(path, services)
        await services.catalog.videos.add(owner, video)
        return video_out(video, services)

    @router.get("/{video_id}", operation_id="getVideo", responses=problems(404, 422))
    async def get_video(video_id: VideoId, owner: Owner) -> VideoOut:
        """What is known of a video."""
        return video_out(await find_video(video_id, owner, services), services)

    @router.get(
        "/{video_id}/content",
        operation_id="getVideoContent",
        response_class=FileResponse,
        responses=problems(404, 422, 429) | FILE | SIGNED,
    )
    async def get_content(video_id: VideoId, owner: Owner) -> Response:
        """The video itself, for the preview; ranges are answered."""
        video = await find_video(video_id, owner, services)
        if in_store(video):
            storage, key = open_stored(video, services.open_storage)
            return RedirectResponse(await storage.signed_url(key), status_code=307)
        with ExitStack() as held:
            held.enter_context(services.pools.files.room_for(owner))
            try:
                file = held.enter_context(await opened(_open, video, services))
            except FileNotFoundError as error:
                raise NotFoundError from error
            whole = held.pop_all()
            return OpenFileResponse(file, name=video.name, disposition="inline", held=whole)

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
        async with services.pools.previews.turn(owner):
            return await cancel_on_disconnect(request, services.frame(video, ask))

    _add_deletion(router, services)
    return router


def _add_deletion(router: APIRouter, services: Services) -> None:
    @router.delete(
        "/{video_id}",
        status_code=204,
        operation_id="deleteVideo",
        responses=problems(404, 409, 422),
    )
    async def delete_video(video_id: VideoId, owner: Owner) -> Response:
        """Delete an upload of yours. Clips made of it stay; what did not complete cannot be made
        any more."""
        video = await find_video(video_id, owner, services)
        try:
            await uploads_of(services).delete(owner, video, services.catalog)
        except (NotUploadedError, VideoInUseError) as error:
            raise ConflictError(why=error.message) from error
        return Response(status_code=204)


def uploads_of(services: Services) -> Uploads:
    return Uploads(services.uploads, services.storage_url, services.open_storage)


def video_out(video: Video, services: Services) -> VideoOut:
    facts = video.model_dump(exclude={"path", "identity", "timecode"})
    voice = choose_tracks(video.audio_tracks, VOICE).numbers
    is_upload = uploads_of(services).holds(video)
    return VideoOut(video_id=video.identity, voice_tracks=voice, is_upload=is_upload, **facts)


async def find_video(video_id: str, owner: str, services: Services) -> Video:
    """The owner's video, unless the folder that it lies in may not be used any more."""
    video = await services.catalog.videos.find(owner, video_id) if video_id.isprintable() else None
    if video is None or not _may_be_read(video, services):
        raise NotFoundError
    return video


async def probe_path(path: str, services: Services) -> Video:
    """The video at a path inside a media root; outside of them there is nothing."""
    resolved = await asyncio.to_thread(inside, path, services.media_roots)
    if resolved is None:
        raise NotFoundError
    video = await services.probe(resolved)
    # It may have been swapped for a link meanwhile: then this is not what was looked into.
    if not await asyncio.to_thread(_is_still, video, services):
        raise NotFoundError
    return video


def _may_be_read(video: Video, services: Services) -> bool:
    """Whether the video lies in the object store, or in a folder that is still open to the page."""
    return in_store(video) or _home_of(video, services) is not None


def _home_of(video: Video, services: Services) -> Path | None:
    """The media root, or the folder of uploads, that the video's path lies in."""
    path = Path(video.path)
    homes = (*services.media_roots, *([services.uploads] if services.uploads else []))
    if ".." in path.parts:
        return None
    return next((home for home in homes if path.is_relative_to(home)), None)


def _open(video: Video, services: Services) -> BinaryIO:
    """FileNotFoundError if it is not there, or somebody has put a link in its place."""
    home = _home_of(video, services)
    if home is None:
        raise FileNotFoundError(video.path)
    return open_inside(home, PurePosixPath(video.path).relative_to(home))


def _is_still(video: Video, services: Services) -> bool:
    """Whether the file that may be read is the one that was looked into."""
    try:
        with _open(video, services) as file:
            return services.identify(Path(f"/dev/fd/{file.fileno()}")) == video.identity
    except (OSError, ViralclipError):
        return False


def inside(path: str, roots: tuple[Path, ...]) -> Path | None:
    """The real file that a path names, links followed, if it lies in one of the roots."""
    for root in roots:
        with suppress(OSError, ValueError, RuntimeError):
            real = (root / path).resolve(strict=True)
            if real.is_relative_to(root.resolve()) and real.is_file():
                return real
    return None
