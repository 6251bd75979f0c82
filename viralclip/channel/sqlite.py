"""The embedded channel: one SQLite file in WAL mode, and a nudge to watchers in this process."""

import asyncio
import sqlite3
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from pydantic import ValidationError

from viralclip.channel.port import BEGINNING
from viralclip.events import TICK, ClipTick, Envelope, JobTick, NewEvent, Tick
from viralclip.live import EventFrame, Frame, Reset, Snapshot, TickFrame
from viralclip.progress import Progress, advance

T = TypeVar("T")
_Placed = tuple[int, Envelope | Tick]

# A tick keeps the place it was given at: after event `seq`, before the next one.
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
_TURN_S = 0.02
_BATCH = 500
_FOLDED_JOBS = 64
_DIGITS = 18


class SqliteChannel:
    """Keeps events in `path`; one thread writes and one reads, so the event loop never waits.

    A writer that waits for another process to finish writing holds up no watcher.
    """

    def __init__(self, path: Path, *, poll_s: float = POLL_S) -> None:
        self._path = path
        self._poll_s = poll_s
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="channel-write")
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="channel-read")
        self._wakers: dict[str, set[asyncio.Event]] = {}

    async def __aenter__(self) -> Self:
        self._writer = _Writer(await _in(self._writing, lambda: _open(self._path)))
        self._reader = _Reader(await _in(self._reading, lambda: _open(self._path)))
        self._polling = asyncio.create_task(self._poll(), name="channel-poll")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._polling.cancel()
        await asyncio.wait({self._polling})
        await _in(self._reading, self._reader.close)
        await _in(self._writing, self._writer.close)
        self._reading.shutdown()
        self._writing.shutdown()

    async def publish(self, drafts: list[NewEvent]) -> list[int]:
        seqs = await _in(self._writing, lambda: self._writer.append(drafts))
        self._wake({draft.job_id for draft in drafts})
        return seqs

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        await _in(self._writing, lambda: self._writer.replace(ticks))
        self._wake({tick.job_id for tick in ticks})

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        snapshot, _ = await _in(self._reading, lambda: self._reader.since(job_id, None, 0))
        frame = snapshot[0]
        assert isinstance(frame, Snapshot)  # noqa: S101 - what the reader gives to no cursor
        return frame.progress, frame.cursor

    async def forget(self, job_id: str) -> None:
        await _in(self._writing, lambda: self._writer.delete(job_id))
        self._wake({job_id})

    async def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        cursor, rev = after, 0
        with self._waking(job_id) as waker:
            while True:
                waker.clear()
                frames, rev = await _in(
                    self._reading, lambda c=cursor, r=rev: self._reader.since(job_id, c, r)
                )
                for frame in frames:
                    cursor = frame.cursor
                    yield frame
                if not frames:
                    await waker.wait()

    @contextmanager
    def _waking(self, job_id: str) -> Iterator[asyncio.Event]:
        waker = asyncio.Event()
        self._wakers.setdefault(job_id, set()).add(waker)
        try:
            yield waker
        finally:
            self._wakers[job_id].discard(waker)
            if not self._wakers[job_id]:
                del self._wakers[job_id]

    async def _poll(self) -> None:
        """Wake every watcher when the file has changed: one question for all of them together."""
        known = 0
        while True:
            await asyncio.sleep(self._poll_s)
            if not self._wakers:
                continue
            try:
                version = await _in(self._reading, self._reader.version)
            except sqlite3.Error:
                version = known - 1  # the watchers will see for themselves
            if version != known:
                self._wake(set(self._wakers))
            known = version

    def _wake(self, job_ids: set[str]) -> None:
        for job_id in job_ids:
            for waker in self._wakers.get(job_id, ()):
                waker.set()


