"""The SQL database that all tables share: opened, and brought up to the latest schema."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine, RowMapping
from sqlalchemy.event import listen
from sqlalchemy.exc import InterfaceError, OperationalError

from viralclip.catalog.tables import METADATA
from viralclip.processes.sqlite_wal import use_wal

HEAD = "0007"
# How long a call waits for a database server that is being restarted.
PATIENCE_S = 30.0
_LOOK_S = 0.5
# The mark of a transaction that only reads.
_READS = "viralclip_reads"
# One process at a time changes the schema.
_MIGRATING = 0x7669_7261
# As Alembic makes it.
_VERSIONS = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), primary_key=True),
)

T = TypeVar("T")
Begin = Callable[[Engine], AbstractContextManager[Connection]]

log = structlog.get_logger(__name__)


class Database:
    """One database with one pool of connections, for all tables.

    Every call is one transaction, in a thread: the event loop never waits for it. Where a server
    is not there it is tried again for as long as `patience_s`, unless the caller is not `patient`.
    """

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S) -> None:
        self._url = url
        self._patience_s = patience_s

    async def __aenter__(self) -> Self:
        self.engine = await asyncio.to_thread(open_engine, self._url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.engine.dispose)

    async def first(self, query: sa.Executable, *, patient: bool = True) -> RowMapping | None:
        """The first row that the query finds."""
        return await self.read(lambda db: db.execute(query).mappings().first(), patient=patient)

    async def all(self, query: sa.Executable, *, patient: bool = True) -> list[RowMapping]:
        """Every row that the query finds."""
        return await self.read(lambda db: list(db.execute(query).mappings()), patient=patient)

    async def change(self, statement: sa.Executable, *, patient: bool = True) -> int:
        """Execute the statement; how many rows it changed."""
        return await self.write(lambda db: db.execute(statement).rowcount, patient=patient)

    async def read(self, work: Callable[[Connection], T], *, patient: bool = True) -> T:
        """Do what only reads, and waits for no writer."""
        return await self.transact(work, reading, patient=patient)

    async def write(self, work: Callable[[Connection], T], *, patient: bool = True) -> T:
        """Do what may change something: as a whole or not at all."""
        return await self.transact(work, Engine.begin, patient=patient)

    async def transact(
        self, work: Callable[[Connection], T], begin: Begin, *, patient: bool = True
    ) -> T:
        """Do the work in one transaction; again, for a while, where the server is not there."""

        def transaction() -> T:
            with begin(self.engine) as db:
                return work(db)

        give_up_at = time.monotonic() + self._patience_s
        while True:
            try:
                return await asyncio.to_thread(transaction)
            except (OperationalError, InterfaceError) as error:
                local = self.engine.dialect.name == "sqlite"
                if local or not patient or time.monotonic() > give_up_at:
                    raise
                log.warning("Catalog unavailable", error=repr(error.orig), retry_in_sec=_LOOK_S)
            await asyncio.sleep(_LOOK_S)


def open_engine(url: str) -> Engine:
    """The database, brought up to the latest schema."""
    engine = connect(url)
    with reading(engine) as db:
        is_up_to_date = (_version(db) or "") >= HEAD
    if not is_up_to_date:
        with engine.begin() as db:
            _bring_up_to_date(db)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that changes nothing and waits for no writer."""
    with engine.execution_options(**{_READS: True}).begin() as db:
        yield db


def connect(url: str) -> Engine:
    """The database as it is."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, pool_pre_ping=True, connect_args=_connect_args(url))
    if engine.dialect.name == "sqlite":
        listen(engine, "connect", _prepare_sqlite)
        listen(engine, "begin", _begin)
    return engine


def wipe_history(engine: Engine) -> None:
    """What was overwritten is not to be found in SQLite's write-ahead log any more."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("pragma wal_checkpoint(truncate)")
    finally:
        connection.close()


def insert(db: Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what to do where the row is there already."""
    return (sqlite if db.dialect.name == "sqlite" else postgresql).insert(table)


def _connect_args(url: str) -> dict[str, Any]:
    """A server that vanished without a word is given up within seconds, not hours."""
    if not url.startswith("postgresql"):
        return {}
    return {"connect_timeout": 5, "keepalives_idle": 10, "tcp_user_timeout": 15_000}


def _prepare_sqlite(connection: Any, _: object) -> None:
    # SQLAlchemy begins transactions itself below: the driver's own habit takes the lock too late.
    connection.isolation_level = None
    connection.execute("pragma busy_timeout = 30000")
    use_wal(connection, patience_s=PATIENCE_S)
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma secure_delete = on")


def _begin(connection: Connection) -> None:
    """Only who writes takes the lock, and at once: one that is taken late may be refused."""
    reads = bool(connection.get_execution_options().get(_READS))
    connection.exec_driver_sql(f"pragma query_only = {reads:d}")
    connection.exec_driver_sql("begin" if reads else "begin immediate")


def _bring_up_to_date(db: Connection) -> None:
    """A later schema only adds to what this code knows: a newer process may have come first."""
    if (_version(db) or "") >= HEAD:
        return
    if db.dialect.name != "sqlite":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
    if _version(db) is None:
        create(db)
    else:
        migrate(db)


def _version(db: Connection) -> str | None:
    if not sa.inspect(db).has_table(_VERSIONS.name):
        return None
    return db.execute(sa.select(_VERSIONS.c.version_num)).scalar()


def create(db: Connection) -> None:
    """The latest schema in an empty database: what `migrate` leads to, without its slow import."""
    METADATA.create_all(db)
    _VERSIONS.create(db)
    db.execute(sa.insert(_VERSIONS).values(version_num=HEAD))


def migrate(db: Connection, to: str = HEAD) -> None:
    """From any earlier schema, or none, to a later one."""
    from alembic import command  # noqa: PLC0415 - needed once per upgrade, and slow
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = db
    command.upgrade(config, to)


def utc(at: datetime | None) -> datetime | None:
    """SQLite keeps the clock's hands and forgets the zone: all clocks in it show UTC."""
    return at.astimezone(UTC) if at is not None else None


def aware(at: datetime) -> datetime:
    """SQLite forgets the zone; what was written is UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
