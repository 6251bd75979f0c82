"""What is left behind and may go: found first, so that it can be told, and then removed."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import structlog

from viralclip.app.disk_use import entries, size_of
from viralclip.app.openers import open_sources, storage_opener
from viralclip.app.records import Records
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobSummary
from viralclip.engine.jobs import Jobs
from viralclip.engine.port import Engine
from viralclip.engine.uploads import Upload, Uploads
from viralclip.server.partial_uploads import PartialUploads
from viralclip.settings import Settings
from viralclip.storage.objects import Storage
from viralclip.storage.sources import Sources
from viralclip.telemetry.logs import log_file
from viralclip.worker.liveness import remove_stale_locks
from viralclip.worker.orphans import sweep

Kind = Literal[
    "jobs",
    "clips",
    "uploads",
    "engine records",
    "work folders",
    "analyses",
    "transcripts",
    "fetched videos",
    "logs",
]

_EVERY_S = 3600.0

log = structlog.get_logger(__name__)


@asynccontextmanager
async def retaining(settings: Settings, records: Records, engine: Engine) -> AsyncIterator[None]:
    """Prune every hour while the context is open, if VIRALCLIP_RETENTION says for how long things
    are kept."""
    if settings.server.retention is None:
        yield
        return
    task = asyncio.create_task(_retain(settings, records, engine, settings.server.retention))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _retain(settings: Settings, records: Records, engine: Engine, older: timedelta) -> None:
    while True:
        try:
            pruner = Pruner(settings, records, engine, datetime.now(UTC) - older)
            await removed(await pruner.find())
            await asyncio.to_thread(pruner.tidy)
        except Exception as error:  # noqa: BLE001 - a database that restarts; another time
            log.warning("Not pruned", error=repr(error))
        await asyncio.sleep(_EVERY_S)


@dataclass(frozen=True)
class Prunable:
    """Something that nobody needs any more; `remove` looks once more, and says whether it went."""

    kind: Kind
    name: str
    bytes: int
    remove: Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Pruner:
    """Finds what may go: everything that ended, or was last used, before `before`."""

    settings: Settings
    records: Records
    engine: Engine
    before: datetime

    @property
    def catalog(self) -> Catalog:
        return self.records.catalog

    @property
    def jobs(self) -> Jobs:
        return Jobs(catalog=self.catalog, channel=self.records.channel, engine=self.engine)

    async def find(self, *, clips: bool = False) -> list[Prunable]:
        """All of them, in the order they are to be removed: a job before what it alone needs."""
        ended = await self.catalog.jobs.ended_before(self.before)
        files = await asyncio.to_thread(lambda: list(_files(self)))
        return [
            *([it async for it in self._clips(ended)] if clips else []),
            *(Prunable("jobs", job.job_id, 0, partial(self._forget, job.job_id)) for job in ended),
            *[it async for it in self._uploads()],
            *[it async for it in self._engine_records()],
            *[it async for it in self._work(ended)],
            *files,
        ]

    def tidy(self) -> None:
        """What needs no retention: uploads given up a day ago, and what dead workers left."""
        settings = self.settings
        PartialUploads(settings.state.uploads).sweep()
        sweep(settings.state.ledger, settings.state.locks)
        remove_stale_locks(settings.state.locks)

    async def _clips(self, ended: Iterable[JobSummary]) -> AsyncIterator[Prunable]:
        """The clips that `serve` has stored for jobs that go; an output folder is its user's."""
        opener = storage_opener(self.settings)
        for job in ended:
            if not self._is_served(job):
                continue
            storage = opener(job.storage_url)
            for clip in await self.catalog.clips.of(job.job_id):
                for key in clip.keys:
                    if key.startswith(f"{job.job_id}/"):
                        size = clip.size or 0 if key == clip.key else 0
                        yield Prunable("clips", key, size, partial(self._drop, job, storage, key))

    def _is_served(self, job: JobSummary) -> bool:
        settings = self.settings
        mine = (settings.databases.service_engine_name, settings.storage.url)
        return (job.engine_url, job.storage_url) == mine

    async def _drop(self, job: JobSummary, storage: Storage, key: str) -> bool:
        if not await self._has_ended(job.job_id):
            return False
        await storage.delete(key)
        return True

    async def _forget(self, job_id: str) -> bool:
        """Whoever retries the job in between has it for longer."""
        if not await self._has_ended(job_id):
            return False
        await self.jobs.forget(job_id)
        for path in self._engine_files(job_id):
            path.unlink(missing_ok=True)
        return True

    async def _has_ended(self, job_id: str) -> bool:
        job = await self.catalog.jobs.find(job_id)
        return job is not None and job.finished_at is not None and job.finished_at < self.before

    async def _uploads(self) -> AsyncIterator[Prunable]:
        """Uploads of before that no job uses but such as go."""
        opener = storage_opener(self.settings)
        uploads = Uploads(self.settings.state.uploads, self.settings.storage.url, opener)
        used = await self.catalog.videos.paths_in_use(self.before)
        async for upload in uploads.all():
            if upload.at < self.before and upload.path not in used:
                remove = partial(self._remove_upload, uploads, upload)
                yield Prunable("uploads", upload.path, upload.size, remove)

    async def _remove_upload(self, uploads: Uploads, upload: Upload) -> bool:
        """The record goes first: nobody can submit the video any more when its file goes."""
        if upload.path in await self.catalog.videos.paths_in_use(self.before):
            return False
        await self.catalog.videos.forget_at([upload.path])
        await uploads.remove(upload.path)
        return True

    async def _engine_records(self) -> AsyncIterator[Prunable]:
        """Of jobs that were deleted."""
        for job_id in sorted(await self.engine.job_ids(self.before)):
            if await self.catalog.jobs.find(job_id) is None:
                yield Prunable("engine records", job_id, 0, partial(self._forget_work, job_id))

    async def _forget_work(self, job_id: str) -> bool:
        if await self.catalog.jobs.find(job_id) is not None:
            return False
        await self.engine.forget(job_id)
        return True

    async def _work(self, ended: Iterable[JobSummary]) -> AsyncIterator[Prunable]:
        """Folders and engines of jobs that have ended, or are on no record."""
        going = {job.job_id for job in ended}
        work, engines = entries(self.settings.state.work), entries(self.settings.state.engines)
        for path in (*work, *engines):
            job_id = path.name.partition(".")[0]
            if _touched_at(path) < self.before and (
                job_id in going or not await self._is_open(job_id)
            ):
                yield Prunable("work folders", path.name, size_of(path), partial(self._erase, path))

    async def _is_open(self, job_id: str) -> bool:
        job = await self.catalog.jobs.find(job_id)
        return job is not None and job.outcome is None

    async def _erase(self, path: Path) -> bool:
        if await self._is_open(path.name.partition(".")[0]):
            return False
        return await _erased(path)

    def _engine_files(self, job_id: str) -> list[Path]:
        return [
            path for path in entries(self.settings.state.engines) if path.stem.startswith(job_id)
        ]


