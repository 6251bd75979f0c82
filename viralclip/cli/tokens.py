"""`viralclip token`: who may use a server that others can reach."""

import re
import sys
from datetime import UTC, datetime, timedelta

from viralclip.app.records import open_records
from viralclip.catalog.tokens import Account
from viralclip.errors import InvalidRequestError
from viralclip.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


class InvalidTokenNameError(InvalidRequestError):
    """A token is named with up to 64 letters, digits and . _ @ + -, the first no sign."""

    code = "invalid_token_name"


class UnknownTokenError(InvalidRequestError):
    """There is no token named {name}; `viralclip token list` lists the ones there are."""

    code = "unknown_token"


async def create(name: str, settings: Settings, *, days: int | None) -> int:
    """Print a new token, which nobody can show again; it ends after so many days, or never."""
    if not _NAME.fullmatch(name):
        raise InvalidTokenNameError
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    async with open_records(settings) as records:
        token = await records.catalog.tokens.create(name, expires_at=expires_at)
    sys.stdout.write(f"{token}\n")
    sys.stderr.write("Keep it: it is shown this once.\n")
    return 0


async def show(settings: Settings) -> int:
    """List the names of the tokens, since when there are, and until when."""
    async with open_records(settings) as records:
        found = await records.catalog.tokens.all()
    for account in found:
        sys.stdout.write(f"{account.name}\t{_clock(account.created_at)}\t{_end(account)}\n")
    if not found:
        sys.stderr.write("There are no tokens yet.\n")
    return 0


async def revoke(name: str, settings: Settings) -> int:
    """Whoever still has the token is a stranger from now on."""
    async with open_records(settings) as records:
        if not await records.catalog.tokens.revoke(name):
            raise UnknownTokenError(name=name)
    sys.stdout.write(f"The token {name} is revoked.\n")
    return 0


def _end(account: Account) -> str:
    if account.expires_at is None:
        return "does not expire"
    word = "expired" if account.expires_at <= datetime.now(UTC) else "expires"
    return f"{word} {_clock(account.expires_at)}"


def _clock(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M}"