class _Writer:
    """The statements that change the file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.close = db.close

    def append(self, drafts: list[NewEvent]) -> list[int]:
        with _transaction(self._db, "begin immediate"):
            return [self._append(draft) for draft in drafts]

    def _append(self, draft: NewEvent) -> int:
        known = self._db.execute(
            "select seq from events where job_id = ? and key = ?", (draft.job_id, draft.key)
        ).fetchone()
        if known is not None:
            return known[0]
        (seq,) = self._db.execute(
            "insert into streams values (?, ?, 1)"
            " on conflict (job_id) do update set seq = seq + 1 returning seq",
            (draft.job_id, uuid.uuid4().hex[:12]),
        ).fetchone()
        body = draft.numbered(seq).model_dump_json()
        self._db.execute(
            "insert into events values (?, ?, ?, ?)", (draft.job_id, seq, draft.key, body)
        )
        return seq

    def replace(self, ticks: list[ClipTick | JobTick]) -> None:
        with _transaction(self._db, "begin immediate"):
            for tick in ticks:
                self._db.execute(
                    "insert or replace into last_ticks values (:job, :slot,"
                    " (select coalesce(max(rev), 0) + 1 from last_ticks where job_id = :job),"
                    " coalesce((select seq from streams where job_id = :job), 0), :body)",
                    {"job": tick.job_id, "slot": tick.tick_key, "body": tick.model_dump_json()},
                )

    def delete(self, job_id: str) -> None:
        with _transaction(self._db, "begin immediate"):
            for table in ("events", "last_ticks", "streams"):
                self._db.execute(f"delete from {table} where job_id = ?", (job_id,))  # noqa: S608 - fixed names


class _Reader:
    """The statements that read the file, each time in one consistent view of it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.close = db.close
        self._folded: OrderedDict[tuple[str, str], Progress] = OrderedDict()

    def version(self) -> int:
        """Another number whenever another connection has changed the file."""
        return self._db.execute("pragma data_version").fetchone()[0]

    def since(self, job_id: str, cursor: str | None, rev: int) -> tuple[list[Frame], int]:
        """What a watcher at `cursor` has not seen; an empty list when it has seen all."""
        with _transaction(self._db, "begin"):
            epoch, seq = self._stream(job_id)
            position = _position(cursor, epoch, seq)
            if position is None:
                progress, rev = self._fold(job_id, epoch)
                kind = Snapshot if cursor is None else Reset
                return [kind(cursor=_cursor(epoch, progress.seq), progress=progress)], rev
            items, rev = self._items(job_id, position, rev, limit=_BATCH)
            return [_frame(_cursor(epoch, at), item) for at, item in items], rev

    def _fold(self, job_id: str, epoch: str) -> tuple[Progress, int]:
        """All events and last ticks as progress; what was folded before is not folded again."""
        progress = self._folded.pop((job_id, epoch), Progress(job_id=job_id))
        items, rev = self._items(job_id, progress.seq, 0, limit=-1)
        for _, item in items:
            progress = advance(progress, item)
        self._folded[job_id, epoch] = progress
        while len(self._folded) > _FOLDED_JOBS:
            self._folded.popitem(last=False)
        return progress, rev

    def _stream(self, job_id: str) -> tuple[str, int]:
        row = self._db.execute(
            "select epoch, seq from streams where job_id = ?", (job_id,)
        ).fetchone()
        return (row[0], row[1]) if row else ("none", 0)

    def _items(
        self, job_id: str, position: int, rev: int, *, limit: int
    ) -> tuple[list[_Placed], int]:
        """Events after the position and ticks after the revision, each tick in its place."""
        events = self._db.execute(
            "select seq, body from events where job_id = ? and seq > ? order by seq limit ?",
            (job_id, position, limit),
        ).fetchall()
        # A tick behind the last event of a full batch may belong behind the next one.
        end = events[-1][0] if len(events) == limit else 2**62
        ticks = self._db.execute(
            "select seq, body, rev from last_ticks"
            " where job_id = ? and rev > ? and seq >= ? and seq < ? order by rev",
            (job_id, rev, position, end),
        ).fetchall()
        items: list[_Placed] = [
            *((seq, Envelope.model_validate_json(body)) for seq, body in events),
            *((seq, tick) for seq, body, _ in ticks if (tick := _tick(body))),
        ]
        items.sort(key=lambda item: item[0])  # stable: an event stays before its ticks
        return items, ticks[-1][2] if ticks else rev


def _write_ahead(db: sqlite3.Connection) -> None:
    """SQLite does not wait here for others who do the same to a new file, so we do."""
    deadline = time.monotonic() + _BUSY_S
    while db.execute("pragma journal_mode").fetchone() != ("wal",):
        try:
            db.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_TURN_S)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
    _write_ahead(db)
    db.execute("pragma synchronous = normal")
    if not _has_tables(db):
        with _transaction(db, "begin immediate"):
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
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


async def _in(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, work)


def _frame(cursor: str, item: Envelope | Tick) -> Frame:
    if isinstance(item, Envelope):
        return EventFrame(cursor=cursor, envelope=item)
    return TickFrame(cursor=cursor, tick=item)


def _tick(body: str) -> Tick | None:
    """The tick, or None if only a newer version understands it; it is perishable anyway."""
    try:
        return TICK.validate_json(body)
    except ValidationError:
        return None


def _cursor(epoch: str, seq: int) -> str:
    return f"{epoch}-{seq}"


def _position(cursor: str | None, epoch: str, last: int) -> int | None:
    """The sequence number a cursor stands at, or None if this history does not know it."""
    if cursor == BEGINNING:
        return 0
    known, _, seq = (cursor or "").rpartition("-")
    if known != epoch or not seq.isdecimal() or len(seq) > _DIGITS or int(seq) > last:
        return None
    return int(seq)