def _files(pruner: Pruner) -> Iterator[Prunable]:
    """What can be made or fetched again, and logs."""
    settings, before = pruner.settings, pruner.before
    caches: tuple[tuple[Kind, Path], ...] = (
        ("analyses", settings.state.analyses),
        ("transcripts", settings.state.transcripts),
    )
    for kind, folder in caches:
        for path in entries(folder):
            if _touched_at(path) < before:
                yield Prunable(kind, path.name, size_of(path), partial(_erased, path))
    sources = open_sources(settings, storage_opener(settings))
    for path, size in sources.unused_since(before):
        yield Prunable("fetched videos", path.name, size, partial(_evicted, sources, path))
    for path in settings.state.logs.glob("viralclip-*.jsonl"):
        if path != log_file() and _touched_at(path) < before:
            yield Prunable("logs", path.name, size_of(path), partial(_erased, path))


async def _evicted(sources: Sources, path: Path) -> bool:
    return await asyncio.to_thread(sources.remove, path)


async def _erased(path: Path) -> bool:
    def erase() -> None:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    await asyncio.to_thread(erase)
    return True


async def removed(prunables: Iterable[Prunable]) -> list[Prunable]:
    """Remove them one by one, and say which went; one that cannot go keeps none of the others."""
    gone: list[Prunable] = []
    for it in prunables:
        try:
            if await it.remove():
                gone.append(it)
        except Exception as error:  # noqa: BLE001 - a store that does not answer; another time
            log.warning("Not removed", kind=it.kind, name=it.name, error=repr(error))
    counts = Counter(it.kind for it in gone)
    if gone:
        log.info("Pruned", bytes=sum(it.bytes for it in gone), **counts)
    return gone


def _touched_at(path: Path) -> datetime:
    """When it was last written to or used; what is gone meanwhile counts as new."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.now(UTC)
