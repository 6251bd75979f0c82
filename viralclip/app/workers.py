"""Opens workers, from settings: one for a single job, or one that serves the shared engine."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from viralclip.abilities import Abilities, SpeechModel
from viralclip.analysis.models import FaceModel
from viralclip.app.openers import (
    model_place,
    open_analyses,
    open_sources,
    open_speech,
    speech_choice,
    storage_opener,
)
from viralclip.app.places import places
from viralclip.app.records import Records, own_engine_url, state_errors
from viralclip.engine.jobs import Jobs
from viralclip.engine.opening import open_engine, runtime_of
from viralclip.engine.port import Engine
from viralclip.errors import ViralclipError
from viralclip.media.encoders import Choice, choose_encoder, threads_for
from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.pipeline.tools import (
    AnalysisTools,
    RenderTools,
    StorageTools,
    Tools,
    WorkerIdentity,
)
from viralclip.processes.memory import limit_malloc_arenas
from viralclip.settings import Settings
from viralclip.speech.recogniser import find_recogniser
from viralclip.worker.intake import DiskFull, Reason
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


def open_roster(settings: Settings, engine_url: str) -> Roster:
    """Who is alive among the workers of an engine: on this machine, or on all of them."""
    if engine_url.startswith("postgresql"):
        from viralclip.worker.postgres_roster import PostgresRoster

        return PostgresRoster(engine_url)
    return FileRoster(settings.state.locks)


@dataclass(frozen=True)
class Encoding:
    """What clips are rendered with on this machine."""

    ffmpeg: Path
    encoder: Choice


async def find_encoding(settings: Settings, encoder: str) -> Encoding:
    """ToolMissingError or UnknownEncoderError before anything is opened that would be left over."""
    ffmpeg = await asyncio.to_thread(find_ffmpeg, settings.rendering.ffmpeg)
    return Encoding(ffmpeg, await choose_encoder(ffmpeg, encoder))


@dataclass(frozen=True)
class LocalWorker:
    """A worker at work on one job's engine, and the actions on that job."""

    jobs: Jobs
    encoder: Choice


@asynccontextmanager
async def open_local_worker(
    settings: Settings, records: Records, job_id: str, *, encoder: str
) -> AsyncIterator[LocalWorker]:
    """Serve the job's engine in this process for as long as the context is open."""
    gear = await find_encoding(settings, encoder)
    async with AsyncExitStack() as stack:
        with state_errors(settings):
            url = own_engine_url(settings, job_id)
            engine = await stack.enter_async_context(open_engine(url))
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
    advertised: Callable[[str], str] = lambda _: "",
    reasons: Sequence[Reason] = (),
) -> AsyncIterator[Worker]:
    """A worker on the engine at `url` for as long as the context is open."""
    limit_malloc_arenas()
    me = me or new_worker_id()
    remove_stale_locks(settings.state.locks)
    async with AsyncExitStack() as stack:
        roster = open_roster(settings, url)
        if not isinstance(roster, FileRoster):
            # Whose FFmpegs are whose is a matter of this machine, and so is who may end them.
            stack.enter_context(FileLock(settings.state.locks, me))
        sweep(settings.state.ledger, settings.state.locks)
        ledger = FfmpegLedger(settings.state.ledger, me)
        stack.callback(ledger.clear)
        threads = threads_for(settings.rendering.slots, os.cpu_count() or 1)
        opener = storage_opener(settings)
        tools = Tools(
            catalog=records.catalog,
            storing=StorageTools(opener, settings.state.work, open_sources(settings, opener).hold),
            rendering=RenderTools(
                gear.ffmpeg,
                gear.encoder,
                threads,
                on_ffmpeg=ledger.record,
                fonts=settings.rendering.fonts,
            ),
            analysing=AnalysisTools(
                open_analyses(settings, threads=threads, on_start=ledger.record),
                FaceModel(model_place(settings)),
            ),
            worker=WorkerIdentity(me),
            speech=open_speech(settings, on_start=ledger.record),
        )
        worker = Worker(
            engine=engine,
            runtime=runtime_of(url),
            tools=tools,
            channel=records.channel,
            roster=roster,
            slots=settings.rendering.slots,
            grace_s=grace_s,
            again=again,
            advertised=advertised,
            reasons=reasons,
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


def abilities(settings: Settings) -> Abilities:
    """What a worker on this machine can do."""
    try:
        found = find_recogniser(speech_choice(settings))
    except ViralclipError as error:
        return Abilities(problem=error.message)
    model = SpeechModel(engine=found.engine, name=found.model_name, languages=found.languages)
    return Abilities(speech=model)


def full_disks(settings: Settings) -> list[Reason]:
    """Why a worker of a shared queue leaves clips there: one of its disks may be full. A job of the
    terminal is not kept waiting for room, and is told what is wrong."""
    folders = {settings.state.work, *places(settings).values()}
    return [DiskFull(folder) for folder in sorted(folders)]


async def _work(
    settings: Settings, records: Records, engine: Engine, shift: WorkerSpec, ready: asyncio.Event
) -> None:
    """Be a worker until cancelled; one that loses its place among the living begins anew."""
    can = await asyncio.to_thread(abilities, settings)
    while True:
        try:
            async with open_worker(
                settings,
                records,
                engine,
                url=settings.databases.service_engine_url,
                gear=shift.gear,
                me=shift.worker,
                grace_s=shift.grace_s,
                again=ready.is_set(),
                advertised=can.as_text,
                reasons=full_disks(settings),
            ) as worker:
                ready.set()
                log.info("Worker ready", worker=shift.worker, slots=settings.rendering.slots)
                await worker.lost.wait()
                log.warning("Worker lost its place; it ends its work and begins anew")
        except Exception as error:
            if not ready.is_set():
                raise
            log.warning("Worker cannot begin anew yet", error=repr(error))
        await asyncio.sleep(_BEGIN_ANEW_S)
