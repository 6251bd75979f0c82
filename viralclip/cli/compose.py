"""Opens everything a command needs, from settings, and closes it again: the composition root."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from sqlalchemy.exc import OperationalError

from viralclip.catalog import Catalog, JobRecord, open_catalog
from viralclip.channel import ProgressChannel, open_channel
from viralclip.engine import Engine
from viralclip.engine.jobs import Jobs
from viralclip.media.encoders import Choice, choose_encoder, threads_for
from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.media.probe import identity
from viralclip.pipeline import Tools
from viralclip.settings import Settings, StateNotWritableError
from viralclip.storage import Storage, open_storage
from viralclip.storage.sources import Sources
from viralclip.worker import Worker, new_worker_id
from viralclip.worker.liveness import forget_the_long_dead
from viralclip.worker.memory import hold_little_memory
from viralclip.worker.orphans import FfmpegLedger, sweep


@dataclass(frozen=True)
class Records:
    """What is known of all jobs: enough to list, watch and ask."""

    catalog: Catalog
    channel: ProgressChannel


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[Records]:
    async with AsyncExitStack() as stack:
        with _kept_in(settings):
            catalog = await stack.enter_async_context(open_catalog(settings.catalog_url))
            channel = await stack.enter_async_context(open_channel(settings.channel_url))
        yield Records(catalog, channel)


@asynccontextmanager
async def open_jobs(settings: Settings, records: Records, job_id: str) -> AsyncIterator[Jobs]:
    """The actions on one job, in that job's own engine."""
    async with Engine(_engine_url(settings, job_id)) as engine:
        yield Jobs(catalog=records.catalog, channel=records.channel, engine=engine)


@dataclass(frozen=True)
class Gear:
    """What clips are rendered with on this machine."""

    ffmpeg: Path
    encoder: Choice


async def find_gear(settings: Settings, encoder: str) -> Gear:
    """ToolMissingError or UnknownEncoderError before anything is opened that would be left over."""
    ffmpeg = await asyncio.to_thread(find_ffmpeg, settings.ffmpeg)
    return Gear(ffmpeg, await choose_encoder(ffmpeg, encoder))


@dataclass(frozen=True)
class Bench:
    """A worker at work on one job's engine, and the actions on that job."""

    jobs: Jobs
    encoder: Choice


@asynccontextmanager
async def open_bench(
    settings: Settings, records: Records, job_id: str, *, encoder: str
) -> AsyncIterator[Bench]:
    """Serve the job's engine in this process for as long as the context is open."""
    gear = await find_gear(settings, encoder)
    async with AsyncExitStack() as stack:
        with _kept_in(settings):
            url = _engine_url(settings, job_id)
            engine = await stack.enter_async_context(Engine(url))
            worker = open_worker(settings, records, engine, url=url, gear=gear)
            await stack.enter_async_context(worker)
        jobs = Jobs(catalog=records.catalog, channel=records.channel, engine=engine)
        yield Bench(jobs, gear.encoder)


@asynccontextmanager
async def open_worker(
    settings: Settings, records: Records, engine: Engine, *, url: str, gear: Gear
) -> AsyncIterator[None]:
    """A worker on the engine at `url` for as long as the context is open."""
    hold_little_memory()
    me = new_worker_id()
    sweep(settings.ledger, settings.locks)
    forget_the_long_dead(settings.locks)
    ledger = FfmpegLedger(settings.ledger, me)
    opener = storage_opener(settings)
    tools = Tools(
        catalog=records.catalog,
        open_storage=opener,
        source=Sources(
            settings.sources,
            most_bytes=settings.source_cache_bytes,
            open_storage=opener,
            identify=identity,
        ).hold,
        ffmpeg=gear.ffmpeg,
        encoder=gear.encoder,
        threads=threads_for(settings.slots, os.cpu_count() or 1),
        work=settings.work,
        worker=me,
        on_ffmpeg=ledger.note,
    )
    worker = Worker(
        engine_url=url,
        engine=engine,
        tools=tools,
        channel=records.channel,
        locks=settings.locks,
        slots=settings.slots,
    )
    try:
        async with worker:
            yield
    finally:
        ledger.clear()


def storage_opener(settings: Settings) -> Callable[[str], Storage]:
    """Opens a storage by its URL, each once: its connections are kept for the next clip."""
    return lru_cache(maxsize=32)(
        partial(open_storage, timeout_s=settings.storage_timeout_s, public=settings.storage_public)
    )


def forget_engine(settings: Settings, job: JobRecord) -> None:
    """A finished job needs its engine no more; a retry begins with a fresh one."""
    path = Path(_engine_url(settings, job.job_id).removeprefix("sqlite:///"))
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink(missing_ok=True)


def _engine_url(settings: Settings, job_id: str) -> str:
    url = settings.engine_url(job_id)
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return url


@contextmanager
def _kept_in(settings: Settings) -> Iterator[None]:
    """Databases that cannot be opened are a state folder that cannot be written to."""
    try:
        yield
    except (OSError, sqlite3.OperationalError, OperationalError) as error:
        raise StateNotWritableError(name=settings.state_dir, detail=str(error)) from error
