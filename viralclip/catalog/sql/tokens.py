"""Tokens in a SQL database."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from viralclip.catalog.database import Database, aware
from viralclip.catalog.tables import tokens
from viralclip.catalog.tokens import Account, TokenNameTakenError, hash_of, new_token


class SqlTokens:
    """The tokens; whoever signs in does not wait for a server that is not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, *, expires_at: datetime | None = None) -> str:
        token = new_token()
        row = {"name": name, "hash": hash_of(token), "created_at": datetime.now(UTC)}
        row["expires_at"] = expires_at
        try:
            await self._database.change(sa.insert(tokens).values(row), patient=False)
        except IntegrityError as error:
            raise TokenNameTakenError(name=name) from error
        return token

    async def owner_of(self, token: str) -> str | None:
        valid = sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > datetime.now(UTC))
        query = sa.select(tokens.c.name).where(tokens.c.hash == hash_of(token), valid)
        row = await self._database.first(query, patient=False)
        return row["name"] if row else None

    async def exist(self) -> bool:
        query = sa.select(tokens.c.name).limit(1)
        return await self._database.first(query, patient=False) is not None

    async def all(self) -> list[Account]:
        query = sa.select(tokens).order_by(tokens.c.name)
        return [_account(row) for row in await self._database.all(query, patient=False)]

    async def revoke(self, name: str) -> bool:
        gone = sa.delete(tokens).where(tokens.c.name == name)
        return await self._database.change(gone, patient=False) > 0


def _account(row: RowMapping) -> Account:
    expires_at = row["expires_at"]
    return Account(
        name=row["name"],
        created_at=aware(row["created_at"]),
        expires_at=aware(expires_at) if expires_at else None,
    )
