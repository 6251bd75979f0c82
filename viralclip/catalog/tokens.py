"""Tokens: made once, shown once, kept only as hashes."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from viralclip.errors import InvalidRequestError

_PREFIX = "vc_"


@dataclass(frozen=True)
class Account:
    """A token that is there, without the token itself; it may end by itself."""

    name: str
    created_at: datetime
    expires_at: datetime | None


class TokenTable(Protocol):
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


class TokenNameTakenError(InvalidRequestError):
    """There is a token named {name} already; revoke it first or choose another name."""

    code = "token_name_taken"


def new_token() -> str:
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    # The token is 256 random bits: a plain hash cannot be guessed backwards.
    return hashlib.sha256(token.encode()).hexdigest()
