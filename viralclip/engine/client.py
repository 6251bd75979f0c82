"""Durable execution: queues the work of jobs by workflow name, knowing none of its code."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, EnqueueOptions

from viralclip.catalog.records import Priority
from viralclip.workflow_ref import QUEUES, Kind, WorkflowRef, parse_work

# Workers serve work of equal version only: raise it when new code cannot finish old work.
APP_VERSION = "viralclip-1"
APP_NAME = "viralclip"

# Seconds that a class waits behind urgent work submitted later: a head start, never a wall.
_OFFSETS: dict[Priority, int] = {"urgent": 0, "normal": 3600, "low": 14400}
# Seconds that each further clip of one owner stands behind the one before, so that who asks for
# thousands does not hold up who asks for one; and how far it may go: not behind the next class.
STRIDE_S = 10
_ROOM: dict[Priority, int] = {"urgent": 590, "normal": 3590, "low": 3600}
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
_BATCH = 400
# The runtime has an index of these alone; with bound values SQLite would not see that it fits, and
# read every workflow there ever was.
_IN_FLIGHT = "status IN ('ENQUEUED', 'PENDING')"


def priority_number(priority: Priority, submitted_at: datetime) -> int:
    """The queue's order: lower goes first; everybody's number is reached in the end."""
    return max(1, int((submitted_at - _EPOCH).total_seconds()) + _OFFSETS[priority])


def clip_numbers(priority: Priority, submitted_at: datetime, *, behind: int) -> Iterator[int]:
    """The numbers of a job's clips, in the order they are made: never falling, and bounded.

    `behind` is how many clips its owner waits for already.
    """
    first = priority_number(priority, submitted_at)
    return (first + min(place * STRIDE_S, _ROOM[priority]) for place in count(behind))


@dataclass(frozen=True)
class OwnedWorkflow:
    """Work that some worker has begun and not ended."""

    work: WorkflowRef
    worker: str
    begun_at: datetime | None = None


@dataclass(frozen=True)
class ClipQueue:
    """Clips that were begun, and those that wait, in the order they will begin."""

    running: tuple[WorkflowRef, ...]
    waiting: tuple[WorkflowRef, ...]


@dataclass(frozen=True)
class QueueDepth:
    """Clips that wait for a slot, clips that have one, and since when the first of those that wait
    has been in the queue."""

    waiting: int
    running: int
    oldest_s: float


class Engine:
    """A client of the queues in the database at `url`; it runs nothing itself."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Self:
        self._client = await asyncio.to_thread(_connect, self._url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._client.destroy)

    @property
    def is_shared(self) -> bool:
        """Whether workers on several machines can serve it."""
        return not self._url.startswith("sqlite")

    async def enqueue(self, works: Iterable[WorkflowRef], *, priority: int) -> None:
        """Queue the work; work queued before, done or not, is left as it is."""
        for work in works:
            options: EnqueueOptions = {
                "workflow_name": work.kind,
                "queue_name": QUEUES[work.kind],
                "workflow_id": work.workflow_id,
                "app_version": APP_VERSION,
                "priority": priority,
            }
            await self._client.enqueue_async(options, *work.arguments)

    async def cancel_clips(self, job_id: str, run: int) -> None:
        """Stop the run's clips, begun or not; its scenes and the job come to their own end."""
        clips = await self._client.list_workflows_async(
            workflow_id_prefix=f"{job_id}.{run}.",
            name="clip",
            status=["ENQUEUED", "PENDING", "DELAYED"],
            load_input=False,
            load_output=False,
        )
        await self.cancel(clip.workflow_id for clip in clips)

    async def cancel(self, workflow_ids: Iterable[str]) -> None:
        if ids := list(workflow_ids):
            await self._client.cancel_workflows_async(ids)

    async def set_priority(self, job_id: str, priority: int) -> None:
        """Change the place of the job's waiting work; the runtime's client has no call for this."""
        await asyncio.to_thread(_set_priority, self._url, f"{job_id}.", priority)

    async def ahead(self, job_id: str) -> int | None:
        """How many waiting clips go before the first of the job's; None if none of its waits."""
        return await asyncio.to_thread(_ahead, self._url, f"{job_id}.")

    async def clip_queue(self, *, limit: int) -> "ClipQueue":
        """The clips that run and wait, of all jobs; of those that wait, the first ones."""
        return await asyncio.to_thread(_clip_queue, self._url, limit)

    def depth(self) -> QueueDepth:
        """How much is queued at all; the calling thread waits for the database."""
        return _depth(self._url)

    async def ended(self, workflow_ids: Sequence[str]) -> set[str]:
        """Those of the workflows that will not run any more."""
        done: set[str] = set()
        for start in range(0, len(workflow_ids), _BATCH):
            found = await self._client.list_workflows_async(
                workflow_ids=list(workflow_ids[start : start + _BATCH]),
                status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                load_input=False,
                load_output=False,
            )
            done |= {status.workflow_id for status in found}
        return done

    async def begun(self) -> list[OwnedWorkflow]:
        """All work that has begun and not ended, and whose it is."""
        found = await self._client.list_workflows_async(
            status="PENDING", load_input=False, load_output=False
        )
        return [
            OwnedWorkflow(
                parse_work(status.workflow_id),
                status.executor_id or "",
                _in_utc(status.dequeued_at),
            )
            for status in found
        ]

    async def queued_at(self, work: WorkflowRef) -> datetime | None:
        """When the work was queued first; None for what is not known."""
        found = await self._client.list_workflows_async(
            workflow_ids=[work.workflow_id], load_input=False, load_output=False
        )
        return _in_utc(found[0].created_at) if found else None

    async def forget(self, job_id: str) -> None:
        """Drop the records of all the job's work, which has ended."""
        found = await self._client.list_workflows_async(
            workflow_id_prefix=f"{job_id}.", load_input=False, load_output=False
        )
        ids = [status.workflow_id for status in found]
        for start in range(0, len(ids), _BATCH):
            await self._client.delete_workflows_async(ids[start : start + _BATCH])

    async def job_ids(self, before: datetime) -> set[str]:
        """The jobs that there are records of, of work that was queued before then."""
        found = await self._client.list_workflows_async(
            name="job", end_time=before.isoformat(), load_input=False, load_output=False
        )
        return {parse_work(status.workflow_id).job_id for status in found}

    async def resume(self, works: Iterable[WorkflowRef]) -> None:
        """Queue begun work again, for whichever worker is free."""
        by_kind: dict[Kind, list[str]] = {}
        for work in works:
            by_kind.setdefault(work.kind, []).append(work.workflow_id)
        for kind, ids in by_kind.items():
            await self._client.resume_workflows_async(ids, queue_name=QUEUES[kind])


