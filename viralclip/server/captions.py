"""Captions over HTTP: a transcript's words, the looks there are, and a frame with them drawn."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from viralclip.abilities import can_listen
from viralclip.captions.areas import AREAS, AreaName
from viralclip.captions.registry import caption_styles
from viralclip.plan import Video
from viralclip.scenes import Scene
from viralclip.server.caption_preview import CaptionAsk
from viralclip.server.dependencies import LibraryDep, PartsDep, PoolsDep
from viralclip.server.disconnect import cancel_on_disconnect
from viralclip.server.identity import Owner
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import NotFoundError, problems
from viralclip.server.scene_lists import read_scenes, read_transcript
from viralclip.words.transcript import Word

_AREA_SUMMARIES: dict[AreaName, str] = {
    "feed": "clear of the buttons and texts of TikTok, Reels and Shorts",
    "ads": "clear of what ads of Shorts and Reels cover",
    "full": "nearly the whole frame",
}
FILE_BODY = {
    "requestBody": {
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    }
}


class Look(BaseModel):
    """A caption style or area, and what it is in one line."""

    name: str
    summary: str


class CaptionChoices(BaseModel):
    """What captions may look like, where they may stand, and whether their words can be recognised
    from what is said."""

    styles: list[Look]
    areas: list[Look]
    can_recognise: bool


class WordsOut(BaseModel):
    """Words in seconds of the video, in the order they are said."""

    words: tuple[Word, ...]
    language: str
    origin: str
    notes: tuple[str, ...]


class JpegResponse(Response):
    media_type = "image/jpeg"


router = APIRouter(
    route_class=OwnerFirst,
    prefix="/api/captions",
    tags=["captions"],
    responses=problems(401, 403, 422),
)


@router.get("/styles", operation_id="listCaptionStyles")
async def list_caption_styles(_: Owner, parts: PartsDep) -> CaptionChoices:
    """The looks of captions, the areas that they stand in, and whether speech is recognised."""
    return CaptionChoices(
        styles=[
            Look(name=style.name, summary=style.summary) for style in caption_styles().values()
        ],
        areas=[Look(name=area, summary=_AREA_SUMMARIES[area]) for area in AREAS],
        can_recognise=can_listen(await parts.defaults.workers()),
    )


@router.post(
    "/words",
    operation_id="readTranscript",
    responses=problems(404, 413),
    openapi_extra=FILE_BODY,
)
async def read_words(
    owner: Owner,
    request: Request,
    library: LibraryDep,
    pools: PoolsDep,
    video_id: Annotated[str, Query(max_length=100)],
    name: Annotated[str, Query(max_length=255)] = "",
    offset: Annotated[float, Query(ge=-86400, le=86400, allow_inf_nan=False)] = 0.0,
) -> WordsOut:
    """Read a transcript's file, in any format and encoding, as words in the video's time.

    Faults are listed with their places. `offset` seconds are added to its times.
    """
    video = await library.find(video_id, owner)
    data = await request.body()
    reading = await pools.parsing.run(owner, read_transcript, data, name, video, offset)
    found = reading.transcript
    return WordsOut(
        words=found.words, language=found.language, origin=found.origin, notes=reading.notes
    )


@router.post(
    "/preview",
    operation_id="previewCaptions",
    response_class=JpegResponse,
    responses=problems(404, 409),
)
async def preview_captions(
    video_id: Annotated[str, Query(max_length=100)],
    ask: CaptionAsk,
    owner: Owner,
    request: Request,
    library: LibraryDep,
    pools: PoolsDep,
) -> JpegResponse:
    """A frame of the clip, as it would be made, with the captions drawn on it."""
    video = await library.find(video_id, owner)
    if library.probing.captioned is None:
        raise NotFoundError
    scene = await pools.parsing.run(owner, _read_scene, ask.scene, video)
    async with pools.previews.turn(owner):
        drawing = library.probing.captioned(video, scene, ask)
        return JpegResponse(await cancel_on_disconnect(request, drawing))


def _read_scene(scene: dict[str, Any], video: Video) -> Scene:
    return read_scenes(json.dumps([scene]), "scenes.json", video).scenes[0]
