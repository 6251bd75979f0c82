"""Opens everything a command needs, from settings, and closes it again: the composition root."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import structlog
from sqlalchemy.exc import OperationalError

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import YUNET_URL, FaceModel, ModelPlace
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.channel.opening import open_channel
from viralclip.channel.port import ProgressChannel
from viralclip.engine.client import Engine
from viralclip.engine.jobs import Jobs
from viralclip.engine.rebuilding import RebuildingChannel
from viralclip.media.encoders import Choice, choose_encoder, threads_for
from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.media.probe import identity
from viralclip.pipeline.tools import Tools
from viralclip.processes.memory import limit_malloc_arenas
from viralclip.processes.runner import Watchdogs
from viralclip.settings import (
    DatabaseUnreachableError,
    NotInstalledError,
    Settings,
    StateNotWritableError,
)
from viralclip.storage.objects import Storage, open_storage
from viralclip.storage.sources import Sources
from viralclip.worker.liveness import (
    FileLock,
    FileRoster,
    Roster,
    remove_stale_locks,
)
from viralclip.worker.orphans import FfmpegLedger, sweep
from viralclip.worker.process import Worker, new_worker_id

# How long a worker waits before it begins anew after it lost its place.
_BEGIN_ANEW_S = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Records:
    """What is known of all jobs: enough to list, watch and ask."""

    catalog: Catalog
    channel: ProgressChannel


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[Records]:
    async with AsyncExitStack() as stack:
        check_installed(settings)
        with _kept_in(settings):
            catalog = await stack.enter_async_context(open_catalog(settings.catalog_url))
            channel = await stack.enter_async_context(open_channel(settings.channel_url))
        yield Records(catalog, RebuildingChannel(channel, catalog))


@asynccontextmanager
async def open_jobs(settings: Settings, records: Records, job: JobRecord) -> AsyncIterator[Jobs]:
    """The actions on one job, in the engine that it was queued in."""
    async with Engine(engine_of(settings, job)) as engine:
        yield Jobs(catalog=records.catalog, channel=records.channel, engine=engine)


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[Engine]:
    """The engine that `serve` and its workers share."""
    with _kept_in(settings):
        settings.state_dir.mkdir(parents=True, exist_ok=True)
    async with Engine(settings.service_engine_url) as engine:
        yield engine


def engine_of(settings: Settings, job: JobRecord) -> str:
    """The URL of the engine that the job was queued in."""
    shared = job.engine_url == settings.service_engine_name
    return settings.service_engine_url if shared else _engine_url(settings, job.job_id)


def open_roster(settings: Settings, engine_url: str) -> Roster:
    """Who is alive among the workers of an engine: on this machine, or on all of them."""
    if engine_url.startswith("postgresql"):
        from viralclip.worker.postgres_roster import PostgresRoster

        return PostgresRoster(engine_url)
    return FileRoster(settings.locks)


@dataclass(frozen=True)
class Encoding:
    """What clips are rendered with on this machine."""

    ffmpeg: Path
    encoder: Choice


async def find_gear(settings: Settings, encoder: str) -> Encoding:
    """ToolMissingError or UnknownEncoderError before anything is opened that would be left over."""
    ffmpeg = await asyncio.to_thread(find_ffmpeg, settings.ffmpeg)
    return Encoding(ffmpeg, await choose_encoder(ffmpeg, encoder))


@dataclass(frozen=True)
class LocalWorker:
    """A worker at work on one job's engine, and the actions on that job."""

    jobs: Jobs
    encoder: Choice


@asynccontextmanager
async def open_bench(
    settings: Settings, records: Records, job_id: str, *, encoder: str
) -> AsyncIterator[LocalWorker]:
    """Serve the job's engine in this process for as long as the context is open."""
    gear = await find_gear(settings, encoder)
    async with AsyncExitStack() as stack:
        with _kept_in(settings):
            url = _engine_url(settings, job_id)
            engine = await stack.enter_async_context(Engine(url))
            worker = open_worker(settings, records, engine, url=url, gear=gear)
            await stack.enter_async_context(worker)
        jobs = Jobs(catalog=records.catalog, channel=records.channel, engine=engine)
        yield LocalWorker(jobs, gear.encoder)


