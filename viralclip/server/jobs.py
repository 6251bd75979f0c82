"""Jobs over HTTP: submit, look, cancel, retry, prioritise, delete."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from viralclip.catalog import JobRecord, Priority
from viralclip.engine.jobs import new_job_id, new_trace_id
from viralclip.events import Envelope, Outcome
from viralclip.geometry import parse_aspect
from viralclip.plan import Options, Preset, StyleChoice, Video, make_plan
from viralclip.progress import Progress
from viralclip.scenes import Scene, parse_scenes
from viralclip.server.identity import Owner
from viralclip.server.problems import ConflictError, NotFoundError, Problem, TooManyError
from viralclip.server.services import Services
from viralclip.server.videos import find_video, probe_path
from viralclip.styles import resolve

MAX_STYLES = 50
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 409, 413, 422, 429)
}


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class VideoSource(_In):
    """A video that was uploaded or used before."""

    video_id: str = Field(max_length=100)


class PathSource(_In):
    """A file on the server, inside one of its media roots."""

    path: str = Field(max_length=4096)


class NewJob(_In):
    """What to make. `scenes` is a list of objects, or the text of any scene list format."""

    source: VideoSource | PathSource
    scenes: list[dict[str, Any]] | str
    styles: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=MAX_STYLES)
    aspect: str = Field(default="9:16", max_length=8)
    preset: Preset = "balanced"
    priority: Priority = "normal"
    loudness: bool = False


class JobCreated(BaseModel):
    job_id: str


class JobOut(BaseModel):
    """A job as its owner sees it."""

    job_id: str
    video_id: str
    video_name: str
    aspect: str
    preset: Preset
    priority: Priority
    run: int
    outcome: Outcome | None
    created_at: AwareDatetime
    finished_at: AwareDatetime | None


class JobState(BaseModel):
    """A job, its progress, and the cursor to follow it from."""

    job: JobOut
    progress: Progress
    cursor: str


class JobRow(BaseModel):
    """A job in a list: counts instead of scenes."""

    job: JobOut
    fraction: float
    clips_total: int
    clips_completed: int
    clips_failed: int
    clips_cancelled: int


class JobPage(BaseModel):
    """`next` is the cursor of the following page, or null on the last."""

    jobs: list[JobRow]
    next: str | None


class EventPage(BaseModel):
    """The events after a cursor, the progress with them and the latest ticks; the next cursor."""

    kind: Literal["events", "reset"]
    events: list[Envelope]
    progress: Progress
    cursor: str


class PriorityChange(_In):
    priority: Priority


def routes(services: Services) -> APIRouter:  # noqa: C901 - one closure per route
    router = APIRouter(prefix="/api/jobs", tags=["jobs"], responses=_PROBLEMS)

    @router.post("", status_code=201, operation_id="createJob")
    async def create_job(
        new: NewJob,
        owner: Owner,
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    ) -> JobCreated:
        """Check the request whole, and only then queue the job."""
        job = await _accept(new, owner, services)
        if idempotency_key is not None:
            digest = hashlib.sha256(new.model_dump_json().encode()).hexdigest()
            known = await services.catalog.claim(owner, idempotency_key, digest, job.job_id)
            if known.digest != digest:
                raise ConflictError(why="This Idempotency-Key was used for another request.")
            if known.job_id != job.job_id and await services.catalog.job(known.job_id):
                return JobCreated(job_id=known.job_id)
            job = job.model_copy(update={"job_id": known.job_id})
        await services.jobs.submit(job)
        return JobCreated(job_id=job.job_id)

    @router.get("", operation_id="listJobs")
    async def list_jobs(
        owner: Owner,
        cursor: Annotated[datetime | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> JobPage:
        """The latest jobs first."""
        before = cursor.replace(tzinfo=cursor.tzinfo or UTC) if cursor else None
        jobs = await services.catalog.jobs(owner=owner, before=before, limit=limit + 1)
        rows = [await _row(job, services) for job in jobs[:limit]]
        more = jobs[limit - 1].created_at.isoformat() if len(jobs) > limit else None
        return JobPage(jobs=rows, next=more)

    @router.get("/{job_id}", operation_id="getJob")
    async def get_job(job_id: str, owner: Owner) -> JobState:
        job = await find_job(job_id, owner, services)
        progress, cursor = await services.channel.progress(job_id)
        return JobState(job=job_out(job), progress=progress, cursor=cursor)

    @router.post("/{job_id}/cancel", status_code=202, operation_id="cancelJob")
    async def cancel_job(job_id: str, owner: Owner) -> JobOut:
        """Ask every clip to stop; the ending arrives as events."""
        job = await find_job(job_id, owner, services)
        if job.outcome is not None:
            raise ConflictError(why="The job has already ended.")
        await services.jobs.cancel(job_id, by=owner)
        return job_out(job)

    @router.post(
        "/{job_id}/clips/{scene_id}/{style}/cancel", status_code=202, operation_id="cancelClip"
    )
    async def cancel_clip(job_id: str, scene_id: int, style: str, owner: Owner) -> JobOut:
        job = await find_job(job_id, owner, services)
        clips = {(clip.scene_id, clip.style): clip for clip in await services.catalog.clips(job_id)}
        clip = clips.get((scene_id, style))
        if clip is None:
            raise NotFoundError
        if clip.ending is not None or job.outcome is not None:
            raise ConflictError(why="The clip has already ended.")
        await services.jobs.cancel_clip(job_id, scene_id, style, by=owner)
        return job_out(job)

    @router.post("/{job_id}/retry", status_code=202, operation_id="retryJob")
    async def retry_job(job_id: str, owner: Owner) -> JobOut:
        """Make the clips that did not complete, in another run."""
        await find_job(job_id, owner, services)
        return job_out(await services.jobs.retry(job_id, datetime.now(UTC)))

    @router.patch("/{job_id}", operation_id="changeJob")
    async def change_job(job_id: str, change: PriorityChange, owner: Owner) -> JobOut:
        job = await find_job(job_id, owner, services)
        if job.outcome is not None:
            raise ConflictError(why="The job has already ended.")
        return job_out(await services.jobs.prioritise(job_id, change.priority))

    @router.delete("/{job_id}", status_code=204, operation_id="deleteJob")
    async def delete_job(job_id: str, owner: Owner) -> Response:
        """Forget an ended job and remove its files."""
        job = await find_job(job_id, owner, services)
        if job.outcome is None:
            raise ConflictError(why="The job is still running; cancel it first.")
        await _delete(job, services)
        return Response(status_code=204)

    return router


async def find_job(job_id: str, owner: str, services: Services) -> JobRecord:
    """The job, if it is the owner's: what belongs to others is not there."""
    job = await services.catalog.job(job_id)
    if job is None or job.owner != owner:
        raise NotFoundError
    return job


