"""Events in one SQLite file in WAL mode, for all processes of a machine."""

import asyncio
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self, TypeVar

from viralclip.channel.history import NO_EPOCH, View
from viralclip.channel.wakers import Wakers, cancelled
from viralclip.events import ClipTick, JobTick, NewEvent
from viralclip.processes.sqlite_wal import use_wal

T = TypeVar("T")

# A tick keeps where it was given: after event `seq`, before the next one.
_SCHEMA = """
create table if not exists streams (job_id text primary key, epoch text, seq integer);
create table if not exists events (
    job_id text, seq integer, key text not null, body text not null,
    primary key (job_id, seq), unique (job_id, key)
) without rowid;
create table if not exists last_ticks (
    job_id text, slot text, rev integer not null, seq integer not null, body text not null,
    primary key (job_id, slot)
) without rowid;
create index if not exists last_ticks_rev on last_ticks (job_id, rev);
"""
_NAMES = ("streams", "events", "last_ticks", "last_ticks_rev")
# How often watchers learn of what another process wrote; this process's writes wake them at once.
POLL_S = 0.2
_BUSY_S = 30.0


class SqliteStore:
    """Keeps events in `path`; one thread writes and one reads, so the event loop never waits.

    A writer that waits for another process to finish writing holds up no watcher.
    """

    outages: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, path: Path, *, poll_s: float = POLL_S) -> None:
        self._path = path
        self._poll_s = poll_s
        self._wakers = Wakers()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            write, read = (_Connection(self._path, f"channel-{use}") for use in ("write", "read"))
            self._writing = await stack.enter_async_context(write)
            self._reading = await stack.enter_async_context(read)
            polling = asyncio.create_task(self._poll(), name="channel-poll")
            stack.push_async_callback(cancelled, polling)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def append(self, drafts: list[NewEvent]) -> list[int]:
        seqs = await self._writing.run(lambda db: _append_all(db, drafts))
        self._wakers.wake({draft.job_id for draft in drafts})
        return seqs

    async def replace(self, ticks: list[ClipTick | JobTick]) -> None:
        await self._writing.run(lambda db: _replace_all(db, ticks))
        self._wakers.wake({tick.job_id for tick in ticks})

    async def read(self, job_id: str, after: int, rev: int, limit: int) -> View:
        return await self._reading.run(lambda db: _view(db, job_id, after, rev, limit))

    async def delete(self, job_id: str) -> None:
        await self._writing.run(lambda db: _delete(db, job_id))
        self._wakers.wake({job_id})

    def waker(self, job_id: str) -> AbstractContextManager[asyncio.Event]:
        return self._wakers.of(job_id)

    async def _poll(self) -> None:
        """Wake every watcher when the file has changed: one question for all of them together."""
        known = 0
        while True:
            await asyncio.sleep(self._poll_s)
            if not self._wakers:
                continue
            try:
                version = await self._reading.run(_version)
            except sqlite3.Error:
                version = known - 1  # the watchers will see for themselves
            if version != known:
                self._wakers.wake_all()
            known = version


class _Connection:
    """A connection and the one thread that uses it.

    It is closed in that thread, so what the thread is at when its owner is cancelled ends first,
    opening included.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self.db: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except BaseException:
            self._close_last()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        # Without the shield, a cancellation would cancel the closing itself.
        await asyncio.shield(asyncio.wrap_future(self._close_last()))

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        assert self.db is not None  # noqa: S101 - it is open while somebody can ask
        return work(self.db)

    def _open(self) -> None:
        self.db = _open(self._path)

    def _close_last(self) -> Future[None]:
        closing = self._thread.submit(self._close)
        self._thread.shutdown(wait=False)
        return closing

    def _close(self) -> None:
        if self.db is not None:
            self.db.close()


def _append_all(db: sqlite3.Connection, drafts: list[NewEvent]) -> list[int]:
    with _transaction(db, "begin immediate"):
        return [_append(db, draft) for draft in drafts]


def _append(db: sqlite3.Connection, draft: NewEvent) -> int:
    known = db.execute(
        "select seq from events where job_id = ? and key = ?", (draft.job_id, draft.key)
    ).fetchone()
    if known is not None:
        return known[0]
    (seq,) = db.execute(
        "insert into streams values (?, ?, 1)"
        " on conflict (job_id) do update set seq = seq + 1 returning seq",
        (draft.job_id, uuid.uuid4().hex[:12]),
    ).fetchone()
    body = draft.json_numbered(seq)
    db.execute("insert into events values (?, ?, ?, ?)", (draft.job_id, seq, draft.key, body))
    return seq


def _replace_all(db: sqlite3.Connection, ticks: list[ClipTick | JobTick]) -> None:
    with _transaction(db, "begin immediate"):
        for tick in ticks:
            db.execute(
                "insert or replace into last_ticks values (:job, :slot,"
                " (select coalesce(max(rev), 0) + 1 from last_ticks where job_id = :job),"
                " coalesce((select seq from streams where job_id = :job), 0), :body)",
                {"job": tick.job_id, "slot": tick.tick_key, "body": tick.model_dump_json()},
            )


def _delete(db: sqlite3.Connection, job_id: str) -> None:
    with _transaction(db, "begin immediate"):
        for table in ("events", "last_ticks", "streams"):
            db.execute(f"delete from {table} where job_id = ?", (job_id,))  # noqa: S608 - fixed names


def _view(db: sqlite3.Connection, job_id: str, after: int, rev: int, limit: int) -> View:
    """All in one transaction, so that it is of one moment."""
    with _transaction(db, "begin"):
        stream = db.execute("select epoch, seq from streams where job_id = ?", (job_id,)).fetchone()
        events = db.execute(
            "select body from events where job_id = ? and seq > ? order by seq limit ?",
            (job_id, after, limit),
        ).fetchall()
        ticks = db.execute(
            "select seq, body, rev from last_ticks where job_id = ? and rev > ? and seq >= ?"
            " order by rev",
            (job_id, rev, after),
        ).fetchall()
    epoch, seq = stream or (NO_EPOCH, 0)
    return View(
        epoch=epoch,
        seq=seq,
        rev=ticks[-1][2] if ticks else rev,
        events=[body for (body,) in events],
        ticks=[(at, body) for at, body, _ in ticks],
    )


def _version(db: sqlite3.Connection) -> int:
    """Another number whenever another connection has changed the file."""
    return db.execute("pragma data_version").fetchone()[0]


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
    try:
        use_wal(db, patience_s=_BUSY_S)
        db.execute("pragma synchronous = normal")
        if not _has_tables(db):
            with _transaction(db, "begin immediate"):
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)
    except BaseException:
        db.close()
        raise
    return db


def _has_tables(db: sqlite3.Connection) -> bool:
    """Whether the file needs no change: who only reads must not wait for a writer."""
    query = "select count(*) from sqlite_master where name in (?, ?, ?, ?)"
    return db.execute(query, _NAMES).fetchone() == (len(_NAMES),)


@contextmanager
def _transaction(db: sqlite3.Connection, begin: str) -> Iterator[None]:
    """One transaction: committed when the block ends, undone when it or its commit fails."""
    db.execute(begin)
    try:
        yield
        db.execute("commit")
    except BaseException:
        if db.in_transaction:  # a full disk makes SQLite undo by itself
            db.execute("rollback")
        raise
