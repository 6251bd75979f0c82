"""Idempotency keys in a SQL database."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from viralclip.catalog.database import Database
from viralclip.catalog.records import Claim
from viralclip.catalog.tables import claims


class SqlIdempotencyKeys:
    """What each idempotency key stands for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, owner: str, key: str, digest: str, job_id: str) -> Claim:
        mine = Claim(digest=digest, job_id=job_id)
        row = {"owner": owner, "key": key, **mine.model_dump()}
        try:
            await self._database.change(sa.insert(claims).values(row))
        except IntegrityError:
            return await self.find(owner, key) or mine
        return mine

    async def find(self, owner: str, key: str) -> Claim | None:
        query = sa.select(claims).where(claims.c.owner == owner, claims.c.key == key)
        row = await self._database.first(query)
        return Claim(**row) if row else None

    async def forget(self, job_id: str) -> None:
        await self._database.change(sa.delete(claims).where(claims.c.job_id == job_id))
