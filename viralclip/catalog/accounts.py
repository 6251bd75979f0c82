"""Tokens: made once, shown once, kept only as hashes."""

import asyncio
import hashlib
import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from viralclip.catalog.database import aware, open_database, reading
from viralclip.catalog.tables import tokens
from viralclip.errors import InvalidRequestError

_PREFIX = "vc_"


@dataclass(frozen=True)
class Account:
    """A token that is there, without the token itself; it may end by itself."""

    name: str
    created_at: datetime
    expires_at: datetime | None


class Accounts(Protocol):
    """The tokens; a token's name is its user."""

    async def create(self, name: str, *, expires_at: datetime | None = None) -> str:
        """A new token for the user `name`; this is the only time it can be seen."""
        ...

    async def owner_of(self, token: str) -> str | None:
        """Whose token this is, or None if there is none or it has expired."""
        ...

    async def exist(self) -> bool:
        """Whether there is any token, expired or not."""
        ...

    async def all(self) -> list[Account]:
        """Every token, expired or not, by name."""
        ...

    async def revoke(self, name: str) -> bool:
        """Whether there was such a token."""
        ...


def open_accounts(url: str) -> AbstractAsyncContextManager[Accounts]:
    """The accounts in the catalog behind the URL."""
    if url.startswith("firestore://"):
        from viralclip.catalog.firestore_tokens import FirestoreAccounts  # noqa: PLC0415

        return FirestoreAccounts(url)
    return SqlAccounts(url)


class TokenNameTakenError(InvalidRequestError):
    """There is a token named {name} already; revoke it first or choose another name."""

    code = "token_name_taken"


class SqlAccounts:
    """The tokens in the catalog's database."""

    def __init__(self, url: str) -> None:
        self._url = url

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

    async def create(self, name: str, *, expires_at: datetime | None = None) -> str:
        token = new_token()
        row = {"name": name, "hash": hash_of(token), "created_at": datetime.now(UTC)}
        row["expires_at"] = expires_at

        def work() -> None:
            try:
                with self._engine.begin() as db:
                    db.execute(sa.insert(tokens).values(row))
            except IntegrityError as error:
                raise TokenNameTakenError(name=name) from error

        await asyncio.to_thread(work)
        return token

    async def owner_of(self, token: str) -> str | None:
        valid = sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > datetime.now(UTC))
        query = sa.select(tokens.c.name).where(tokens.c.hash == hash_of(token), valid)

        def work() -> str | None:
            with reading(self._engine) as db:
                return db.execute(query).scalar()

        return await asyncio.to_thread(work)

    async def exist(self) -> bool:
        query = sa.select(tokens.c.name).limit(1)

        def work() -> bool:
            with reading(self._engine) as db:
                return db.execute(query).first() is not None

        return await asyncio.to_thread(work)

    async def all(self) -> list[Account]:
        def work() -> list[Account]:
            with reading(self._engine) as db:
                rows = db.execute(sa.select(tokens).order_by(tokens.c.name)).mappings()
                return [_account(row) for row in rows]

        return await asyncio.to_thread(work)

    async def revoke(self, name: str) -> bool:
        def work() -> bool:
            with self._engine.begin() as db:
                return db.execute(sa.delete(tokens).where(tokens.c.name == name)).rowcount > 0

        return await asyncio.to_thread(work)


def _account(row: RowMapping) -> Account:
    expires_at = row["expires_at"]
    return Account(
        name=row["name"],
        created_at=aware(row["created_at"]),
        expires_at=aware(expires_at) if expires_at else None,
    )


def new_token() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    # The token is 256 random bits: a plain hash cannot be guessed backwards.
    return hashlib.sha256(token.encode()).hexdigest()
