"""`viralclip render` and `retry`: make a job in this process, and show its progress."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import IO

from viralclip.app.lives import attended
from viralclip.app.naming import look_at, named
from viralclip.app.openers import model_place, storage_opener
from viralclip.app.records import Records, engine_of, forget_engine, open_records
from viralclip.app.request import Accepted, Request, accept
from viralclip.app.workers import open_local_worker, open_roster
from viralclip.catalog.records import JobRecord
from viralclip.cli.debug_path import write_paths
from viralclip.cli.display.port import Display
from viralclip.cli.follow import follow
from viralclip.cli.models import get_model
from viralclip.engine.jobs import Jobs, new_job_id, new_trace_id
from viralclip.errors import JobBusyError, UnknownJobError
from viralclip.pipeline.analysis import needs_faces
from viralclip.progress import Progress
from viralclip.settings import Settings
from viralclip.telemetry.logs import log_file

EXIT_CODES = {"succeeded": 0, "partial": 3, "failed": 1, "cancelled": 130}

Start = Callable[[Jobs], Awaitable[JobRecord]]


async def render(
    request: Request,
    settings: Settings,
    display: Display,
    events: IO[str] | None,
    paths: IO[str] | None = None,
) -> int:
    """Make the clips that were asked for, or go on where the same request was cut short.

    `paths` is given what `--debug-path` promises once they are made.
    """
    accepted = await accept(request, storage_opener(settings))
    if request.options.require_detector:
        await _require_detector(accepted, settings)
    code = await _render(accepted, settings, display, events)
    if paths is not None:
        await write_paths(accepted.plan, settings, paths)
    return code


async def _require_detector(accepted: Accepted, settings: Settings) -> None:
    """Nothing is begun that would need a detector which is not to be had."""
    if any(needs_faces(choice.name) for choice in accepted.plan.styles):
        await asyncio.to_thread(get_model, model_place(settings))


async def _render(
    accepted: Accepted, settings: Settings, display: Display, events: IO[str] | None
) -> int:
    async with open_records(settings) as records:
        with display:
            for note in accepted.notes:
                display.note(note)
            job = await _unfinished(accepted, records)
            if job is not None and await is_served(job, records, settings):
                display.note("The same request is being rendered elsewhere; watching it.")
                channel = attended(settings, records)
                return _exit_code(await follow(channel, job, display, events))
            if job is not None and job.stop_by is not None:
                await let_end(job, settings, records)
                job = None
            if job is not None:
                display.note("Going on with a job that was cut short.")
                return await _make(job, _resume(job), settings, records, display, events)
            storage = storage_opener(settings)(accepted.storage_url)
            job = _new_job(accepted, settings)
            job, notes = named(job, await look_at(job, records.catalog, storage))
            for note in notes:
                display.note(note)
            return await _make(job, _submit(job), settings, records, display, events)


async def retry(job_id: str, settings: Settings, display: Display, events: IO[str] | None) -> int:
    """Make those clips of an ended job that did not complete."""
    async with open_records(settings) as records:
        job = await records.catalog.job(job_id)
        if job is None:
            raise UnknownJobError(job_id=job_id)
        if job.outcome is None and await is_served(job, records, settings):
            raise JobBusyError(job_id=job_id)
        with display:
            start = _resume(job) if job.outcome is None else _retry(job)
            return await _make(job, start, settings, records, display, events)


async def let_end(job: JobRecord, settings: Settings, records: Records) -> None:
    """Bring a cancelled job to its end where nobody else does: its clips find they are to stop."""
    encoder = job.plan.options.encoder
    async with open_local_worker(settings, records, job.job_id, encoder=encoder) as bench:
        await bench.jobs.resume(job)
        await follow(records.channel, job, None, None)
    forget_engine(settings, job)


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


async def _make(
    job: JobRecord,
    start: Start,
    settings: Settings,
    records: Records,
    display: Display,
    events: IO[str] | None,
) -> int:
    encoder = job.plan.options.encoder
    async with open_local_worker(settings, records, job.job_id, encoder=encoder) as bench:
        if bench.encoder.fell_back_from:
            display.note(f"{bench.encoder.fell_back_from} does not work here; using x264 instead.")
        job = await start(bench.jobs)
        async with _interruptible(bench.jobs, job, display):
            progress = await follow(records.channel, job, display, events)
    if progress.clips_failed and (path := log_file()):
        display.note(f"Why clips failed is in the log: {path}")
        display.note(f"To read it: viralclip logs job {job.job_id}")
    forget_engine(settings, job)
    return _exit_code(progress)


@asynccontextmanager
async def _interruptible(jobs: Jobs, job: JobRecord, display: Display) -> AsyncIterator[None]:
    """Ctrl-C cancels the job and lets it say so; a second one leaves, which no third disturbs."""
    loop = asyncio.get_running_loop()
    cancelling: list[asyncio.Task[None]] = []

    def interrupt() -> None:
        if cancelling:
            loop.remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            raise KeyboardInterrupt
        display.note("Cancelling … (Ctrl-C again to leave at once)")
        cancelling.append(loop.create_task(jobs.cancel(job.job_id, by="user")))

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        # What is left is to close what was opened, and that takes no longer than being impatient.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        await asyncio.gather(*cancelling)


async def _unfinished(accepted: Accepted, records: Records) -> JobRecord | None:
    return await records.catalog.unfinished(accepted.plan.digest, accepted.storage_url)


async def is_served(job: JobRecord, records: Records, settings: Settings) -> bool:
    progress, _ = await records.channel.progress(job.job_id)
    roster = open_roster(settings, engine_of(settings, job))
    return progress.worker is not None and await roster.life_of(progress.worker) == "alive"


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


def _exit_code(progress: Progress) -> int:
    return EXIT_CODES[progress.outcome or "failed"]
