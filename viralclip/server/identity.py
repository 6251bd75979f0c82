"""Who is asking: the one user of a laptop, or the owner of a token."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from viralclip.server.problems import UnauthorizedError

LOCAL = "local"
COOKIE = "viralclip_session"


class Accounts(Protocol):
    """The tokens there are; only their hashes are kept."""

    async def owner_of(self, token: str) -> str | None:
        """Whose token this is, or None if it is not valid."""
        ...


def bearer(connection: HTTPConnection) -> str | None:
    """The token of a request: from its header, or from the page's cookie; never from the URL."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return connection.cookies.get(COOKIE)


Identify = Callable[[HTTPConnection], Awaitable[str]]


def identify_with(accounts: Accounts | None) -> Identify:
    """How the app tells who asks; without accounts everybody is the local user."""

    async def identify(connection: HTTPConnection) -> str:
        if accounts is None:
            return LOCAL
        token = bearer(connection)
        owner = await accounts.owner_of(token) if token else None
        if owner is None:
            raise UnauthorizedError
        return owner

    return identify


async def _owner(connection: HTTPConnection) -> str:
    return await connection.app.state.identify(connection)


Owner = Annotated[str, Depends(_owner)]
