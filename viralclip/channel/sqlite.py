"""The embedded channel: one SQLite file in WAL mode, and a nudge to watchers in this process."""

import asyncio
import sqlite3
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from viralclip.channel import BEGINNING
from viralclip.events import TICK, ClipTick, Draft, Envelope, JobTick
from viralclip.live import Frame, Reset, Snapshot, Ticked, Told
from viralclip.progress import Progress, advance

T = TypeVar("T")

_SCHEMA = """
create table if not exists streams (job_id text primary key, epoch text not null, seq integer not null);
create table if not exists events (
    job_id text not null, seq integer not null, key text not null, body text not null,
    primary key (job_id, seq), unique (job_id, key)
) without rowid;
create table if not exists ticks (
    job_id text not null, slot text not null, rev integer not null, body text not null,
    primary key (job_id, slot)
) without rowid;
create index if not exists ticks_rev on ticks (job_id, rev);
"""
# How often a watcher looks for what another process wrote; this process's own writes wake it at once.
POLL_S = 0.2
_FOLDED_JOBS = 64


class SqliteChannel:
    """Keeps events in `path`; every call runs in one thread of its own, so the event loop never waits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="channel")
        self._wakers: dict[str, set[asyncio.Event]] = {}
        self._folded: OrderedDict[tuple[str, str], Progress] = OrderedDict()
        self._rev = 0

    async def __aenter__(self) -> Self:
        self._db = await self._run(self._open)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._run(self._db.close)
        self._thread.shutdown()

    async def publish(self, drafts: list[Draft]) -> list[int]:
        seqs = await self._run(lambda: self._append(drafts))
        self._wake({draft.job_id for draft in drafts})
        return seqs

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        await self._run(lambda: self._replace(ticks))
        self._wake({tick.job_id for tick in ticks})

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        epoch, progress, _ = await self._run(lambda: self._snapshot(job_id))
        return progress, _cursor(epoch, progress.seq)

    async def forget(self, job_id: str) -> None:
        await self._run(lambda: self._delete(job_id))
        self._wake({job_id})

    async def watch(self, job_id: str, after: str | None = None) -> AsyncIterator[Frame]:
        waker = asyncio.Event()
        self._wakers.setdefault(job_id, set()).add(waker)
        try:
            async for frame in self._follow(job_id, after, waker):
                yield frame
        finally:
            self._wakers[job_id].discard(waker)

    async def _follow(
        self, job_id: str, after: str | None, waker: asyncio.Event
    ) -> AsyncIterator[Frame]:
        cursor = after
        rev = 0
        while True:
            waker.clear()
            frames, rev = await self._run(lambda c=cursor, r=rev: self._since(job_id, c, r))
            for frame in frames:
                cursor = frame.cursor
                yield frame
            if not frames:
                await _either(waker, POLL_S)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _wake(self, job_ids: set[str]) -> None:
        for job_id in job_ids:
            for waker in self._wakers.get(job_id, ()):
                waker.set()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, isolation_level=None, timeout=30, check_same_thread=False)
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = normal")
        db.executescript(_SCHEMA)
        return db

    def _append(self, drafts: list[Draft]) -> list[int]:
        with _Transaction(self._db):
            return [self._append_one(draft) for draft in drafts]

    def _append_one(self, draft: Draft) -> int:
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

    def _replace(self, ticks: list[ClipTick | JobTick]) -> None:
        with _Transaction(self._db):
            for tick in ticks:
                self._db.execute(
                    "insert or replace into ticks select ?, ?, coalesce(max(rev), 0) + 1, ?"
                    " from ticks where job_id = ?",
                    (tick.job_id, tick.slot, tick.model_dump_json(), tick.job_id),
                )

    def _delete(self, job_id: str) -> None:
        with _Transaction(self._db):
            for table in ("events", "ticks", "streams"):
                self._db.execute(f"delete from {table} where job_id = ?", (job_id,))  # noqa: S608 - fixed names

    def _since(self, job_id: str, cursor: str | None, rev: int) -> tuple[list[Frame], int]:
        """What a watcher at `cursor` has not seen; an empty list when it has seen all."""
        with _Transaction(self._db, begin="begin"):
            epoch, seq = self._stream(job_id)
            position = _position(cursor, epoch, seq)
            if position is None:
                kind = Snapshot if cursor is None else Reset
                _, progress, rev = self._read_snapshot(job_id)
                return [kind(cursor=_cursor(epoch, progress.seq), progress=progress)], rev
            told = [
                Told(cursor=_cursor(epoch, envelope.seq), envelope=envelope)
                for envelope in self._envelopes(job_id, position)
            ]
            here = told[-1].cursor if told else _cursor(epoch, position)
            ticks, rev = self._ticks(job_id, rev)
            return [*told, *(Ticked(cursor=here, tick=tick) for tick in ticks)], rev

    def _snapshot(self, job_id: str) -> tuple[str, Progress, int]:
        with _Transaction(self._db, begin="begin"):
            return self._read_snapshot(job_id)

    def _read_snapshot(self, job_id: str) -> tuple[str, Progress, int]:
        """The fold of all events and last ticks; what was folded before is not folded again."""
        epoch, _ = self._stream(job_id)
        progress = self._folded.pop((job_id, epoch), Progress(job_id=job_id))
        for envelope in self._envelopes(job_id, progress.seq):
            progress = advance(progress, envelope)
        ticks, rev = self._ticks(job_id, 0)
        for tick in ticks:
            progress = advance(progress, tick)
        self._folded[(job_id, epoch)] = progress
        while len(self._folded) > _FOLDED_JOBS:
            self._folded.popitem(last=False)
        return epoch, progress, rev

    def _stream(self, job_id: str) -> tuple[str, int]:
        row = self._db.execute(
            "select epoch, seq from streams where job_id = ?", (job_id,)
        ).fetchone()
        return (row[0], row[1]) if row else ("none", 0)

    def _envelopes(self, job_id: str, after: int) -> Iterable[Envelope]:
        rows = self._db.execute(
            "select body from events where job_id = ? and seq > ? order by seq", (job_id, after)
        )
        return [Envelope.model_validate_json(body) for (body,) in rows]

    def _ticks(self, job_id: str, after: int) -> tuple[list[ClipTick | JobTick], int]:
        rows = self._db.execute(
            "select rev, body from ticks where job_id = ? and rev > ? order by rev", (job_id, after)
        ).fetchall()
        ticks = [TICK.validate_json(body) for _, body in rows]
        return ticks, rows[-1][0] if rows else after


class _Transaction:
    """One transaction: committed when the block ends, undone when it raises."""

    def __init__(self, db: sqlite3.Connection, begin: str = "begin immediate") -> None:
        self._db = db
        self._begin = begin

    def __enter__(self) -> None:
        self._db.execute(self._begin)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._db.execute("commit" if kind is None else "rollback")


async def _either(waker: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await waker.wait()
    except TimeoutError:
        return


def _cursor(epoch: str, seq: int) -> str:
    return f"{epoch}-{seq}"


def _position(cursor: str | None, epoch: str, last: int) -> int | None:
    """The sequence number a cursor stands at, or None if this history does not know it."""
    if cursor == BEGINNING:
        return 0
    known, _, seq = (cursor or "").rpartition("-")
    if known != epoch or not seq.isdecimal() or int(seq) > last:
        return None
    return int(seq)
