"""The catalog in SQLite or PostgreSQL."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection, Engine, RowMapping
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from viralclip.catalog.database import PATIENCE_S, aware, insert, open_database, reading
from viralclip.catalog.records import (
    Claim,
    ClipPlace,
    ClipRecord,
    EndedClip,
    Endings,
    JobRecord,
    JobSummary,
    Priority,
    ended_facts,
)
from viralclip.catalog.tables import claims, clips, jobs, models, videos
from viralclip.durations import Machine, Observation, Timings, read_model, read_timings
from viralclip.events import Outcome
from viralclip.plan import Clip, Plan, Video

T = TypeVar("T")

log = structlog.get_logger(__name__)

_KNOWN_PLANS = 32
_LOOK_S = 0.5

# Of the plan, which may be long, only what a list shows leaves the database.
_OF_PLAN = {
    "video_id": ("video", "identity"),
    "video_name": ("video", "name"),
    "video_path": ("video", "path"),
    "aspect": ("options", "aspect"),
    "preset": ("options", "preset"),
}
_SUMMARY = (
    *(jobs.c[name] for name in JobSummary.model_fields if name not in _OF_PLAN),
    *(jobs.c.plan[path].as_string().label(name) for name, path in _OF_PLAN.items()),
)


class SqlCatalog:
    """Records in a database; every call runs in a thread, so the event loop never waits for it."""

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S) -> None:
        self._url = url
        self._patience = patience_s
        self._plans: dict[str, Plan] = {}

    async def __aenter__(self) -> Self:
        self._engine = await asyncio.to_thread(open_database, self._url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._engine.dispose)

    async def add_job(self, job: JobRecord) -> None:
        def work(db: Connection) -> None:
            new = insert(db, jobs).values(_job_row(job)).on_conflict_do_nothing()
            if db.execute(new.returning(jobs.c.job_id)).first() is not None:
                db.execute(sa.insert(clips), [_new_clip(job, clip) for clip in job.plan.clips()])
                _remember_video(db, job.owner, job.plan.video, job.created_at)

        await self._write(work)

    async def job(self, job_id: str) -> JobRecord | None:
        return await self._read(lambda db: self._find_job(db, job_id))

    def _find_job(self, db: Connection, job_id: str) -> JobRecord | None:
        """A plan never changes: it is read and checked once, and shared by all who ask after it."""
        plan = self._plans.get(job_id)
        columns = [column for column in jobs.c if plan is None or column is not jobs.c.plan]
        row = _one(db, sa.select(*columns).where(jobs.c.job_id == job_id))
        if row is None:
            return None
        job = _job(row, plan)
        self._plans[job_id] = job.plan
        while len(self._plans) > _KNOWN_PLANS:
            self._plans.pop(next(iter(self._plans)))
        return job

    async def jobs(
        self, *, owner: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> list[JobSummary]:
        query = sa.select(*_SUMMARY).order_by(jobs.c.created_at.desc(), jobs.c.job_id).limit(limit)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        if before is not None:
            query = query.where(jobs.c.created_at < before.astimezone(UTC))
        rows = await self._read(lambda db: _all(db, query))
        return [JobSummary.model_validate(_in_zone(row)) for row in rows]

    async def unfinished(self, digest: str, storage_url: str) -> JobRecord | None:
        query = (
            sa.select(jobs)
            .where(jobs.c.digest == digest, jobs.c.storage_url == storage_url)
            .where(jobs.c.outcome.is_(None))
            .order_by(jobs.c.created_at.desc())
        )
        row = await self._read(lambda db: _one(db, query))
        return _job(row) if row else None

    async def begin_run(self, job_id: str, run: int) -> None:
        def work(db: Connection) -> None:
            fresh = {"outcome": None, "finished_at": None, "stop_by": None, "stop_failed": False}
            fresh |= {"attempt": 0}
            db.execute(
                sa.update(jobs)
                .where(jobs.c.job_id == job_id, jobs.c.run < run)
                .values(run=run, **fresh)
            )
            db.execute(
                sa.update(clips)
                .where(clips.c.job_id == job_id, clips.c.run < run)
                .where(clips.c.ending.is_distinct_from("complete"))
                .values(run=run, ending=None, failure=None, worker=None, crashes=0, stop_by=None)
            )

        await self._write(work)

    async def begin_attempt(self, job_id: str, run: int) -> int:
        here = sa.and_(jobs.c.job_id == job_id, jobs.c.run == run)

        def work(db: Connection) -> int:
            db.execute(sa.update(jobs).where(here).values(attempt=jobs.c.attempt + 1))
            row = _one(db, sa.select(jobs.c.attempt).where(here))
            return row["attempt"] if row else 0

        return await self._write(work)

    async def finish_job(self, job_id: str, run: int, outcome: Outcome, at: datetime) -> bool:
        end = (
            sa.update(jobs)
            .where(jobs.c.job_id == job_id, jobs.c.run == run, jobs.c.outcome.is_(None))
            .values(outcome=outcome, finished_at=at.astimezone(UTC))
        )
        return await self._write(lambda db: db.execute(end).rowcount == 1)

    async def stop_job(self, job_id: str, *, by: str, failed: bool) -> None:
        await self._write(
            lambda db: db.execute(
                sa.update(jobs)
                .where(jobs.c.job_id == job_id, jobs.c.stop_by.is_(None))
                .values(stop_by=by, stop_failed=failed)
            )
        )

    async def stop_clip(self, job_id: str, scene_id: int, style: str, *, by: str) -> None:
        here = _place(job_id, scene_id, style)
        stop = sa.update(clips).where(here, clips.c.stop_by.is_(None)).values(stop_by=by)
        await self._write(lambda db: db.execute(stop))

    async def set_priority(self, job_id: str, priority: Priority) -> None:
        change = sa.update(jobs).where(jobs.c.job_id == job_id).values(priority=priority)
        await self._write(lambda db: db.execute(change))

    async def count_running(self, owner: str) -> int:
        running = sa.select(sa.func.count().label("count")).where(
            jobs.c.owner == owner, jobs.c.outcome.is_(None)
        )
        row = await self._read(lambda db: _one(db, running))
        return row["count"] if row else 0

    async def claim(self, owner: str, key: str, digest: str, job_id: str) -> Claim:
        mine = Claim(digest=digest, job_id=job_id)
        row = {"owner": owner, "key": key, **mine.model_dump()}
        try:
            await self._write(lambda db: db.execute(sa.insert(claims).values(row)))
        except IntegrityError:
            return await self.find_idempotency_key(owner, key) or mine
        return mine

    async def find_idempotency_key(self, owner: str, key: str) -> Claim | None:
        query = sa.select(claims).where(claims.c.owner == owner, claims.c.key == key)
        row = await self._read(lambda db: _one(db, query))
        return Claim(**row) if row else None

    async def add_video(self, owner: str, video: Video) -> None:
        await self._write(lambda db: _remember_video(db, owner, video, datetime.now(UTC)))

    async def videos(self, owner: str) -> list[Video]:
        query = sa.select(videos).where(videos.c.owner == owner).order_by(videos.c.added_at.desc())
        return [Video(**row["facts"]) for row in await self._read(lambda db: _all(db, query))]

    async def video(self, owner: str, identity: str) -> Video | None:
        query = sa.select(videos).where(videos.c.owner == owner, videos.c.identity == identity)
        row = await self._read(lambda db: _one(db, query))
        return Video(**row["facts"]) if row else None

    async def forget_video(self, owner: str, identity: str) -> None:
        gone = sa.delete(videos).where(videos.c.owner == owner, videos.c.identity == identity)
        await self._write(lambda db: db.execute(gone))

    async def forget_videos_at(self, paths: Collection[str]) -> None:
        at_one = videos.c.facts["path"].as_string()

        def work(db: Connection) -> None:
            for path in paths:
                db.execute(sa.delete(videos).where(at_one == path))

        await self._write(work)

    async def paths_in_use(self, since: datetime | None = None) -> frozenset[str]:
        path = jobs.c.plan[("video", "path")].as_string()
        wanted = jobs.c.outcome.is_(None)
        if since is not None:
            wanted = sa.or_(wanted, jobs.c.finished_at >= since.astimezone(UTC))
        query = sa.select(path.label("path")).where(wanted).distinct()
        return frozenset(row["path"] for row in await self._read(lambda db: _all(db, query)))

    async def ended_before(self, at: datetime) -> list[JobSummary]:
        ended = sa.and_(jobs.c.outcome.is_not(None), jobs.c.finished_at < at.astimezone(UTC))
        query = sa.select(*_SUMMARY).where(ended).order_by(jobs.c.finished_at, jobs.c.job_id)
        rows = await self._read(lambda db: _all(db, query))
        return [JobSummary.model_validate(_in_zone(row)) for row in rows]

    async def forget_idempotency_keys(self, job_id: str) -> None:
        gone = sa.delete(claims).where(claims.c.job_id == job_id)
        await self._write(lambda db: db.execute(gone))

    async def delete_job(self, job_id: str) -> None:
        def work(db: Connection) -> None:
            db.execute(sa.delete(clips).where(clips.c.job_id == job_id))
            db.execute(sa.delete(jobs).where(jobs.c.job_id == job_id))

        await self._write(work)

    async def clips(
        self,
        job_id: str,
        scene_id: int | None = None,
        *,
        after: ClipPlace | None = None,
        limit: int | None = None,
    ) -> list[ClipRecord]:
        query = sa.select(clips).where(clips.c.job_id == job_id)
        if scene_id is not None:
            query = query.where(clips.c.scene_id == scene_id)
        if after is not None:
            place = sa.tuple_(clips.c.scene_id, clips.c.style)
            query = query.where(place > sa.tuple_(*map(sa.literal, after)))
        query = query.order_by(clips.c.scene_id, clips.c.style).limit(limit)
        return [ClipRecord(**row) for row in await self._read(lambda db: _all(db, query))]

    async def clip(self, job_id: str, scene_id: int, style: str) -> ClipRecord | None:
        query = sa.select(clips).where(_place(job_id, scene_id, style))
        row = await self._read(lambda db: _one(db, query))
        return ClipRecord(**row) if row else None

    async def count_endings(self, job_ids: Sequence[str]) -> Mapping[str, Endings]:
        counted = (clips.c.job_id, clips.c.ending, sa.func.count().label("count"))
        query = (
            sa.select(*counted)
            .where(clips.c.job_id.in_(job_ids))
            .group_by(clips.c.job_id, clips.c.ending)
        )
        counts = {job_id: dict[str, int]() for job_id in job_ids}
        for row in await self._read(lambda db: _all(db, query)):
            counts[row["job_id"]][row["ending"] or "open"] = row["count"]
        return {job_id: Endings(**of_job) for job_id, of_job in counts.items()}

    async def count_waiting(self, owner: str, priority: Priority, before: datetime) -> int:
        query = (
            sa.select(sa.func.count().label("count"))
            .select_from(clips)
            .join(jobs, jobs.c.job_id == clips.c.job_id)
            .where(jobs.c.owner == owner, jobs.c.outcome.is_(None), jobs.c.priority == priority)
            .where(jobs.c.created_at < before.astimezone(UTC))
        )
        row = await self._read(lambda db: _one(db, query))
        return row["count"] if row else 0

    async def end_clip(self, record: ClipRecord) -> EndedClip:
        return await self._write(lambda db: _end_clip(db, record))

    async def end_clips(self, records: Sequence[ClipRecord]) -> list[EndedClip]:
        return await self._write(lambda db: [_end_clip(db, record) for record in records])

    async def begin_clip(self, job_id: str, scene_id: int, style: str, *, worker: str) -> None:
        here = _place(job_id, scene_id, style)
        begin = sa.update(clips).where(here, clips.c.ending.is_(None)).values(worker=worker)
        await self._write(lambda db: db.execute(begin))

    async def count_crash(self, job_id: str, scene_id: int, style: str, *, worker: str) -> int:
        here = _place(job_id, scene_id, style)
        crashed = sa.update(clips).where(here, clips.c.worker == worker)

        def work(db: Connection) -> int:
            db.execute(crashed.values(crashes=clips.c.crashes + 1, worker=None))
            row = _one(db, sa.select(clips.c.crashes).where(here))
            return row["crashes"] if row else 0

        return await self._write(work)

    async def reserve_key(
        self, job_id: str, scene_id: int, style: str, *, key: str, size: int
    ) -> None:
        here = _place(job_id, scene_id, style)
        file = {"key": key, "size": size, "tag": None}
        reserve = sa.update(clips).where(here, clips.c.ending.is_(None)).values(file)
        await self._write(lambda db: db.execute(reserve))

    async def stored(
        self, storage_url: str, *, key: str | None = None, digest: str | None = None
    ) -> list[ClipRecord]:
        query = (
            sa.select(clips)
            .join(jobs, jobs.c.job_id == clips.c.job_id)
            .where(jobs.c.storage_url == storage_url, clips.c.key.is_not(None))
            .order_by(jobs.c.created_at.desc(), clips.c.scene_id, clips.c.style)
        )
        if key is not None:
            query = query.where(clips.c.key == key)
        if digest is not None:
            query = query.where(clips.c.digest == digest)
        return [ClipRecord(**row) for row in await self._read(lambda db: _all(db, query))]

    async def timings(self) -> Timings:
        rows = await self._read(lambda db: _all(db, sa.select(models)))
        return read_timings({row["stage"]: row["state"] for row in rows})

    async def learn(self, seen: Observation) -> Machine:
        stage = seen.workload.stage

        def work(db: Connection) -> Machine:
            here = models.c.stage == stage
            unknown = {"stage": stage, "state": ""}
            db.execute(insert(db, models).values(unknown).on_conflict_do_nothing())
            row = db.execute(sa.select(models).where(here).with_for_update()).mappings().one()
            known = read_model(row["state"]).observe(seen)
            db.execute(sa.update(models).where(here).values(state=known.model_dump_json()))
            return known.machines[seen.machine]

        return await self._write(work)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await self._transact(work, reading)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await self._transact(work, Engine.begin)

    async def _transact(
        self,
        work: Callable[[Connection], T],
        begin: Callable[[Engine], AbstractContextManager[Connection]],
    ) -> T:
        """Do the work in one transaction; again, for a while, where the server is not there."""

        def transaction() -> T:
            with begin(self._engine) as db:
                return work(db)

        give_up_at = time.monotonic() + self._patience
        while True:
            try:
                return await asyncio.to_thread(transaction)
            except (OperationalError, InterfaceError) as error:
                local = self._engine.dialect.name == "sqlite"
                if local or time.monotonic() > give_up_at:
                    raise
                log.warning("Catalog unavailable", error=repr(error.orig), retry_in_sec=_LOOK_S)
            await asyncio.sleep(_LOOK_S)


def _one(db: Connection, query: sa.Executable) -> RowMapping | None:
    return db.execute(query).mappings().first()


def _all(db: Connection, query: sa.Executable) -> list[RowMapping]:
    return list(db.execute(query).mappings())


def _end_clip(db: Connection, record: ClipRecord) -> EndedClip:
    here = _place(record.job_id, record.scene_id, record.style)
    # A worker that was thought dead may still speak of an earlier run.
    open_here = sa.and_(here, clips.c.run == record.run, clips.c.ending.is_(None))
    ended = db.execute(sa.update(clips).where(open_here).values(ended_facts(record)))
    row = _one(db, sa.select(clips).where(here, clips.c.ending.is_not(None)))
    return EndedClip(ClipRecord(**row) if row else record, ended.rowcount == 1)


def _place(job_id: str, scene_id: int, style: str) -> sa.ColumnElement[bool]:
    return sa.and_(clips.c.job_id == job_id, clips.c.scene_id == scene_id, clips.c.style == style)


def _job_row(job: JobRecord) -> dict[str, Any]:
    row = job.model_dump(exclude={"plan"})
    row |= {name: _utc(row[name]) for name in ("created_at", "finished_at")}
    return row | {"plan": job.plan.model_dump(mode="json"), "digest": job.plan.digest}


def _new_clip(job: JobRecord, clip: Clip) -> dict[str, Any]:
    record = ClipRecord(
        job_id=job.job_id,
        scene_id=clip.scene.id,
        style=clip.style,
        digest=clip.digest,
        run=job.run,
    )
    return record.model_dump()


def _remember_video(db: Connection, owner: str, video: Video, at: datetime) -> None:
    """The latest place of the video is the one that counts; when it was first added stays."""
    facts = video.model_dump(mode="json")
    row = {"identity": video.identity, "owner": owner, "facts": facts, "added_at": _utc(at)}
    known = (videos.c.identity, videos.c.owner)
    new = insert(db, videos).values(row)
    db.execute(new.on_conflict_do_update(index_elements=known, set_={"facts": facts}))


def _job(row: RowMapping, plan: Plan | None = None) -> JobRecord:
    plan = plan or Plan.model_validate(row["plan"])
    return JobRecord.model_validate({**_in_zone(row), "plan": plan})


def _in_zone(row: RowMapping) -> dict[str, Any]:
    times = {name: row[name] for name in ("created_at", "finished_at")}
    return {**row, **{name: aware(at) if at else None for name, at in times.items()}}


def _utc(at: datetime | None) -> datetime | None:
    """SQLite keeps the clock's hands and forgets the zone: all clocks in it show UTC."""
    return at.astimezone(UTC) if at is not None else None
