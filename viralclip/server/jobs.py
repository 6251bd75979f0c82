"""Jobs over HTTP: submit them and look at them."""

import asyncio
import hashlib
import json
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from viralclip.audio_tracks import ALL, VOICE
from viralclip.catalog.records import JobRecord, JobSummary, Priority
from viralclip.engine.jobs import new_job_id
from viralclip.engine.overview import overviews
from viralclip.errors import Fault, InvalidScenesError
from viralclip.events import Envelope, Outcome
from viralclip.geometry import parse_aspect
from viralclip.plan import Bars, Options, Preset, Video, choose, make_plan
from viralclip.progress import Progress
from viralclip.scenes import MAX_SCENES, SceneReading
from viralclip.server.identity import Owner
from viralclip.server.problems import ConflictError, NotFoundError, TooManyError, problems
from viralclip.server.request_context import request_span, request_trace_id
from viralclip.server.scene_lists import read_scenes
from viralclip.server.services import Services
from viralclip.server.videos import find_video, probe_path
from viralclip.styles import resolve

MAX_STYLES = 50
# Far more than a job may have scenes: who pastes the wrong file gets faults and not this limit.
MAX_ROWS = 2000
MAX_LIST_CHARS = 1_000_000
# What no file name, database or log can hold.
_TEXT = r"^[^\x00]*$"

