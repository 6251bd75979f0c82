"""What stands before every request: host and origin checks, a body limit, and security headers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viralclip.server.headers import SECURITY_HEADERS, remote_media
from viralclip.server.problems import (
    ForbiddenOriginError,
    ProblemError,
    TooLargeError,
    problem_of,
    problem_response,
)

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_DIGITS = 18
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Bounds:
    """Which host names are ours and how much may be sent; what is patched under one of the
    `streamed` paths has its own limits.

    With `any_address` a bare IP address is a good host as well: no foreign name points at us then.
    """

    hosts: Sequence[str]
    body_bytes: int
    streamed: Sequence[str] = ()
    any_address: bool = False
    media_origin: str = ""


class Guard:
    """ASGI middleware; a DNS name that points at loopback, or a foreign page, gets no answer."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self._app = app
        self._bounds = bounds
        self._headers = SECURITY_HEADERS | (
            remote_media(bounds.media_origin) if bounds.media_origin else {}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except ProblemError as error:
            await self._refuse(error, scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        limited = self._limited(scope, receive)
        await self._app(scope, limited, _with_headers(self._headers, send))

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(_name(host)):
            raise ForbiddenOriginError(detail=f"host {host}")
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes and origin is not None and origin.partition("://")[2] != host:
            raise ForbiddenOriginError(detail=f"origin {origin}")
        if scope["type"] == "websocket":
            return
        length = headers.get("content-length", "0")
        if self._is_limited(scope) and not _at_most(length, self._bounds.body_bytes):
            raise TooLargeError(limit=self._bounds.body_bytes)

    def _is_ours(self, name: str) -> bool:
        return name in self._bounds.hosts or (self._bounds.any_address and _is_address(name))

    def _is_limited(self, scope: Scope) -> bool:
        streamed = any(scope["path"].startswith(prefix) for prefix in self._bounds.streamed)
        return not (streamed and scope["method"] == "PATCH")

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """A body sent in chunks, without a length, is counted while it is read."""
        if not self._is_limited(scope):
            return receive
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._bounds.body_bytes:
                # FastAPI turns any other error of reading a body into a 400.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        return limited

    async def _refuse(
        self, error: ProblemError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "websocket":
            # Closing before accepting answers the handshake with 403.
            await send({"type": "websocket.close", "code": 4403})
            return
        answer = problem_response(problem_of(error))
        await answer(scope, receive, _with_headers(self._headers, send))


def _name(host: str) -> str:
    """The host's name without its port: `[::1]:80` and `localhost:80` alike."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _at_most(length: str, most: int) -> bool:
    return length.isdecimal() and len(length) <= _DIGITS and int(length) <= most


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _with_headers(headers: Mapping[str, str], send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = MutableHeaders(scope=message)
            for name, value in headers.items():
                given.setdefault(name, value)
        await send(message)

    return with_headers
