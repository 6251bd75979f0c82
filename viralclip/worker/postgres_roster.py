"""The roster of many machines: locks in PostgreSQL, and a beat that keeps them believed."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from viralclip.worker import heartbeat_table as table
from viralclip.worker.heartbeat_table import Connection
from viralclip.worker.liveness import Lease, Life, WorkerIdTakenError

log = structlog.get_logger(__name__)

_LOOK_S = 0.2

_NAME = b"hashtextextended('viralclip worker ' || %s, 0)"
_TRY = b"select pg_try_advisory_lock(" + _NAME + b")"
# Of those who would go on with a dead worker's work, one.
_TRY_BURYING = b"select pg_try_advisory_lock(hashtextextended('viralclip burial ' || %s, 0))"
_RELEASE = b"select pg_advisory_unlock(" + _NAME + b")"
# Half of a 64-bit key each, as pg_locks shows it.
_HOLDERS = (
    b"select pid from pg_locks where locktype = 'advisory' and objsubid = 1 and granted"
    b" and database = (select oid from pg_database where datname = current_database())"
    b" and (classid::bigint << 32) + objid::bigint = " + _NAME
)


@dataclass(frozen=True)
class HeartbeatTiming:
    """Seconds: between beats, after which a silent worker is dead, and how long before that it
    must have given up by itself, whatever its machine is busy with."""

    beat_s: float = 1.0
    dead_s: float = 6.0
    margin_s: float = 1.5

    @property
    def give_up_s(self) -> float:
        return self.dead_s - self.margin_s


class PostgresRoster:
    """The workers that serve the engine in the database at `url`."""

    def __init__(self, url: str, tempo: HeartbeatTiming | None = None) -> None:
        self._url = url
        self._timing = tempo or HeartbeatTiming()

    @asynccontextmanager
    async def hold(self, worker: str, *, advertised: str = "") -> AsyncIterator[Lease]:
        loop = asyncio.get_running_loop()
        lease = _Heartbeat(self._url, worker, self._timing, loop, advertised=advertised)
        await asyncio.to_thread(lease.begin)
        try:
            yield lease
        finally:
            await asyncio.to_thread(lease.end)

    async def life_of(self, worker: str) -> Life:
        return await asyncio.to_thread(self._life_of, worker)

    async def advertised(self) -> Mapping[str, str]:
        return await asyncio.to_thread(self._advertised)

    @asynccontextmanager
    async def claim(self, worker: str) -> AsyncIterator[Life]:
        db = await asyncio.to_thread(_connect, self._url, self._timing)
        try:
            life = await asyncio.to_thread(self._claim, db, worker)
            yield life
            if life == "crashed":
                await asyncio.to_thread(table.leave, db, worker)
        finally:
            # The lock ends with the connection.
            await asyncio.to_thread(db.close)

    def _life_of(self, worker: str) -> Life:
        with _connect(self._url, self._timing) as db:
            silent_s = table.silent_s(db, worker)
        if silent_s is None:
            return "left"
        return "alive" if silent_s < self._timing.dead_s else "crashed"

    def _advertised(self) -> dict[str, str]:
        try:
            with _connect(self._url, self._timing) as db:
                return table.advertised(db, self._timing.dead_s)
        except psycopg.OperationalError as error:
            raise ConnectionError(str(error)) from error

    def _claim(self, db: Connection, worker: str) -> Life:
        silent_s = table.silent_s(db, worker)
        if silent_s is not None and silent_s < self._timing.dead_s:
            return "alive"
        if not _got(db, _TRY_BURYING, worker):
            return "alive"
        if silent_s is not None:
            # It may be frozen, or cut off, and the server not know it: its connection is what it
            # would speak through when it wakes.
            for (pid,) in db.execute(_HOLDERS, [worker]).fetchall():
                db.execute("select pg_terminate_backend(%s, 1000)", [pid])
        if not _try_acquire(db, worker):
            return "alive"
        # It may have come back, or been buried by another, before the lock was ours.
        silent_s = table.silent_s(db, worker)
        if silent_s is not None and silent_s < self._timing.dead_s:
            db.execute(_RELEASE, [worker])
            return "alive"
        return "left" if silent_s is None else "crashed"


class _Heartbeat:
    """A worker's lock and its beat, in a thread: a busy event loop must not look like death."""

    def __init__(
        self,
        url: str,
        worker: str,
        tempo: HeartbeatTiming,
        loop: asyncio.AbstractEventLoop,
        *,
        advertised: str = "",
    ) -> None:
        self._url = url
        self._worker = worker
        self._timing = tempo
        self._loop = loop
        self._advertised = advertised
        self._using = threading.Lock()
        self._ended = threading.Event()
        self._lease_valid_until = 0.0
        self.crashed_before = False
        self.lost = asyncio.Event()

    def begin(self) -> None:
        with _connect(self._url, self._timing) as db:
            table.make_table(db)
        self._db = _connect(self._url, self._timing)
        if not self._acquire():
            self._db.close()
            raise WorkerIdTakenError(worker=self._worker)
        asked_at = time.monotonic()
        self.crashed_before = table.silent_s(self._db, self._worker) is not None
        table.enter(self._db, self._worker, self._advertised)
        self._believe(asked_at)
        self._thread = threading.Thread(target=self._beat_until_ended, name="pulse", daemon=True)
        self._thread.start()

    def _acquire(self) -> bool:
        """Whether the lock is ours. Who holds it and does not beat is burying the one that was here
        before, or was that one and its connection is still to be missed: both are soon over."""
        deadline = time.monotonic() + self._timing.dead_s
        silent_s = table.silent_s(self._db, self._worker)
        while not _try_acquire(self._db, self._worker):
            before, silent_s = silent_s, table.silent_s(self._db, self._worker)
            has_beaten = silent_s is not None and (before is None or silent_s < before)
            if has_beaten or time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_S)
        return True

    def end(self) -> None:
        """Leave in good order: the absence of the name means no crash."""
        self._ended.set()
        self._thread.join()
        with suppress(psycopg.Error):
            table.leave(self._db, self._worker)
        self._db.close()

    def advertise(self, text: str) -> None:
        """Others read it from the next beat on."""
        self._advertised = text

    async def confirm_ownership(self) -> None:
        if not await asyncio.to_thread(self._beat_until_believed):
            self.lost.set()
            await asyncio.Event().wait()

    def _beat_until_ended(self) -> None:
        while not self._ended.wait(self._timing.beat_s):
            if not self._beat_until_believed():
                with suppress(RuntimeError):  # the loop has ended before us
                    self._loop.call_soon_threadsafe(self.lost.set)
                return

    def _beat_until_believed(self) -> bool:
        """Whether this worker is still itself; a lost connection is made anew while there is time.

        The time is counted from when the last beat was sent: the others count from a later moment.
        """
        while not self._ended.is_set():
            asked_at = time.monotonic()
            try:
                with self._using:
                    alive = self._beat()
            except psycopg.Error as error:
                log.warning("Worker's lock unavailable", error=repr(error))
                if time.monotonic() > self._lease_valid_until:
                    return False
                self._ended.wait(0.2)
                continue
            if alive:
                self._believe(asked_at)
            return alive
        return True

    def _beat(self) -> bool:
        try:
            if self._db.closed:
                self._db = _connect(self._url, self._timing)
                self._reacquire()
            return table.beat(self._db, self._worker, self._advertised)
        except psycopg.Error:
            self._db.close()
            raise

    def _reacquire(self) -> None:
        """The server may not know yet that our own old connection is gone: that takes a while."""
        if (
            not _try_acquire(self._db, self._worker)
            and table.silent_s(self._db, self._worker) is not None
        ):
            raise psycopg.OperationalError("the old connection still holds the lock")

    def _believe(self, asked_at: float) -> None:
        self._lease_valid_until = asked_at + self._timing.give_up_s


def _connect(url: str, tempo: HeartbeatTiming) -> Connection:
    patience_ms = int(tempo.give_up_s * 500)
    # A network that was cut is noticed although nobody closed the connection.
    parameters = make_conninfo(
        url,
        connect_timeout=2,
        keepalives_idle=2,
        keepalives_interval=1,
        keepalives_count=3,
        tcp_user_timeout=patience_ms,
        options=f"-c statement_timeout={patience_ms}",
    )
    return psycopg.connect(parameters, autocommit=True)


def _try_acquire(db: Connection, worker: str) -> bool:
    return _got(db, _TRY, worker)


def _got(db: Connection, lock: bytes, worker: str) -> bool:
    (got,) = db.execute(lock, [worker]).fetchone() or (False,)
    return bool(got)
