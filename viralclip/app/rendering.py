"""Makes a job in this process: a new one, one that was cut short, or an ended one again."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from viralclip.analysis.models import ModelPlace, fetch_model, find_model
from viralclip.app.caption_folder import EarlierClip, earlier_clips
from viralclip.app.captions import CaptionFolder
from viralclip.app.following import follow_run, has_ended
from viralclip.app.lives import attended
from viralclip.app.naming import look_at, named
from viralclip.app.openers import model_place, speech_choice, storage_opener
from viralclip.app.records import Records, engine_of, forget_engine, open_jobs, open_records
from viralclip.app.request import Accepted, Request, accept
from viralclip.app.workers import open_local_worker, open_roster
from viralclip.catalog.records import JobRecord
from viralclip.channel.port import ProgressChannel
from viralclip.engine.jobs import Jobs, new_job_id, new_trace_id
from viralclip.errors import (
    CaptionsUnavailableError,
    DetectorMissingError,
    JobBusyError,
    ModelUnavailableError,
    UnknownJobError,
)
from viralclip.events import Outcome
from viralclip.live import Frame
from viralclip.media.ffmpeg import abilities, find_ffmpeg
from viralclip.pipeline.analysis import needs_faces
from viralclip.progress import Progress
from viralclip.settings import Settings
from viralclip.speech.recogniser import find_recogniser

# Takes what whoever asked for a job should know and what is not part of its history.
Note = Callable[[str], None]
Start = Callable[[Jobs], Awaitable[JobRecord]]


@dataclass(frozen=True)
class Run:
    """A run of a job that is made here, or followed where it is made."""

    job: JobRecord
    jobs: Jobs
    channel: ProgressChannel
    is_made_here: bool

    def follow(self) -> AsyncGenerator[tuple[Frame, Progress], None]:
        """See `follow_run`."""
        return follow_run(self.channel, self.job)

    async def cancel(self) -> None:
        """Stop its clips; what is done is kept, and the run comes to its end at once."""
        await self.jobs.cancel(self.job.job_id, by="user")


async def check(request: Request, settings: Settings) -> Accepted:
    """The plan for the request; InvalidRequestError names what is wrong with it, and what it needs
    that is not here: a detector that it demands, or what listens to speech."""
    earlier = await _earlier(request, settings)
    accepted = await accept(
        request, storage_opener(settings), fonts=settings.rendering.fonts, earlier=earlier
    )
    captions = accepted.plan.options.captions
    if any(accepted.plan.is_transcribed(scene) for scene in accepted.plan.scenes):
        recogniser = await asyncio.to_thread(find_recogniser, speech_choice(settings))
        recogniser.demand(captions.language)
    if captions.mode != "none" and captions.burn:
        await asyncio.to_thread(_demand_libass, settings)
    wants_faces = any(needs_faces(choice.name) for choice in accepted.plan.styles)
    if request.options.require_detector and wants_faces:
        await asyncio.to_thread(_get_model, model_place(settings))
    return accepted


@asynccontextmanager
async def open_render(accepted: Accepted, settings: Settings, note: Note) -> AsyncIterator[Run]:
    """Make the clips that were asked for, or go on where the same request was cut short, for as
    long as the context is open: a run that is left before its end can be gone on with."""
    for line in accepted.notes:
        note(line)
    async with open_records(settings) as records:
        job = await records.catalog.jobs.find_unfinished(accepted.plan.digest, accepted.storage_url)
        if job is not None and await is_served(job, records, settings):
            note("The same request is being rendered elsewhere; watching it.")
            async with open_jobs(settings, records, job) as jobs:
                yield Run(job, jobs, attended(settings, records), is_made_here=False)
            return
        if job is not None and job.stop_by is not None:
            await run_to_end(job, settings, records)
            job = None
        if job is not None:
            note("Going on with a job that was cut short.")
            start = _resume(job)
        else:
            job, names = await _named(_new_job(accepted, settings), settings, records)
            for line in names:
                note(line)
            start = _submit(job)
        async with _making(job, start, settings, records, note) as run:
            yield run


@asynccontextmanager
async def open_retry(job_id: str, settings: Settings, note: Note) -> AsyncIterator[Run]:
    """Make those clips of an ended job that did not complete, as `open_render` does.

    UnknownJobError; JobBusyError while a worker is at it.
    """
    async with open_records(settings) as records:
        job = await find_job(job_id, records)
        if job.outcome is None and await is_served(job, records, settings):
            raise JobBusyError(job_id=job_id)
        start = _resume(job) if job.outcome is None else _retry(job)
        async with _making(job, start, settings, records, note) as run:
            yield run


async def cancel_job(job_id: str, settings: Settings) -> Outcome | None:
    """Stop a job's clips, and where no worker is left to end it, end it here; the outcome of a job
    that had ended before. UnknownJobError."""
    async with open_records(settings) as records:
        job = await find_job(job_id, records)
        if job.outcome is not None:
            return job.outcome
        async with open_jobs(settings, records, job) as jobs:
            await jobs.cancel(job_id, by="user")
        if not await is_served(job, records, settings):
            await run_to_end(job, settings, records)
    return None


async def run_to_end(job: JobRecord, settings: Settings, records: Records) -> None:
    """Bring a cancelled job to its end where nobody else does: its clips find they are to stop."""
    async with (
        _making(job, _resume(job), settings, records, _unsaid) as run,
        aclosing(run.follow()) as updates,
    ):
        async for _ in updates:
            pass


async def find_job(job_id: str, records: Records) -> JobRecord:
    """UnknownJobError where there is none."""
    job = await records.catalog.jobs.find(job_id)
    if job is None:
        raise UnknownJobError(job_id=job_id)
    return job


async def is_served(job: JobRecord, records: Records, settings: Settings) -> bool:
    """Whether a living worker is at the job."""
    progress, _ = await records.channel.progress(job.job_id)
    roster = open_roster(settings, engine_of(settings, job))
    return progress.worker is not None and await roster.life_of(progress.worker) == "alive"


async def _earlier(request: Request, settings: Settings) -> tuple[EarlierClip, ...]:
    """The clips that captions in a folder may have been written beside."""
    if not isinstance(request.captions, CaptionFolder):
        return ()
    async with open_records(settings) as records:
        return await earlier_clips(request.captions, request.out, records.catalog)


def _demand_libass(settings: Settings) -> None:
    if not abilities(find_ffmpeg(settings.rendering.ffmpeg)).draws_text:
        raise CaptionsUnavailableError


def _get_model(place: ModelPlace) -> Path:
    """The model, downloaded if need be; DetectorMissingError if it is not available."""
    found = find_model(place)
    if found is not None:
        return found
    if place.named is not None:
        raise DetectorMissingError(why="VIRALCLIP_YUNET_MODEL does not name a file")
    try:
        return fetch_model(place)
    except ModelUnavailableError as error:
        why = f"the face model is not here and {error.facts['why']}"
        raise DetectorMissingError(why=why, detail=error.detail) from error


def _new_job(accepted: Accepted, settings: Settings) -> JobRecord:
    job_id = new_job_id()
    return JobRecord(
        job_id=job_id,
        owner="local",
        plan=accepted.plan,
        storage_url=accepted.storage_url,
        engine_url=settings.databases.engine_url(job_id),
        trace_id=new_trace_id(),
        created_at=datetime.now(UTC),
    )


async def _named(
    job: JobRecord, settings: Settings, records: Records
) -> tuple[JobRecord, list[str]]:
    """The job with names that no other's clips have, and what to say about them."""
    storage = storage_opener(settings)(job.storage_url)
    return named(job, await look_at(job, records.catalog, storage))


@asynccontextmanager
async def _making(
    job: JobRecord, start: Start, settings: Settings, records: Records, note: Note
) -> AsyncIterator[Run]:
    """A worker of the job's own at work on it; the engine of a run that ended is removed."""
    encoder = job.plan.options.encoder
    async with open_local_worker(settings, records, job.job_id, encoder=encoder) as worker:
        if worker.encoder.fell_back_from:
            note(f"{worker.encoder.fell_back_from} does not work here; using x264 instead.")
        job = await start(worker.jobs)
        yield Run(job, worker.jobs, records.channel, is_made_here=True)
    progress, _ = await records.channel.progress(job.job_id)
    if has_ended(progress, job):
        forget_engine(settings, job)


def _submit(job: JobRecord) -> Start:
    async def start(jobs: Jobs) -> JobRecord:
        await jobs.submit(job)
        return job

    return start


def _resume(job: JobRecord) -> Start:
    async def start(jobs: Jobs) -> JobRecord:
        await jobs.resume(job)
        return job

    return start


def _retry(job: JobRecord) -> Start:
    async def start(jobs: Jobs) -> JobRecord:
        return await jobs.retry(job.job_id, datetime.now(UTC))

    return start


def _unsaid(_: str) -> None:
    return
