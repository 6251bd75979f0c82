"""What is known of all jobs, and the engines that they are queued in: opened from settings."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.exc import OperationalError

from viralclip.catalog.database import Database
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.channel.opening import open_channel
from viralclip.channel.port import ProgressChannel
from viralclip.engine import opening
from viralclip.engine.jobs import Jobs
from viralclip.engine.port import Engine
from viralclip.engine.rebuilding import RebuildingChannel
from viralclip.errors import NotInstalledError
from viralclip.settings import (
    DatabaseUnreachableError,
    Settings,
    StateNotWritableError,
)


@dataclass(frozen=True)
class Records:
    """What is known of all jobs: enough to list, watch and ask."""

    catalog: Catalog
    channel: ProgressChannel


@asynccontextmanager
async def open_tables(settings: Settings) -> AsyncIterator[Database]:
    """The database of what is kept in tables, wherever the catalog is."""
    async with AsyncExitStack() as stack:
        check_installed(settings)
        with state_errors(settings):
            tables = await stack.enter_async_context(Database(settings.databases.tables_url))
        yield tables


@asynccontextmanager
async def open_records(
    settings: Settings, *, tables: Database | None = None
) -> AsyncIterator[Records]:
    """The records, in `tables` if those are open and the catalog is there."""
    url = settings.databases.catalog_url
    async with AsyncExitStack() as stack:
        check_installed(settings)
        with state_errors(settings):
            catalog = await stack.enter_async_context(open_catalog(url, tables=tables))
            channel = await stack.enter_async_context(open_channel(settings.databases.channel_url))
        yield Records(catalog, RebuildingChannel(channel, catalog))


@asynccontextmanager
async def open_jobs(settings: Settings, records: Records, job: JobRecord) -> AsyncIterator[Jobs]:
    """The actions on one job, in the engine that it was queued in."""
    async with opening.open_engine(engine_of(settings, job)) as engine:
        yield Jobs(catalog=records.catalog, channel=records.channel, engine=engine)


@asynccontextmanager
async def open_engine(settings: Settings) -> AsyncIterator[Engine]:
    """The engine that `serve` and its workers share."""
    with state_errors(settings):
        settings.state.folder.mkdir(parents=True, exist_ok=True)
    async with opening.open_engine(settings.databases.service_engine_url) as engine:
        yield engine


def engine_of(settings: Settings, job: JobRecord) -> str:
    """The URL of the engine that the job was queued in."""
    shared = job.engine_url == settings.databases.service_engine_name
    return settings.databases.service_engine_url if shared else own_engine_url(settings, job.job_id)


def forget_engine(settings: Settings, job: JobRecord) -> None:
    """A finished job needs its engine no more; a retry begins with a fresh one."""
    path = Path(own_engine_url(settings, job.job_id).removeprefix("sqlite:///"))
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink(missing_ok=True)


def own_engine_url(settings: Settings, job_id: str) -> str:
    url = settings.databases.engine_url(job_id)
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    return url


def check_installed(settings: Settings) -> None:
    """What the settings ask for may need packages that a laptop does without."""
    for wanted, package in (
        (settings.databases.postgresql, "psycopg"),
        (settings.databases.redis, "redis"),
        (settings.databases.firestore, "google.cloud.firestore"),
    ):
        if wanted and not _is_installed(package):
            raise NotInstalledError(package=package, extra="fleet")


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # one of the packages that it is in
        return False


@contextmanager
def state_errors(settings: Settings) -> Iterator[None]:
    """Databases that cannot be opened are a state folder that cannot be written to."""
    try:
        yield
    except (OSError, sqlite3.OperationalError, OperationalError) as error:
        if settings.databases.postgresql and isinstance(error, OperationalError):
            raise DatabaseUnreachableError(detail=str(error)) from error
        raise StateNotWritableError(name=settings.state.folder, detail=str(error)) from error
