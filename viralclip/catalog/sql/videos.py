"""Videos in a SQL database."""

from collections.abc import Collection
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from viralclip.catalog.database import Database, insert, utc
from viralclip.catalog.tables import jobs, videos
from viralclip.plan import Video


class SqlVideos:
    """The videos, each as its owner knows it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, owner: str, video: Video) -> None:
        await self._database.write(lambda db: remember(db, owner, video, datetime.now(UTC)))

    async def of(self, owner: str) -> list[Video]:
        query = sa.select(videos).where(videos.c.owner == owner).order_by(videos.c.added_at.desc())
        return [Video(**row["facts"]) for row in await self._database.all(query)]

    async def find(self, owner: str, identity: str) -> Video | None:
        query = sa.select(videos).where(videos.c.owner == owner, videos.c.identity == identity)
        row = await self._database.first(query)
        return Video(**row["facts"]) if row else None

    async def forget(self, owner: str, identity: str) -> None:
        gone = sa.delete(videos).where(videos.c.owner == owner, videos.c.identity == identity)
        await self._database.change(gone)

    async def forget_at(self, paths: Collection[str]) -> None:
        at_one = videos.c.facts["path"].as_string()

        def work(db: Connection) -> None:
            for path in paths:
                db.execute(sa.delete(videos).where(at_one == path))

        await self._database.write(work)

    async def paths_in_use(self, since: datetime | None = None) -> frozenset[str]:
        path = jobs.c.plan[("video", "path")].as_string()
        wanted = jobs.c.outcome.is_(None)
        if since is not None:
            wanted = sa.or_(wanted, jobs.c.finished_at >= since.astimezone(UTC))
        query = sa.select(path.label("path")).where(wanted).distinct()
        return frozenset(row["path"] for row in await self._database.all(query))


def remember(db: Connection, owner: str, video: Video, at: datetime) -> None:
    """The latest place of the video is the one that counts; when it was first added stays."""
    facts = video.model_dump(mode="json")
    row = {"identity": video.identity, "owner": owner, "facts": facts, "added_at": utc(at)}
    known = (videos.c.identity, videos.c.owner)
    new = insert(db, videos).values(row)
    db.execute(new.on_conflict_do_update(index_elements=known, set_={"facts": facts}))
