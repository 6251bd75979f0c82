"""Runs of jobs in a SQL database."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from viralclip.catalog.database import Database
from viralclip.catalog.plans import KnownPlans
from viralclip.catalog.records import FoundRun
from viralclip.catalog.sql.clips import clips_of
from viralclip.catalog.sql.jobs import find_job, plan_columns
from viralclip.catalog.tables import clips, jobs
from viralclip.events import Outcome
from viralclip.plan import Plan, changed_clips


class SqlRuns:
    """The latest run of each job, in the row of the job."""

    def __init__(self, database: Database, plans: KnownPlans) -> None:
        self._database = database
        self._plans = plans

    async def find(self, job_id: str, scene_id: int | None = None) -> FoundRun | None:
        def work(db: Connection) -> FoundRun | None:
            job = find_job(db, job_id, self._plans)
            return FoundRun(job, clips_of(db, job_id, scene_id)) if job is not None else None

        return await self._database.read(work)

    async def begin(self, job_id: str, run: int, plan: Plan | None = None) -> None:
        here = sa.and_(jobs.c.job_id == job_id, jobs.c.run < run)

        def work(db: Connection) -> None:
            before = db.execute(sa.select(jobs.c.plan).where(here)).scalar()
            if before is None:
                return
            fresh = {"outcome": None, "finished_at": None, "stop_by": None, "stop_failed": False}
            planned = plan_columns(plan) if plan else {}
            db.execute(sa.update(jobs).where(here).values(run=run, attempt=0, **fresh, **planned))
            changed = changed_clips(Plan.model_validate(before), plan) if plan else frozenset()
            for stale in (
                clips.c.ending.is_distinct_from("complete"),
                *(sa.and_(clips.c.scene_id == s, clips.c.style == style) for s, style in changed),
            ):
                db.execute(_opened_again(job_id, run).where(stale))

        await self._database.write(work)

    async def begin_attempt(self, job_id: str, run: int) -> int:
        here = sa.and_(jobs.c.job_id == job_id, jobs.c.run == run)
        begin = sa.update(jobs).where(here).values(attempt=jobs.c.attempt + 1)
        begun = begin.returning(jobs.c.attempt)
        return await self._database.write(lambda db: db.execute(begun).scalar() or 0)

    async def finish(self, job_id: str, run: int, outcome: Outcome, at: datetime) -> bool:
        end = (
            sa.update(jobs)
            .where(jobs.c.job_id == job_id, jobs.c.run == run, jobs.c.outcome.is_(None))
            .values(outcome=outcome, finished_at=at.astimezone(UTC))
        )
        return await self._database.change(end) == 1

    async def stop(self, job_id: str, *, by: str, failed: bool) -> None:
        stop = (
            sa.update(jobs)
            .where(jobs.c.job_id == job_id, jobs.c.stop_by.is_(None))
            .values(stop_by=by, stop_failed=failed)
        )
        await self._database.change(stop)


def _opened_again(job_id: str, run: int) -> sa.Update:
    """The job's clips of earlier runs, to end anew in this one."""
    again = {"ending": None, "failure": None, "worker": None, "crashes": 0, "stop_by": None}
    here = sa.and_(clips.c.job_id == job_id, clips.c.run < run)
    return sa.update(clips).where(here).values(run=run, **again)
