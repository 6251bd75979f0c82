"""Tokens: made once, shown once, kept only as hashes."""

import asyncio
import hashlib
import secrets
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from viralclip.catalog.sql import aware, open_database
from viralclip.catalog.tables import tokens
from viralclip.errors import InvalidRequestError

_PREFIX = "vc_"


class Accounts(Protocol):
    """The tokens; a token's name is its user."""

    async def create(self, name: str) -> str:
        """A new token for the user `name`; this is the only time it can be seen."""
        ...

    async def owner_of(self, token: str) -> str | None: ...

    async def names(self) -> list[tuple[str, datetime]]:
        """Who has a token, and since when, by name."""
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

    async def create(self, name: str) -> str:
        token = new_token()
        row = {"name": name, "hash": hash_of(token), "created_at": datetime.now(UTC)}

        def work() -> None:
            try:
                with self._engine.begin() as db:
                    db.execute(sa.insert(tokens).values(row))
            except IntegrityError as error:
                raise TokenNameTakenError(name=name) from error

        await asyncio.to_thread(work)
        return token

    async def owner_of(self, token: str) -> str | None:
        query = sa.select(tokens.c.name).where(tokens.c.hash == hash_of(token))

        def work() -> str | None:
            with self._engine.begin() as db:
                return db.execute(query).scalar()

        return await asyncio.to_thread(work)

    async def names(self) -> list[tuple[str, datetime]]:
        def work() -> list[tuple[str, datetime]]:
            with self._engine.begin() as db:
                rows = db.execute(sa.select(tokens).order_by(tokens.c.name)).mappings()
                return [(row["name"], aware(row["created_at"])) for row in rows]

        return await asyncio.to_thread(work)

    async def revoke(self, name: str) -> bool:
        def work() -> bool:
            with self._engine.begin() as db:
                return db.execute(sa.delete(tokens).where(tokens.c.name == name)).rowcount > 0

        return await asyncio.to_thread(work)


def new_token() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    # The token is 256 random bits: a plain hash cannot be guessed backwards.
    return hashlib.sha256(token.encode()).hexdigest()
