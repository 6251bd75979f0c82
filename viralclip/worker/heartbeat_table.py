"""The table in PostgreSQL where each worker's heartbeat stands, and what it tells of itself."""

from contextlib import suppress
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

# The server's clock decides: no worker's own clock matters.
_SCHEMA = """
create table if not exists viralclip_workers (
    worker text primary key, seen timestamptz not null, told text not null default ''
)
"""
# Earlier versions made the table without what workers tell of themselves. Where the column is there
# already, nothing is altered: that would wait for all who read, and every beat would wait for it.
_TOLD_COLUMN = (
    "select 1 from pg_attribute where attrelid = 'viralclip_workers'::regclass and attname = 'told'"
)
_ADD_TOLD_COLUMN = (
    "alter table viralclip_workers add column if not exists told text not null default ''"
)
_BEAT = "update viralclip_workers set seen = clock_timestamp(), told = %s where worker = %s"
_ENTER = (
    "insert into viralclip_workers (worker, seen, told) values (%s, clock_timestamp(), %s)"
    " on conflict (worker) do update set seen = excluded.seen, told = excluded.told"
)
_LIVING = " from viralclip_workers where seen > clock_timestamp() - make_interval(secs => %s)"
_LEAVE = "delete from viralclip_workers where worker = %s"
_SILENT = (
    "select extract(epoch from clock_timestamp() - seen)::float"
    " from viralclip_workers where worker = %s"
)


def make_table(db: Connection) -> None:
    # Two at once may both find it missing.
    with suppress(psycopg.errors.UniqueViolation):
        db.execute(_SCHEMA)
    if not _has_told_column(db):
        with suppress(psycopg.errors.DuplicateColumn):
            db.execute(_ADD_TOLD_COLUMN)


def enter(db: Connection, worker: str, advertised: str) -> None:
    db.execute(_ENTER, [worker, advertised])


def beat(db: Connection, worker: str, advertised: str) -> bool:
    """Whether the name still stands: whoever takes over strikes it out."""
    return db.execute(_BEAT, [advertised, worker]).rowcount == 1


def leave(db: Connection, worker: str) -> None:
    """Leave in good order, or forget a dead worker: the absence of the name means no crash."""
    db.execute(_LEAVE, [worker])


def silent_s(db: Connection, worker: str) -> float | None:
    """For how long the worker was not seen, by the server's clock; None if it is not known."""
    row = db.execute(_SILENT, [worker]).fetchone()
    return row[0] if row else None


def advertised(db: Connection, dead_s: float) -> dict[str, str]:
    """What each worker that was seen in the last `dead_s` seconds tells of itself."""
    # Before the first worker began there is no table, and workers of earlier versions tell nothing.
    with suppress(psycopg.errors.UndefinedTable):
        columns = "select worker, told" if _has_told_column(db) else "select worker, ''"
        return dict(db.execute(columns + _LIVING, [dead_s]).fetchall())
    return {}


def _has_told_column(db: Connection) -> bool:
    return db.execute(_TOLD_COLUMN).fetchone() is not None
