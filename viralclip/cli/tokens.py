"""`viralclip token`: who may use a server that others can reach."""

import re
import sys

from viralclip.catalog.accounts import open_accounts
from viralclip.cli.compose import open_records
from viralclip.errors import InvalidRequestError
from viralclip.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")


class InvalidTokenNameError(InvalidRequestError):
    """A token is named with up to 64 letters, digits and . _ @ + -, the first no sign."""

    code = "invalid_token_name"


class UnknownTokenError(InvalidRequestError):
    """There is no token named {name}; `viralclip token list` lists the ones there are."""

    code = "unknown_token"


async def create(name: str, settings: Settings) -> int:
    """Print a new token, which nobody can show again."""
    if not _NAME.fullmatch(name):
        raise InvalidTokenNameError
    async with open_records(settings), open_accounts(settings.catalog_url) as accounts:
        token = await accounts.create(name)
    sys.stdout.write(f"{token}\n")
    sys.stderr.write("Keep it: it is shown this once.\n")
    return 0


async def show(settings: Settings) -> int:
    """List the names of the tokens, and since when there are."""
    async with open_records(settings), open_accounts(settings.catalog_url) as accounts:
        names = await accounts.names()
    for name, created_at in names:
        sys.stdout.write(f"{name}\t{created_at.astimezone():%Y-%m-%d %H:%M}\n")
    if not names:
        sys.stderr.write("There are no tokens yet.\n")
    return 0


async def revoke(name: str, settings: Settings) -> int:
    """Whoever still has the token is a stranger from now on."""
    async with open_records(settings), open_accounts(settings.catalog_url) as accounts:
        if not await accounts.revoke(name):
            raise UnknownTokenError(name=name)
    sys.stdout.write(f"The token {name} is revoked.\n")
    return 0
