"""Scene lists over HTTP: a file to text, and what a video's scenes would be."""

from collections.abc import Sequence
from typing import Annotated, TypedDict

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from viralclip.errors import InvalidScenesError
from viralclip.plan import Video
from viralclip.scenes import SceneReading, list_text, parse_scenes, read_scene_objects
from viralclip.server.dependencies import LibraryDep, PoolsDep
from viralclip.server.identity import Owner
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import FaultOut, problems
from viralclip.styles.registry import scene_options
from viralclip.words.reading import TranscriptReading, parse_transcript


class SceneOut(BaseModel):
    """A scene as it would be made: seconds from the video's start."""

    scene_id: int
    title: str
    start: float
    end: float


class SceneListOut(BaseModel):
    """A list's text, its scenes or its faults, and notes on how it was read."""

    text: str
    scenes: list[SceneOut]
    notes: list[str]
    faults: list[FaultOut]


router = APIRouter(
    route_class=OwnerFirst,
    prefix="/api/scene-lists",
    tags=["scenes"],
    responses=problems(401, 403, 413, 422),
)


@router.post(
    "",
    operation_id="readSceneList",
    responses=problems(404),
    openapi_extra={
        "requestBody": {
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            }
        }
    },
)
async def read_scene_list(
    owner: Owner,
    request: Request,
    library: LibraryDep,
    pools: PoolsDep,
    video_id: Annotated[str | None, Query(max_length=100)] = None,
    name: Annotated[str, Query(max_length=255)] = "",
) -> SceneListOut:
    """Read a list's file, in any encoding; with a video say what its scenes would be."""
    video = await library.find(video_id, owner) if video_id is not None else None
    data = await request.body()
    return await pools.parsing.run(owner, _read, data, name, video)


def read_scenes(data: str | bytes | Sequence[object], name: str, video: Video) -> SceneReading:
    """The scenes of a list for the video; InvalidScenesError says what is wrong with it."""
    facts, options = _facts(video), scene_options()
    if isinstance(data, str | bytes):
        return parse_scenes(data, name=name, options=options, **facts)
    return read_scene_objects(data, options=options, **facts)


def read_transcript(
    data: str | bytes, name: str, video: Video, offset: float = 0.0
) -> TranscriptReading:
    """The words of a transcript in the video's time; InvalidTranscriptError says what is wrong."""
    return parse_transcript(data, name=name, offset=offset, **_facts(video))


class _Facts(TypedDict):
    duration: float
    fps: float
    timecode: str


def _facts(video: Video) -> _Facts:
    numerator, _, denominator = video.fps.partition("/")
    fps = int(numerator) / int(denominator or 1)
    return {"duration": video.duration, "fps": fps, "timecode": video.timecode}


def _read(data: bytes, name: str, video: Video | None) -> SceneListOut:
    text, notes, faults = "", list[str](), list[FaultOut]()
    scenes: list[SceneOut] = []
    try:
        text, found = list_text(data)
        notes += found
        if video is not None:
            reading = read_scenes(text, name, video)
            notes += [*video.notes, *reading.notes]
            scenes = [
                SceneOut(scene_id=scene.id, title=scene.title, start=scene.start, end=scene.end)
                for scene in reading.scenes
            ]
    except InvalidScenesError as error:
        faults = [FaultOut(place=fault.place, problem=fault.problem) for fault in error.faults]
    return SceneListOut(text=text, scenes=scenes, notes=notes, faults=faults)