@asynccontextmanager
async def open_worker(
    settings: Settings,
    records: Records,
    engine: Engine,
    *,
    url: str,
    gear: Encoding,
    me: str | None = None,
    grace_s: float = 0.0,
    again: bool = False,
) -> AsyncIterator[Worker]:
    """A worker on the engine at `url` for as long as the context is open."""
    limit_malloc_arenas()
    me = me or new_worker_id()
    remove_stale_locks(settings.locks)
    async with AsyncExitStack() as stack:
        roster = open_roster(settings, url)
        if not isinstance(roster, FileRoster):
            # Whose FFmpegs are whose is a matter of this machine, and so is who may end them.
            stack.enter_context(FileLock(settings.locks, me))
        sweep(settings.ledger, settings.locks)
        ledger = FfmpegLedger(settings.ledger, me)
        stack.callback(ledger.clear)
        threads = threads_for(settings.slots, os.cpu_count() or 1)
        opener = storage_opener(settings)
        tools = Tools(
            catalog=records.catalog,
            open_storage=opener,
            source=open_sources(settings, opener).hold,
            ffmpeg=gear.ffmpeg,
            encoder=gear.encoder,
            threads=threads,
            work=settings.work,
            worker=me,
            analyses=open_analyses(settings, threads=threads, on_start=ledger.note),
            face_model=FaceModel(model_place(settings)),
            on_ffmpeg=ledger.note,
        )
        worker = Worker(
            engine_url=url,
            engine=engine,
            tools=tools,
            channel=records.channel,
            roster=roster,
            slots=settings.slots,
            grace_s=grace_s,
            again=again,
        )
        yield await stack.enter_async_context(worker)


@dataclass(frozen=True)
class WorkerSpec:
    """How a worker of the shared engine works: under which name, and how long it may take to go."""

    gear: Encoding
    worker: str
    grace_s: float = 0.0


@asynccontextmanager
async def run_worker(
    settings: Settings, records: Records, engine: Engine, shift: WorkerSpec
) -> AsyncIterator[asyncio.Task[None]]:
    """A worker beside whatever is done in the context, from when it is ready on."""
    ready = asyncio.Event()
    work = asyncio.create_task(_work(settings, records, engine, shift, ready), name="worker")
    begun = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait({work, begun}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await work
        yield work
    finally:
        begun.cancel()
        work.cancel()
        await asyncio.wait({work, begun})


async def _work(
    settings: Settings, records: Records, engine: Engine, shift: WorkerSpec, ready: asyncio.Event
) -> None:
    """Be a worker until cancelled; one that loses its place among the living begins anew."""
    while True:
        try:
            async with open_worker(
                settings,
                records,
                engine,
                url=settings.service_engine_url,
                gear=shift.gear,
                me=shift.worker,
                grace_s=shift.grace_s,
                again=ready.is_set(),
            ) as worker:
                ready.set()
                log.info("Worker ready", worker=shift.worker, slots=settings.slots)
                await worker.lost.wait()
                log.warning("Worker lost its place; it ends its work and begins anew")
        except Exception as error:
            if not ready.is_set():
                raise
            log.warning("Worker cannot begin anew yet", error=repr(error))
        await asyncio.sleep(_BEGIN_ANEW_S)


def open_analyses(
    settings: Settings, *, threads: int, on_start: Callable[[int], None] | None = None
) -> Analyses:
    return Analyses(settings.analyses, threads=threads, limits=Watchdogs(), on_start=on_start)


def open_sources(settings: Settings, opener: Callable[[str], Storage]) -> Sources:
    return Sources(
        settings.sources,
        most_bytes=settings.source_cache_bytes,
        open_storage=opener,
        identify=identity,
    )


def model_place(settings: Settings) -> ModelPlace:
    url = settings.yunet_url or YUNET_URL
    return ModelPlace(settings.models, named=settings.yunet_model, url=url)


def storage_opener(settings: Settings) -> Callable[[str], Storage]:
    """Opens a storage by its URL, each once: its connections are kept for the next clip."""

    def opened(url: str) -> Storage:
        return open_storage(
            url,
            timeout_s=settings.storage_timeout_s,
            public=settings.storage_public,
            # The state folder is nobody else's; any other is as its user likes.
            umask=None if url.startswith(settings.state_dir.as_uri()) else settings.umask,
        )

    return lru_cache(maxsize=32)(opened)


def forget_engine(settings: Settings, job: JobRecord) -> None:
    """A finished job needs its engine no more; a retry begins with a fresh one."""
    path = Path(_engine_url(settings, job.job_id).removeprefix("sqlite:///"))
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink(missing_ok=True)


def _engine_url(settings: Settings, job_id: str) -> str:
    url = settings.engine_url(job_id)
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return url


def check_installed(settings: Settings) -> None:
    """What the settings ask for may need packages that a laptop does without."""
    for wanted, package in (
        (settings.database, "psycopg"),
        (settings.channel, "redis"),
        (settings.catalog, "google.cloud.firestore"),
    ):
        if wanted and not _is_installed(package):
            raise NotInstalledError(package=package)


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # one of the packages that it is in
        return False


@contextmanager
def _kept_in(settings: Settings) -> Iterator[None]:
    """Databases that cannot be opened are a state folder that cannot be written to."""
    try:
        yield
    except (OSError, sqlite3.OperationalError, OperationalError) as error:
        if settings.database and isinstance(error, OperationalError):
            raise DatabaseUnreachableError(detail=str(error)) from error
        raise StateNotWritableError(name=settings.state_dir, detail=str(error)) from error
