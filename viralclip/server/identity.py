"""Who is asking: the owner of a token, or the one person of a laptop."""

import time
from collections.abc import Callable
from typing import Annotated, Protocol

import structlog
from fastapi import Depends
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from viralclip.server.door import now_known
from viralclip.server.problems import (
    NotReadyError,
    TokensMissingError,
    TooManyError,
    UnauthorizedError,
)

LOCAL = "local"
COOKIE = "viralclip_session"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A token that was just made by another process is demanded after so long at the latest.
STALE_S = 1.0
# What proxies, tunnels and content networks write into a request that they pass on.
_FORWARDED = frozenset(
    {
        "cdn-loop",
        "cf-connecting-ip",
        "cf-ray",
        "fastly-client-ip",
        "fly-client-ip",
        "forwarded",
        "tailscale-user-login",
        "true-client-ip",
        "via",
        "x-azure-clientip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-envoy-external-address",
        "x-original-forwarded-for",
        "x-original-host",
        "x-proxyuser-ip",
        "x-real-ip",
    }
)
_FORWARDED_PREFIX = "x-forwarded"
# Where a request keeps whose it is.
_KNOWN = "viralclip.owner"

log = structlog.get_logger(__name__)


class Accounts(Protocol):
    """The tokens there are; only their hashes are kept."""

    async def owner_of(self, token: str) -> str | None:
        """Whose token this is, or None if it is not valid."""
        ...

    async def exist(self) -> bool:
        """Whether there is any token, expired or not."""
        ...


class SignIn(Protocol):
    """How the server knows who asks."""

    async def owner(self, connection: HTTPConnection) -> str:
        """The user; UnauthorizedError if a token is needed and there is no valid one."""
        ...

    async def needs_token(self, connection: HTTPConnection) -> bool:
        """Whether a request like this one needs a token."""
        ...

    async def accepts(self, token: str) -> bool:
        """Whether the token may be kept in a page's cookie."""
        ...


class TokenSignIn:
    """Tokens, `always` or when they must be: there is one, or the request is not of this machine.

    A person at the machine itself needs none until the first is made. From then on everybody does,
    for as long as the process lives, even if all tokens are revoked.
    """

    def __init__(
        self,
        accounts: Accounts,
        *,
        always: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._always = always
        self._clock = clock
        self._exist = False
        self._asked_at: float | None = None

    async def owner(self, connection: HTTPConnection) -> str:
        token = bearer(connection)
        owner = await self._owner_of(token) if token else None
        if owner is not None:
            return owner
        if not await self.needs_token(connection):
            return LOCAL
        raise UnauthorizedError if await self._tokens_exist() else TokensMissingError

    async def needs_token(self, connection: HTTPConnection) -> bool:
        return self._always or not is_from_here(connection) or await self._tokens_exist()

    async def accepts(self, token: str) -> bool:
        return await self._owner_of(token) is not None

    async def _tokens_exist(self) -> bool:
        """Whether there has been a token, as of `STALE_S` ago at most."""
        now = self._clock()
        if not self._exist and (self._asked_at is None or now - self._asked_at >= STALE_S):
            try:
                self._exist = await self._accounts.exist()
            except Exception as error:
                log.warning("Tokens not looked up", exc_info=True)
                raise NotReadyError from error
            self._asked_at = now
        return self._exist

    async def _owner_of(self, token: str) -> str | None:
        try:
            return await self._accounts.owner_of(token)
        except Exception as error:
            log.warning("Token not looked up", exc_info=True)
            raise NotReadyError from error


class NoSignIn:
    """Everybody is the local user: somebody else has seen to it who reaches the server."""

    async def owner(self, connection: HTTPConnection) -> str:  # noqa: ARG002 - whoever it is
        return LOCAL

    async def needs_token(self, connection: HTTPConnection) -> bool:  # noqa: ARG002
        return False

    async def accepts(self, token: str) -> bool:  # noqa: ARG002 - it is never asked for
        return True


def bearer(connection: HTTPConnection) -> str | None:
    """The token of a request: from its header, or from the page's cookie; never from the URL."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return connection.cookies.get(COOKIE)


def is_from_here(connection: HTTPConnection) -> bool:
    """Whether the request comes from this machine, and nothing says that it was passed on."""
    peer = connection.client
    return peer is not None and peer.host in LOOPBACK and not is_forwarded(connection.headers)


def is_forwarded(headers: Headers) -> bool:
    """Whether a proxy or a tunnel has passed the request on."""
    return any(name in _FORWARDED or name.startswith(_FORWARDED_PREFIX) for name in headers)


async def known_owner(connection: HTTPConnection) -> str:
    """Who asks; UnauthorizedError where that takes a token, TooManyError beyond a user's share.

    It is looked up once in a request.
    """
    if _KNOWN not in connection.scope:
        owner = await connection.app.state.sign_in.owner(connection)
        share = now_known(connection.scope, owner)
        if share is not None and connection.scope["type"] == "http":
            raise TooManyError(what="requests", limit=share)
        connection.scope[_KNOWN] = owner
    return connection.scope[_KNOWN]


Owner = Annotated[str, Depends(known_owner)]
