"""Jobs in a SQL database; a plan is read and checked once in a process."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from viralclip.catalog.database import Database, aware, insert, utc
from viralclip.catalog.plans import KnownPlans
from viralclip.catalog.records import JobRecord, JobSummary, Priority, new_clips
from viralclip.catalog.sql.videos import remember
from viralclip.catalog.tables import clips, jobs
from viralclip.plan import Plan

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


class SqlJobs:
    """The jobs, with the plans that were read of them."""

    def __init__(self, database: Database, plans: KnownPlans) -> None:
        self._database = database
        self._plans = plans

    async def add(self, job: JobRecord) -> None:
        def work(db: Connection) -> None:
            new = insert(db, jobs).values(_row(job)).on_conflict_do_nothing()
            if db.execute(new.returning(jobs.c.job_id)).first() is not None:
                db.execute(sa.insert(clips), [clip.model_dump() for clip in new_clips(job)])
                remember(db, job.owner, job.plan.video, job.created_at)

        await self._database.write(work)

    async def find(self, job_id: str) -> JobRecord | None:
        return await self._database.read(lambda db: find_job(db, job_id, self._plans))

    async def latest(
        self, *, owner: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> list[JobSummary]:
        query = sa.select(*_SUMMARY).order_by(jobs.c.created_at.desc(), jobs.c.job_id).limit(limit)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        if before is not None:
            query = query.where(jobs.c.created_at < before.astimezone(UTC))
        return [_summary(row) for row in await self._database.all(query)]

    async def find_unfinished(self, digest: str, storage_url: str) -> JobRecord | None:
        query = (
            sa.select(jobs)
            .where(jobs.c.digest == digest, jobs.c.storage_url == storage_url)
            .where(jobs.c.outcome.is_(None))
            .order_by(jobs.c.created_at.desc())
        )
        row = await self._database.first(query)
        return _job(row) if row else None

    async def set_priority(self, job_id: str, priority: Priority) -> None:
        change = sa.update(jobs).where(jobs.c.job_id == job_id).values(priority=priority)
        await self._database.change(change)

    async def count_running(self, owner: str) -> int:
        running = sa.select(sa.func.count().label("count")).where(
            jobs.c.owner == owner, jobs.c.outcome.is_(None)
        )
        row = await self._database.first(running)
        return row["count"] if row else 0

    async def ended_before(self, at: datetime) -> list[JobSummary]:
        ended = sa.and_(jobs.c.outcome.is_not(None), jobs.c.finished_at < at.astimezone(UTC))
        query = sa.select(*_SUMMARY).where(ended).order_by(jobs.c.finished_at, jobs.c.job_id)
        return [_summary(row) for row in await self._database.all(query)]

    async def delete(self, job_id: str) -> None:
        def work(db: Connection) -> None:
            db.execute(sa.delete(clips).where(clips.c.job_id == job_id))
            db.execute(sa.delete(jobs).where(jobs.c.job_id == job_id))

        await self._database.write(work)


def find_job(db: Connection, job_id: str, plans: KnownPlans) -> JobRecord | None:
    """The job; its plan is read only if it is not known of this run."""
    known = plans.get(job_id)
    columns = [column for column in jobs.c if known is None or column is not jobs.c.plan]
    row = db.execute(sa.select(*columns).where(jobs.c.job_id == job_id)).mappings().first()
    if row is None:
        return None
    if known is not None and known.run != row["run"]:
        plans.forget(job_id)
        return find_job(db, job_id, plans)
    job = _job(row, known.plan if known else None)
    plans.keep(job)
    return job


def _row(job: JobRecord) -> dict[str, Any]:
    row = job.model_dump(exclude={"plan"})
    row |= {name: utc(row[name]) for name in ("created_at", "finished_at")}
    return row | plan_columns(job.plan)


def plan_columns(plan: Plan) -> dict[str, Any]:
    return {"plan": plan.model_dump(mode="json"), "digest": plan.digest}


def _job(row: RowMapping, plan: Plan | None = None) -> JobRecord:
    plan = plan or Plan.model_validate(row["plan"])
    return JobRecord.model_validate({**_in_zone(row), "plan": plan})


def _summary(row: RowMapping) -> JobSummary:
    return JobSummary.model_validate(_in_zone(row))


def _in_zone(row: RowMapping) -> dict[str, Any]:
    times = {name: row[name] for name in ("created_at", "finished_at")}
    return {**row, **{name: aware(at) if at else None for name, at in times.items()}}
