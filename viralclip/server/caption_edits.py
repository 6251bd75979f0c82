"""Captions of clips that were made: the words they show, and edits that make them again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from viralclip.caption_files import CaptionFile
from viralclip.captioning import give_captions
from viralclip.captions.areas import AreaName
from viralclip.captions.fonts import Font
from viralclip.captions.registry import caption_style
from viralclip.catalog.records import ClipRecord, JobRecord
from viralclip.errors import Fault, InvalidTranscriptError, SourceChangedError
from viralclip.plan import Bars, Options, Plan, changed_clips
from viralclip.scenes import MAX_SCENES, Scene
from viralclip.server.actions import expect_another_run
from viralclip.server.caption_returns import (
    ScenesFiles,
    changed_words,
    heard_text,
    named_files,
    with_times,
)
from viralclip.server.captions import FILE_BODY
from viralclip.server.dependencies import CatalogDep, FilesDep, LibraryDep, PartsDep
from viralclip.server.identity import Owner
from viralclip.server.jobs import JobId, JobOut, SceneId, find_job, job_out
from viralclip.server.new_job import CaptionTexts
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.parts import ServerParts
from viralclip.server.problems import ConflictError, NotFoundError, problems
from viralclip.server.video_library import VideoLibrary
from viralclip.storage.objects import Storage
from viralclip.storage.sources import in_store
from viralclip.words.given import MAX_SCENE_WORDS
from viralclip.words.reading import parse_transcript
from viralclip.words.transcript import Word, in_order, within

_Words = Annotated[tuple[Word, ...], Field(max_length=MAX_SCENE_WORDS)]


class SceneWords(BaseModel):
    """The words that the clips of a scene show, and how these are made; times are the video's.

    `options` are what the scene tells its styles, as a new job takes them in the scene.
    """

    scene_id: int
    title: str
    start: float
    end: float
    words: tuple[Word, ...]
    caption_style: str
    area: AreaName
    video_id: str
    styles: list[str]
    aspect: str
    bars: Bars
    options: dict[str, Any]


class CaptionEdits(BaseModel):
    """Other words for scenes, by their ids, and another look for all captions of the job.

    `files` are the texts of `.srt` files that were written beside clips and corrected, by their
    names; their times are the clips'.
    """

    model_config = ConfigDict(extra="forbid")

    scenes: Annotated[dict[SceneId, _Words], Field(max_length=MAX_SCENES)] = {}
    files: CaptionTexts | None = None
    style: Annotated[str, Field(max_length=100)] | None = None
    area: AreaName | None = None


router = APIRouter(
    route_class=OwnerFirst,
    prefix="/api/jobs/{job_id}",
    tags=["captions"],
    responses=problems(401, 403, 404, 422),
)


@router.get("/scenes/{scene_id}/words", operation_id="getSceneWords")
async def get_scene_words(
    job_id: JobId, scene_id: SceneId, owner: Owner, catalog: CatalogDep, files: FilesDep
) -> SceneWords:
    """The words that the clips of a scene show as captions, given or heard."""
    job = await find_job(job_id, owner, catalog)
    scene = next((scene for scene in job.plan.scenes if scene.id == scene_id), None)
    if scene is None:
        raise NotFoundError
    words = scene.words
    if words is None and job.plan.options.captions.mode == "auto":
        clips = await catalog.clips.of(job_id, scene_id)
        words = await _heard(scene, clips, files.open_storage(job.storage_url))
    return _scene_words(scene, words or (), job.plan)


@router.post("/captions", status_code=202, operation_id="editCaptions", responses=problems(409))
async def edit_captions(
    job_id: JobId,
    edits: CaptionEdits,
    owner: Owner,
    parts: PartsDep,
    library: LibraryDep,
) -> JobOut:
    """Give scenes of an ended job other words, or its captions another look.

    The clips that show what changed are made again in another run; the others stay as they are.
    """
    job = await _ended(job_id, owner, parts)
    given, plan = edits.files or {}, job.plan
    files = await parts.pools.parsing.run(owner, named_files, given, plan.scenes, plan.video)
    words = await _returned(files, job, owner, parts)
    return await _make_again(job, with_returned(edits, words), parts, library)


@router.put(
    "/scenes/{scene_id}/captions.srt",
    status_code=202,
    operation_id="replaceSceneCaptions",
    responses=problems(409, 413),
    openapi_extra=FILE_BODY,
)
async def replace_scene_captions(
    job_id: JobId,
    scene_id: SceneId,
    request: Request,
    owner: Owner,
    parts: PartsDep,
    library: LibraryDep,
) -> JobOut:
    """Give back the subtitles of a clip of the scene, corrected, in the clip's own time.

    Lines that were not touched stay as they are, to the word. All clips of the scene are made again
    in another run of the job, which has ended.
    """
    job = await _ended(job_id, owner, parts)
    if scene_id not in {scene.id for scene in job.plan.scenes}:
        raise NotFoundError
    files = {scene_id: [CaptionFile("captions.srt", await request.body())]}
    words = await _returned(files, job, owner, parts)
    return await _make_again(job, CaptionEdits(scenes=words), parts, library)


async def _ended(job_id: str, owner: str, parts: ServerParts) -> JobRecord:
    job = await find_job(job_id, owner, parts.backends.catalog)
    if job.outcome is None:
        raise ConflictError(why="The job is still running.")
    return job


async def _returned(
    files: ScenesFiles, job: JobRecord, owner: str, parts: ServerParts
) -> dict[int, tuple[Word, ...]]:
    if not files:
        return {}
    clips = await parts.backends.catalog.clips.of(job.job_id)
    timed = await with_times(files, job, clips, parts.files.open_storage(job.storage_url))
    return await parts.pools.parsing.run(owner, changed_words, job, timed)


def with_returned(edits: CaptionEdits, words: Mapping[int, tuple[Word, ...]]) -> CaptionEdits:
    """The edits with the words of their files; InvalidTranscriptError for scenes that have both."""
    faults = [
        Fault(f"scenes.{each}", "its words are given in a file, too")
        for each in sorted(edits.scenes.keys() & words.keys())
    ]
    if faults:
        raise InvalidTranscriptError(faults)
    return edits.model_copy(update={"scenes": {**edits.scenes, **words}, "files": None})


async def _make_again(
    job: JobRecord, edits: CaptionEdits, parts: ServerParts, library: VideoLibrary
) -> JobOut:
    backends, plan = parts.backends, edited(job.plan, edits)
    if not changed_clips(job.plan, plan):
        raise ConflictError(why="Every clip shows these captions already.")
    await asyncio.to_thread(_check, plan, edits, parts.defaults.fonts)
    video = plan.video
    # A clip that cannot be made again is better than none.
    if not in_store(video) and not await asyncio.to_thread(library.is_still, video):
        raise SourceChangedError(detail="found before clips were made again")
    await expect_another_run(job, backends.catalog, backends.webhooks)
    return job_out((await backends.jobs.retry(job.job_id, datetime.now(UTC), plan)).summary)


def edited(plan: Plan, edits: CaptionEdits) -> Plan:
    """The plan with the edits; InvalidTranscriptError for scenes that it has not."""
    unknown = edits.scenes.keys() - {scene.id for scene in plan.scenes}
    if unknown:
        faults = [Fault(f"scenes.{each}", "the job has no such scene") for each in sorted(unknown)]
        raise InvalidTranscriptError(faults)
    scenes = tuple(
        scene.model_copy(update={"words": within(in_order(edits.scenes[scene.id]), scene.range)})
        if scene.id in edits.scenes
        else scene
        for scene in plan.scenes
    )
    return plan.model_copy(update={"scenes": scenes, "options": _options(plan, edits)})


def _options(plan: Plan, edits: CaptionEdits) -> Options:
    before = plan.options.captions
    looks = {"style": edits.style, "area": edits.area}
    update = {name: value for name, value in looks.items() if value is not None}
    mode = "given" if before.mode == "none" else before.mode
    captions = before.model_copy(update=update | {"mode": mode})
    return plan.options.model_copy(update={"captions": captions})


def _check(plan: Plan, edits: CaptionEdits, fonts: Callable[[], Sequence[Font]]) -> None:
    """UnknownCaptionStyleError, and InvalidTranscriptError for letters that no font has."""
    options = plan.options.captions
    caption_style(options.style)
    edited = [scene for scene in plan.scenes if scene.id in edits.scenes and scene.words]
    if edited and options.burn:
        given = options.model_copy(update={"mode": "given"})
        give_captions(edited, given, fonts=fonts())


async def _heard(
    scene: Scene, clips: Sequence[ClipRecord], storage: Storage
) -> tuple[Word, ...] | None:
    """The words that stand beside a finished clip of the scene, in the video's time."""
    text = await heard_text(clips, storage)
    if text is None:
        return None
    read = parse_transcript(text, name="captions.vtt", offset=scene.start, scrolls=False)
    return read.transcript.words


def _scene_words(scene: Scene, words: tuple[Word, ...], plan: Plan) -> SceneWords:
    captions = plan.options.captions
    return SceneWords(
        scene_id=scene.id,
        title=scene.title,
        start=scene.start,
        end=scene.end,
        words=words,
        caption_style=captions.style,
        area=captions.area,
        video_id=plan.video.identity,
        styles=[style.name for style in plan.styles],
        aspect=plan.options.aspect,
        bars=plan.options.bars,
        options=dict(scene.options),
    )
