"""Jobs over HTTP: submit them and look at them."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from pydantic import AwareDatetime, BaseModel

from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord, JobSummary, Priority
from viralclip.engine.overview import overviews
from viralclip.events import Outcome
from viralclip.plan import Preset
from viralclip.progress import Progress
from viralclip.server.dependencies import CatalogDep, ChannelDep, JobsDep
from viralclip.server.identity import Owner
from viralclip.server.new_job import NewJob
from viralclip.server.owner_first import OwnerFirst
from viralclip.server.problems import NotFoundError, problems
from viralclip.server.request_context import request_span
from viralclip.server.submission import Submissions

JobId = Annotated[str, Path(max_length=64)]
StyleName = Annotated[str, Path(max_length=64)]
SceneId = Annotated[int, Path(ge=0, le=1_000_000_000)]


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
    waits; null when none of them waits. `has_captions` says that its clips may have captions.
    """

    job: JobOut
    progress: Progress
    cursor: str
    clips_ahead: int | None
    has_captions: bool


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


async def _submissions(request: Request) -> Submissions:
    return request.app.state.submissions


SubmissionsDep = Annotated[Submissions, Depends(_submissions)]

router = APIRouter(
    route_class=OwnerFirst, prefix="/api/jobs", tags=["jobs"], responses=problems(401, 403, 422)
)


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
    submissions: SubmissionsDep,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> JobCreated:
    """Check the request whole, and only then queue the job.

    A request repeated with the same Idempotency-Key gets the job of the first.
    """
    job, reading = await submissions.submit(new, owner, idempotency_key)
    notes = (*job.plan.video.notes, *reading.notes, *job.plan.audio.notes(), *job.plan.bars_notes)
    return JobCreated(job_id=job.job_id, notes=notes)


@router.get("", operation_id="listJobs")
async def list_jobs(
    owner: Owner,
    catalog: CatalogDep,
    channel: ChannelDep,
    cursor: Annotated[datetime | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> JobPage:
    """The latest jobs first."""
    before = _in_utc(cursor) if cursor else None
    jobs = await catalog.jobs.latest(owner=owner, before=before, limit=limit + 1)
    seen = await overviews(jobs[:limit], catalog, channel)
    rows = [
        JobRow(job=job_out(job), **asdict(overview))
        for job, overview in zip(jobs, seen, strict=False)
    ]
    more = jobs[limit - 1].created_at.isoformat() if len(jobs) > limit else None
    return JobPage(jobs=rows, next=more)


@router.get("/{job_id}", operation_id="getJob", responses=problems(404))
async def get_job(
    job_id: JobId, owner: Owner, catalog: CatalogDep, channel: ChannelDep, jobs: JobsDep
) -> JobState:
    """The job, its progress now, and the cursor to follow it from."""
    job = await find_job(job_id, owner, catalog)
    progress, cursor = await channel.progress(job_id)
    ahead = await jobs.ahead(job)
    return JobState(
        job=job_out(job.summary),
        progress=progress,
        cursor=cursor,
        clips_ahead=ahead,
        has_captions=job.plan.options.captions.mode != "none",
    )


async def find_job(job_id: str, owner: str, catalog: Catalog) -> JobRecord:
    """The job, if it is the owner's: what belongs to others is not there."""
    # Not every database can be asked for every text.
    job = await catalog.jobs.find(job_id) if job_id.isalnum() else None
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