def _in_utc(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _set_priority(url: str, prefix: str, priority: int) -> None:
    with _workflows(url) as (db, status):
        mine = status.c.workflow_uuid.startswith(prefix, autoescape=True)
        waiting = sa.and_(mine, status.c.status == "ENQUEUED")
        db.execute(sa.update(status).where(waiting).values(priority=priority))


def _ahead(url: str, prefix: str) -> int | None:
    with _workflows(url) as (db, status):
        mine = status.c.workflow_uuid.startswith(prefix, autoescape=True)
        waiting = sa.and_(status.c.queue_name == QUEUES["clip"], status.c.status == "ENQUEUED")
        place = sa.tuple_(status.c.priority, status.c.created_at)
        first = sa.select(status.c.priority, status.c.created_at).where(waiting, mine)
        mine_first = db.execute(first.order_by(*place).limit(1)).first()
        if mine_first is None:
            return None
        before = place < sa.tuple_(*map(sa.literal, mine_first))
        return db.scalar(sa.select(sa.func.count()).select_from(status).where(waiting, before))


def _clip_queue(url: str, limit: int) -> ClipQueue:
    with _workflows(url) as (db, status):
        clips = sa.select(status.c.workflow_uuid).where(status.c.queue_name == QUEUES["clip"])
        running = clips.where(status.c.status == "PENDING")
        waiting = clips.where(status.c.status == "ENQUEUED")
        waiting = waiting.order_by(status.c.priority, status.c.created_at).limit(limit)
        found = [tuple(map(parse_work, db.scalars(query))) for query in (running, waiting)]
    return ClipQueue(*found)


def _depth(url: str) -> QueueDepth:
    with _workflows(url) as (db, status):
        rows = db.execute(_depth_query(status)).all()
    counts = {name: count for name, count, _ in rows}
    oldest = next((since for name, _, since in rows if name == "ENQUEUED"), None)
    waited_s = time.time() - oldest / 1000 if oldest is not None else 0.0
    return QueueDepth(counts.get("ENQUEUED", 0), counts.get("PENDING", 0), max(0.0, waited_s))


def _depth_query(status: sa.TableClause) -> sa.Select[Any, int, Any]:
    """Of each status of clips in flight: how many, and since when the first of them is queued."""
    found = sa.select(status.c.status, sa.func.count(), sa.func.min(status.c.created_at))
    clips = sa.literal_column(f"'{QUEUES['clip']}'")
    in_flight = found.where(status.c.queue_name == clips, sa.text(_IN_FLIGHT))
    return in_flight.group_by(status.c.status)


@contextmanager
def _workflows(url: str) -> Iterator[tuple[sa.Connection, sa.TableClause]]:
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


def _connect(url: str) -> DBOSClient:
    """The client, on a database that is brought up to date first."""
    DBOS.migrate(url)
    return DBOSClient(system_database_url=url, application_name=APP_NAME)
