"""What the runtime's client has no call for: its queue, read and reordered in its own table."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from viralclip.engine.port import ClipQueue, QueueDepth
from viralclip.workflow_ref import QUEUES, parse_work

# The runtime has an index of these alone; with bound values SQLite would not see that it fits, and
# read every workflow there ever was.
_IN_FLIGHT = "status IN ('ENQUEUED', 'PENDING')"


def set_priority(url: str, prefix: str, priority: int) -> None:
    with workflows(url) as (db, status):
        mine = status.c.workflow_uuid.startswith(prefix, autoescape=True)
        waiting = sa.and_(mine, status.c.status == "ENQUEUED")
        db.execute(sa.update(status).where(waiting).values(priority=priority))


def ahead(url: str, prefix: str) -> int | None:
    with workflows(url) as (db, status):
        mine = status.c.workflow_uuid.startswith(prefix, autoescape=True)
        waiting = sa.and_(status.c.queue_name == QUEUES["clip"], status.c.status == "ENQUEUED")
        place = sa.tuple_(status.c.priority, status.c.created_at)
        first = sa.select(status.c.priority, status.c.created_at).where(waiting, mine)
        mine_first = db.execute(first.order_by(*place).limit(1)).first()
        if mine_first is None:
            return None
        before = place < sa.tuple_(*map(sa.literal, mine_first))
        return db.scalar(sa.select(sa.func.count()).select_from(status).where(waiting, before))


def clip_queue(url: str, limit: int) -> ClipQueue:
    with workflows(url) as (db, status):
        clips = sa.select(status.c.workflow_uuid).where(status.c.queue_name == QUEUES["clip"])
        running = clips.where(status.c.status == "PENDING")
        waiting = clips.where(status.c.status == "ENQUEUED")
        waiting = waiting.order_by(status.c.priority, status.c.created_at).limit(limit)
        found = [tuple(map(parse_work, db.scalars(query))) for query in (running, waiting)]
    return ClipQueue(*found)


def depth(url: str) -> QueueDepth:
    with workflows(url) as (db, status):
        rows = db.execute(depth_query(status)).all()
    counts = {name: count for name, count, _ in rows}
    oldest = next((since for name, _, since in rows if name == "ENQUEUED"), None)
    waited_s = time.time() - oldest / 1000 if oldest is not None else 0.0
    return QueueDepth(counts.get("ENQUEUED", 0), counts.get("PENDING", 0), max(0.0, waited_s))


def depth_query(status: sa.TableClause) -> sa.Select[Any, int, Any]:
    """Of each status of clips in flight: how many, and since when the first of them is queued."""
    found = sa.select(status.c.status, sa.func.count(), sa.func.min(status.c.created_at))
    clips = sa.literal_column(f"'{QUEUES['clip']}'")
    in_flight = found.where(status.c.queue_name == clips, sa.text(_IN_FLIGHT))
    return in_flight.group_by(status.c.status)


@contextmanager
def workflows(url: str) -> Iterator[tuple[sa.Connection, sa.TableClause]]:
    """The runtime's own table, one of those it documents, within a transaction."""
    schema = None if url.startswith("sqlite") else "dbos"
    names = ("workflow_uuid", "status", "queue_name", "priority", "created_at")
    status = sa.table("workflow_status", *map(sa.column, names), schema=schema)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.begin() as db:
            yield db, status
    finally:
        engine.dispose()
