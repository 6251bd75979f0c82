"""What becomes of clips, in a SQL database."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from viralclip.catalog.database import Database
from viralclip.catalog.records import ClipRecord, EndedClip, ended_facts
from viralclip.catalog.sql.clips import clips_of, place
from viralclip.catalog.tables import clips


class SqlClipRuns:
    """The latest run of each clip, in the row of the clip."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, job_id: str, scene_id: int, style: str, *, worker: str
    ) -> list[ClipRecord]:
        here = place(job_id, scene_id, style)
        begin = sa.update(clips).where(here, clips.c.ending.is_(None)).values(worker=worker)

        def work(db: Connection) -> list[ClipRecord]:
            db.execute(begin)
            return clips_of(db, job_id, scene_id)

        return await self._database.write(work)

    async def reserve_key(
        self, job_id: str, scene_id: int, style: str, *, key: str, size: int
    ) -> None:
        here = place(job_id, scene_id, style)
        file = {"key": key, "size": size, "tag": None}
        reserve = sa.update(clips).where(here, clips.c.ending.is_(None)).values(file)
        await self._database.change(reserve)

    async def end(self, record: ClipRecord) -> EndedClip:
        return await self._database.write(lambda db: _end(db, record))

    async def end_all(self, records: Sequence[ClipRecord]) -> list[EndedClip]:
        if not records:
            return []
        return await self._database.write(lambda db: [_end(db, record) for record in records])

    async def stop(self, job_id: str, scene_id: int, style: str, *, by: str) -> None:
        here = place(job_id, scene_id, style)
        stop = sa.update(clips).where(here, clips.c.stop_by.is_(None)).values(stop_by=by)
        await self._database.change(stop)

    async def count_crash(self, job_id: str, scene_id: int, style: str, *, worker: str) -> int:
        here = place(job_id, scene_id, style)
        crashed = sa.update(clips).where(here, clips.c.worker == worker)

        def work(db: Connection) -> int:
            db.execute(crashed.values(crashes=clips.c.crashes + 1, worker=None))
            return db.execute(sa.select(clips.c.crashes).where(here)).scalar() or 0

        return await self._database.write(work)


def _end(db: Connection, record: ClipRecord) -> EndedClip:
    here = place(record.job_id, record.scene_id, record.style)
    # A worker that was thought dead may still speak of an earlier run.
    open_here = sa.and_(here, clips.c.run == record.run, clips.c.ending.is_(None))
    ended = db.execute(sa.update(clips).where(open_here).values(ended_facts(record)))
    is_first = ended.rowcount == 1
    stands = sa.select(clips).where(here, clips.c.ending.is_not(None))
    row = db.execute(stands).mappings().first()
    return EndedClip(ClipRecord(**row) if row else record, is_first)