JobId = Annotated[str, Path(max_length=64)]
StyleName = Annotated[str, Path(max_length=64)]
SceneId = Annotated[int, Path(ge=0, le=1_000_000_000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VideoSource(_In):
    """A video that was uploaded or used before."""

    video_id: str = Field(max_length=100, pattern=_TEXT)


class PathSource(_In):
    """A file on the server, inside one of its media roots."""

    path: str = Field(max_length=4096)


class NewJob(_In):
    """What to make. `scenes` is a list of objects, or the text of any scene list format.

    `audio_track` is the number of the audio track that is heard, `all`, or `voice`: all that belong
    together, without other languages, copies and extras.
    """

    source: VideoSource | PathSource
    scenes: list[dict[str, Any]] | str
    styles: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MAX_STYLES)
    aspect: str = Field(default="9:16", max_length=8)
    preset: Preset = "balanced"
    priority: Priority = "normal"
    loudness: bool = False
    bars: Bars = "cut"
    audio_track: str = Field(default=VOICE, pattern=rf"^({VOICE}|{ALL}|[1-9][0-9]?)$")


class JobCreated(BaseModel):
    """`notes` say how the scene list was read, and what to know about the video."""

    job_id: str
    notes: tuple[str, ...]


class JobOut(BaseModel):
    """A job as its owner sees it; `trace_id` finds its lines in the server's log."""

    job_id: str
    video_id: str
    video_name: str
    aspect: str
    preset: Preset
    priority: Priority
    run: int
    outcome: Outcome | None
    trace_id: str
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class JobState(BaseModel):
    """A job, its progress, and the cursor to follow it from.

    `clips_ahead` is how many clips, of whatever job, are made before the first of this job's that
    waits; null when none of them waits.
    """

    job: JobOut
    progress: Progress
    cursor: str
    clips_ahead: int | None


class JobRow(BaseModel):
    """A job in a list: counts instead of scenes; `eta_at` is when it will be done, if known."""

    job: JobOut
    fraction: float
    has_worker: bool
    moved_at: AwareDatetime | None
    clips_total: int
    clips_completed: int
    clips_failed: int
    clips_cancelled: int
    eta_at: AwareDatetime | None
    eta_low_at: AwareDatetime | None
    eta_high_at: AwareDatetime | None


class JobPage(BaseModel):
    """`next` is the cursor of the following page, or null on the last."""

    jobs: list[JobRow]
    next: str | None


class EventPage(BaseModel):
    """The events after a cursor, the progress now with the latest ticks, and the next cursor.

    `more` says that there are events after these: ask for them with `cursor`.
    """

    kind: Literal["events", "reset"]
    events: list[Envelope]
    progress: Progress
    cursor: str
    more: bool


def routes(services: Services) -> APIRouter:
    router = APIRouter(prefix="/api/jobs", tags=["jobs"], responses=problems(401, 403, 422))
    # One at a time of a user, or two at once would both be the last that there is room for.
    submitting = defaultdict[str, asyncio.Lock](asyncio.Lock)

    @router.post(
        "",
        status_code=201,
        operation_id="createJob",
        responses=problems(400, 404, 409, 413, 429),
        dependencies=[Depends(request_span)],
    )
    async def create_job(
        new: NewJob,
        owner: Owner,
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    ) -> JobCreated:
        """Check the request whole, and only then queue the job.

        A request repeated with the same Idempotency-Key gets the job of the first.
        """
        _bounded(new.scenes)
        digest = hashlib.sha256(json.dumps(new.model_dump()).encode()).hexdigest()
        async with submitting[owner]:
            known = await _known(owner, idempotency_key, digest, services)
            repeated = await services.catalog.jobs.find(known) if known is not None else None
            if repeated is not None:
                video = repeated.plan.video
                reading = await services.pools.parsing.run(owner, _read, new.scenes, video)
                return _created(repeated, reading)
            job, reading = await _accept(new, owner, known or new_job_id(), services)
            if idempotency_key is not None:
                claim = await services.catalog.idempotency_keys.claim(
                    owner, idempotency_key, digest, job.job_id
                )
                if claim.job_id != job.job_id:
                    raise ConflictError(why="A request with this Idempotency-Key is under way.")
            if services.webhooks is not None:
                await services.webhooks.deliveries.expect(
                    owner, job.job_id, job.run, job.created_at
                )
            await services.jobs.submit(job)
        return _created(job, reading)

    @router.get("", operation_id="listJobs")
    async def list_jobs(
        owner: Owner,
        cursor: Annotated[datetime | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> JobPage:
        """The latest jobs first."""
        before = _in_utc(cursor) if cursor else None
        jobs = await services.catalog.jobs.latest(owner=owner, before=before, limit=limit + 1)
        seen = await overviews(jobs[:limit], services.catalog, services.channel)
        rows = [
            JobRow(job=job_out(job), **asdict(overview))
            for job, overview in zip(jobs, seen, strict=False)
        ]
        more = jobs[limit - 1].created_at.isoformat() if len(jobs) > limit else None
        return JobPage(jobs=rows, next=more)

    @router.get("/{job_id}", operation_id="getJob", responses=problems(404))
    async def get_job(job_id: JobId, owner: Owner) -> JobState:
        """The job, its progress now, and the cursor to follow it from."""
        job = await find_job(job_id, owner, services)
        progress, cursor = await services.channel.progress(job_id)
        ahead = await services.jobs.ahead(job)
        return JobState(
            job=job_out(job.summary), progress=progress, cursor=cursor, clips_ahead=ahead
        )

    return router


async def find_job(job_id: str, owner: str, services: Services) -> JobRecord:
    """The job, if it is the owner's: what belongs to others is not there."""
    # Not every database can be asked for every text.
    job = await services.catalog.jobs.find(job_id) if job_id.isalnum() else None
    if job is None or job.owner != owner:
        raise NotFoundError
    return job


def job_out(job: JobSummary) -> JobOut:
    return JobOut.model_validate(job.model_dump())


def _in_utc(at: datetime) -> datetime:
    try:
        return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


async def _known(owner: str, key: str | None, digest: str, services: Services) -> str | None:
    """The job that the key stands for, whether it was queued in the end or not."""
    claim = await services.catalog.idempotency_keys.find(owner, key) if key is not None else None
    if claim is None:
        return None
    if claim.digest != digest:
        raise ConflictError(why="This Idempotency-Key was used for another request.")
    return claim.job_id


def _created(job: JobRecord, reading: SceneReading) -> JobCreated:
    notes = (*job.plan.video.notes, *reading.notes, *job.plan.audio.notes(), *job.plan.bars_notes)
    return JobCreated(job_id=job.job_id, notes=notes)


async def _accept(
    new: NewJob, owner: str, job_id: str, services: Services
) -> tuple[JobRecord, SceneReading]:
    await _has_room(owner, services)
    video = await _video(new.source, owner, services)
    reading = await services.pools.parsing.run(owner, _read, new.scenes, video)
    active = video.active_area if new.bars == "cut" else None
    aspect = parse_aspect(new.aspect)
    styles = resolve(new.styles, source=video.size, aspect=aspect, active=active)
    options = Options(
        aspect=new.aspect,
        preset=new.preset,
        encoder=services.encoder,
        loudness=new.loudness,
        audio_track=new.audio_track,
        bars=new.bars,
    )
    choices = [choose(style) for style in styles]
    job = JobRecord(
        job_id=job_id,
        owner=owner,
        plan=make_plan(video, reading.scenes, choices, options),
        storage_url=services.storage_url,
        engine_url=services.engine_url,
        prefix=f"{job_id}/",
        priority=new.priority,
        trace_id=request_trace_id(),
        created_at=datetime.now(UTC),
    )
    return job, reading


def _bounded(scenes: list[dict[str, Any]] | str) -> None:
    """InvalidScenesError for a list that is too long to be looked at."""
    problem = None
    if isinstance(scenes, str) and len(scenes) > MAX_LIST_CHARS:
        problem = f"the list has {len(scenes):,} characters; at most {MAX_LIST_CHARS:,} are read"
    elif len(scenes) > MAX_ROWS and not isinstance(scenes, str):
        problem = f"the list has {len(scenes):,} scenes; a job makes at most {MAX_SCENES}"
    if problem is not None:
        raise InvalidScenesError([Fault("", problem)])


async def _has_room(owner: str, services: Services) -> None:
    limit = services.limits.jobs_per_user
    if await services.catalog.jobs.count_running(owner) >= limit:
        raise TooManyError(what="running jobs", limit=limit)


async def _video(source: VideoSource | PathSource, owner: str, services: Services) -> Video:
    match source:
        case VideoSource(video_id=video_id):
            return await find_video(video_id, owner, services)
        case PathSource(path=path):
            return await probe_path(path, services)


def _read(scenes: list[dict[str, Any]] | str, video: Video) -> SceneReading:
    if isinstance(scenes, str):
        return read_scenes(scenes, "", video)
    return read_scenes(json.dumps(scenes), "scenes.json", video)