def job_out(job: JobRecord) -> JobOut:
    return JobOut(
        job_id=job.job_id,
        video_id=job.plan.video.identity,
        video_name=job.plan.video.name,
        aspect=job.plan.options.aspect,
        preset=job.plan.options.preset,
        priority=job.priority,
        run=job.run,
        outcome=job.outcome,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )


async def _accept(new: NewJob, owner: str, services: Services) -> JobRecord:
    await _has_room(owner, services)
    video = await _video(new.source, owner, services)
    scenes = _scenes(new.scenes, video)
    styles = resolve(new.styles, source=video.size, aspect=parse_aspect(new.aspect))
    options = Options(
        aspect=new.aspect, preset=new.preset, encoder=services.encoder, loudness=new.loudness
    )
    choices = [StyleChoice(name=style.name, analysed=style.analysed) for style in styles]
    job_id = new_job_id()
    return JobRecord(
        job_id=job_id,
        owner=owner,
        plan=make_plan(video, scenes, choices, options),
        storage_url=services.storage_url,
        engine_url=services.engine_url,
        prefix=f"{job_id}/",
        priority=new.priority,
        trace_id=new_trace_id(),
        created_at=datetime.now(UTC),
    )


async def _has_room(owner: str, services: Services) -> None:
    limit = services.limits.jobs_per_user
    if await services.catalog.count_running(owner) >= limit:
        raise TooManyError(what="running jobs", limit=limit)


async def _video(source: VideoSource | PathSource, owner: str, services: Services) -> Video:
    match source:
        case VideoSource(video_id=video_id):
            return await find_video(video_id, owner, services)
        case PathSource(path=path):
            return await probe_path(path, services)


def _scenes(scenes: list[dict[str, Any]] | str, video: Video) -> tuple[Scene, ...]:
    text = scenes if isinstance(scenes, str) else json.dumps(scenes)
    name = "scenes" if isinstance(scenes, str) else "scenes.json"
    numerator, _, denominator = video.fps.partition("/")
    fps = int(numerator) / int(denominator or 1)
    return parse_scenes(text, name=name, duration=video.duration, fps=fps)


async def _row(job: JobRecord, services: Services) -> JobRow:
    progress, _ = await services.channel.progress(job.job_id)
    return JobRow(
        job=job_out(job),
        fraction=progress.fraction,
        clips_total=progress.clips_total,
        clips_completed=progress.clips_completed,
        clips_failed=progress.clips_failed,
        clips_cancelled=progress.clips_cancelled,
    )


async def _delete(job: JobRecord, services: Services) -> None:
    storage = services.open_storage(job.storage_url)
    for clip in await services.catalog.clips(job.job_id):
        for key in (clip.key, clip.thumbnail):
            if key is not None and key.startswith(job.prefix):
                await storage.delete(key)
    await services.channel.forget(job.job_id)
    await services.catalog.delete_job(job.job_id)
