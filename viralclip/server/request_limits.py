"""What stands before every request: host and origin checks, a body limit, and security headers."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viralclip.origins import Host, Site, is_same, parse_host, parse_origin
from viralclip.server.admission import Admission
from viralclip.server.headers import SECURITY_HEADERS, remote_media
from viralclip.server.identity import bearer
from viralclip.server.problems import (
    ForbiddenHostError,
    ForbiddenOriginError,
    ProblemError,
    TooLargeError,
    problem_of,
    problem_response,
)

_DIGITS = 18
_LONGEST_SHOWN = 100
_REFUSAL = "websocket.http.response"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class RequestLimits:
    """Which host names are ours and how much may be sent; what is patched under one of the
    `streamed` paths has its own limits.

    `sites` are further names, whose pages may act here whatever host a proxy makes of them. With
    `any_address` a bare IP address is a good host as well: no foreign name points at us then.
    """

    hosts: Sequence[str]
    body_bytes: int
    # A body of the largest size comes over a slow line within that time.
    body_s: float = 60.0
    streamed: Sequence[str] = ()
    sites: Sequence[Site] = ()
    any_address: bool = False
    media_origin: str = ""


class Guard:
    """ASGI middleware; a DNS name that points at loopback, or a foreign page, gets no answer."""

    def __init__(self, app: ASGIApp, bounds: RequestLimits) -> None:
        self._app = app
        self._bounds = bounds
        self._admission = Admission()
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
        if bearer(HTTPConnection(scope)) is None:
            await self._admission.wait()
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        limited = self._limited(scope, receive)
        await self._app(scope, limited, _with_headers(self._headers, send))

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = self._host(headers)
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes and origin is not None and not self._may_act(origin, host, scope):
            raise ForbiddenOriginError(origin=origin[:_LONGEST_SHOWN])
        if scope["type"] == "websocket":
            return
        length = headers.get("content-length", "0")
        if self._is_limited(scope) and not _at_most(length, self._bounds.body_bytes):
            raise TooLargeError(limit=self._bounds.body_bytes)

    def _host(self, headers: Headers) -> Host:
        """The one host that is asked; ForbiddenHostError if it is none of ours."""
        hosts = headers.getlist("host")
        host = parse_host(hosts[0]) if len(hosts) == 1 else None
        if host is None or not self._is_ours(host.name):
            raise ForbiddenHostError(host=", ".join(hosts)[:_LONGEST_SHOWN] or "(none)")
        return host

    def _is_ours(self, name: str) -> bool:
        if name in self._bounds.hosts or any(site.host == name for site in self._bounds.sites):
            return True
        return self._bounds.any_address and _is_address(name)

    def _may_act(self, text: str, host: Host, scope: Scope) -> bool:
        origin = parse_origin(text)
        if origin is None:
            return False
        secure = scope["scheme"] in ("https", "wss")
        return is_same(origin, host, secure=secure) or any(
            site.is_origin(origin) for site in self._bounds.sites
        )

    def _is_limited(self, scope: Scope) -> bool:
        streamed = any(scope["path"].startswith(prefix) for prefix in self._bounds.streamed)
        return not (streamed and scope["method"] == "PATCH")

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """A body is counted while it is read, and has to be there in time."""
        if not self._is_limited(scope):
            return receive
        seen, is_whole = 0, False
        until = asyncio.get_running_loop().time() + self._bounds.body_s

        async def limited() -> Message:
            nonlocal seen, is_whole
            try:
                # After the body this waits for the client to hang up, for as long as that takes.
                async with asyncio.timeout_at(None if is_whole else until):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from error
            seen += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if seen > self._bounds.body_bytes:
                # FastAPI turns any other error of reading a body into a 400.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        return limited

    async def _refuse(
        self, error: ProblemError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] == "websocket" and _REFUSAL not in scope.get("extensions", {}):
            # Closing before accepting answers the handshake with 403.
            await send({"type": "websocket.close", "code": 4403})
            return
        answer = problem_response(problem_of(error))
        await answer(scope, receive, _with_headers(self._headers, send))


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
        if message["type"] in ("http.response.start", f"{_REFUSAL}.start"):
            given = MutableHeaders(scope=message)
            for name, value in headers.items():
                given.setdefault(name, value)
        await send(message)

    return with_headers
