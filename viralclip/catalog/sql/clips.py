"""Records of clips in a SQL database, to be read."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from viralclip.catalog.database import Database
from viralclip.catalog.records import ClipPlace, ClipRecord, Endings, Priority
from viralclip.catalog.tables import clips, jobs


def place(job_id: str, scene_id: int, style: str) -> sa.ColumnElement[bool]:
    """The row of one clip."""
    return sa.and_(clips.c.job_id == job_id, clips.c.scene_id == scene_id, clips.c.style == style)


def clips_of(db: Connection, job_id: str, scene_id: int | None = None) -> list[ClipRecord]:
    """The clips of a job, or of one of its scenes, in order."""
    return [ClipRecord(**row) for row in db.execute(_query_of(job_id, scene_id)).mappings()]


def _query_of(job_id: str, scene_id: int | None) -> sa.Select[Any]:
    query = sa.select(clips).where(clips.c.job_id == job_id)
    if scene_id is not None:
        query = query.where(clips.c.scene_id == scene_id)
    return query.order_by(clips.c.scene_id, clips.c.style)


class SqlClips:
    """The records of clips; what becomes of them is written beside."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(
        self,
        job_id: str,
        scene_id: int | None = None,
        *,
        after: ClipPlace | None = None,
        limit: int | None = None,
    ) -> list[ClipRecord]:
        query = _query_of(job_id, scene_id)
        if after is not None:
            here = sa.tuple_(clips.c.scene_id, clips.c.style)
            query = query.where(here > sa.tuple_(*map(sa.literal, after)))
        return await self._records(query.limit(limit))

    async def unfinished(self, job_id: str) -> list[ClipRecord]:
        query = sa.select(clips).where(clips.c.job_id == job_id, clips.c.ending.is_(None))
        return await self._records(query.order_by(clips.c.scene_id, clips.c.style))

    async def find(self, job_id: str, scene_id: int, style: str) -> ClipRecord | None:
        found = await self._records(sa.select(clips).where(place(job_id, scene_id, style)))
        return found[0] if found else None

    async def count_endings(self, job_ids: Sequence[str]) -> Mapping[str, Endings]:
        counted = (clips.c.job_id, clips.c.ending, sa.func.count().label("count"))
        query = (
            sa.select(*counted)
            .where(clips.c.job_id.in_(job_ids))
            .group_by(clips.c.job_id, clips.c.ending)
        )
        counts = {job_id: dict[str, int]() for job_id in job_ids}
        for row in await self._database.all(query):
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
        row = await self._database.first(query)
        return row["count"] if row else 0

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
        return await self._records(query)

    async def _records(self, query: sa.Select[Any]) -> list[ClipRecord]:
        return [ClipRecord(**row) for row in await self._database.all(query)]
