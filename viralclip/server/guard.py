"""What stands before every request: host and origin checks, a body limit, and security headers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from viralclip.server.problems import (
    ForbiddenOriginError,
    ProblemError,
    TooLargeError,
    problem_of,
    problem_response,
)

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True)
class Bounds:
    """Which host names are ours and how much may be sent; `open_paths` have their own limits."""

    hosts: Sequence[str]
    body_bytes: int
    open_paths: Sequence[str] = ()


class Guard:
    """ASGI middleware; a DNS name that points at loopback, or a foreign page, gets no answer."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self._app = app
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except ProblemError as error:
            await _refuse(error, scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        limited = self._limited(scope, receive)
        await self._app(scope, limited, _with_headers(send))

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in self._bounds.hosts:
            raise ForbiddenOriginError(detail=f"host {host}")
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes and origin is not None and urlsplit(origin).netloc != host:
            raise ForbiddenOriginError(detail=f"origin {origin}")
        length = headers.get("content-length", "0")
        if self._is_limited(scope) and (
            not length.isdecimal() or int(length) > self._bounds.body_bytes
        ):
            raise TooLargeError(limit=self._bounds.body_bytes)

    def _is_limited(self, scope: Scope) -> bool:
        return not _starts_with(scope["path"], self._bounds.open_paths)

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


def _name(host: str) -> str:
    """The host's name without its port: `[::1]:80` and `localhost:80` alike."""
    return urlsplit(f"//{host}").hostname or ""


def _starts_with(path: str, prefixes: Iterable[str]) -> bool:
    return any(path.startswith(prefix) for prefix in prefixes)


async def _refuse(error: ProblemError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        # Closing before accepting answers the handshake with 403.
        await send({"type": "websocket.close", "code": 4403})
        return
    await problem_response(problem_of(error))(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return with_headers
