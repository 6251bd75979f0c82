"""Videos over HTTP: those a user has used or uploaded, and the files of the media roots."""

from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParam
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import BaseModel

from viralclip.audio_tracks import VOICE, AudioTrack, choose_tracks
from viralclip.engine.uploads import NotUploadedError, Uploads, VideoInUseError
from viralclip.geometry import Rect
from viralclip.plan import Video
from viralclip.server.dependencies import (
    CatalogDep,
    FilesDep,
    LibraryDep,
    MediaIndexDep,
    PoolsDep,
)
from viralclip.server.disconnect import cancel_on_disconnect
from viralclip.server.files import FILE, SIGNED, OpenFileResponse
from viralclip.server.framing import Ask, FramingOut
from viralclip.server.identity import Owner
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import ConflictError, NotFoundError, problems
from viralclip.storage.inside import opened
from viralclip.storage.sources import in_store, open_stored

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


router = APIRouter(
    route_class=OwnerFirst, prefix="/api/videos", tags=["videos"], responses=problems(401, 403)
)


@router.get("", operation_id="listVideos")
async def list_videos(owner: Owner, catalog: CatalogDep, library: LibraryDep) -> list[VideoOut]:
    """Your videos, the latest first."""
    videos, uploads = await catalog.videos.of(owner), library.uploads
    return [_out(video, uploads) for video in videos if library.may_be_read(video)]


@router.get("/files", operation_id="listFiles", responses=problems(422))
async def list_files(
    _: Owner, index: MediaIndexDep, contains: Annotated[str, Query(max_length=200)] = ""
) -> list[MediaFile]:
    """Videos under the server's media roots, whose names contain the text. In a root of many
    thousand files, the newest are missing for some seconds."""
    return [
        MediaFile(path=found.path, name=PurePosixPath(found.path).name, bytes=found.bytes)
        for found in await index.search(contains, most=_MOST_FILES)
    ]


@router.post("/files", operation_id="openFile", responses=problems(404, 422))
async def open_file(
    owner: Owner,
    path: Annotated[str, Query(max_length=4096)],
    catalog: CatalogDep,
    library: LibraryDep,
) -> VideoOut:
    """Look into a file of a media root, so that it can be previewed and used."""
    video = await library.probe_path(path)
    await catalog.videos.add(owner, video)
    return _out(video, library.uploads)


@router.get("/{video_id}", operation_id="getVideo", responses=problems(404, 422))
async def get_video(video_id: VideoId, owner: Owner, library: LibraryDep) -> VideoOut:
    """What is known of a video."""
    return _out(await library.find(video_id, owner), library.uploads)


@router.get(
    "/{video_id}/content",
    operation_id="getVideoContent",
    response_class=FileResponse,
    responses=problems(404, 422, 429) | FILE | SIGNED,
)
async def get_content(
    video_id: VideoId, owner: Owner, library: LibraryDep, files: FilesDep, pools: PoolsDep
) -> Response:
    """The video itself, for the preview; ranges are answered."""
    video = await library.find(video_id, owner)
    if in_store(video):
        storage, key = open_stored(video, files.open_storage)
        return RedirectResponse(await storage.signed_url(key), status_code=307)
    with ExitStack() as held:
        held.enter_context(pools.files.room_for(owner))
        try:
            file = held.enter_context(await opened(library.open, video))
        except FileNotFoundError as error:
            raise NotFoundError from error
        whole = held.pop_all()
        return OpenFileResponse(file, name=video.name, disposition="inline", held=whole)


@router.get("/{video_id}/framing", operation_id="getFraming", responses=problems(404, 409, 422))
async def get_framing(
    video_id: VideoId,
    ask: Annotated[Ask, Query()],
    owner: Owner,
    request: Request,
    library: LibraryDep,
    pools: PoolsDep,
) -> FramingOut:
    """Where a style that looks for something would look in a stretch of the video.

    The first answer takes about a tenth of the stretch's length; it is kept for the next.
    """
    video = await library.find(video_id, owner)
    if library.probing.frame is None:
        raise NotFoundError
    async with pools.previews.turn(owner):
        return await cancel_on_disconnect(request, library.probing.frame(video, ask))


@router.delete(
    "/{video_id}",
    status_code=204,
    operation_id="deleteVideo",
    responses=problems(404, 409, 422),
)
async def delete_video(
    video_id: VideoId, owner: Owner, catalog: CatalogDep, library: LibraryDep
) -> Response:
    """Delete an upload of yours. Clips made of it stay; what did not complete cannot be made
    any more."""
    video = await library.find(video_id, owner)
    try:
        await library.uploads.delete(owner, video, catalog)
    except (NotUploadedError, VideoInUseError) as error:
        raise ConflictError(why=error.message) from error
    return Response(status_code=204)


def _out(video: Video, uploads: Uploads) -> VideoOut:
    facts = video.model_dump(exclude={"path", "identity", "timecode"})
    voice = choose_tracks(video.audio_tracks, VOICE).numbers
    is_upload = uploads.holds(video)
    return VideoOut(video_id=video.identity, voice_tracks=voice, is_upload=is_upload, **facts)
