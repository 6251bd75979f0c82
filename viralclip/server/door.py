"""Who comes in: so many connections at once, each with so long to say what it wants.

A connection costs a file of the process, with a token or without. When there are too many, the one
goes that has done nothing for longest: it has asked for nothing, or nobody has signed in on it.
A few whose token is being looked up may stay until that is done.
Each user has a share of the connections that nobody takes away.
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from viralclip.server.websocket_protocol import PreencodedWebSocketProtocol

# What the process has open beside connections: databases, logs, videos, FFmpeg's pipes.
_OTHER_FILES = 512
# Connections beyond these need more memory than a process should have, whatever the file limit is.
_MOST = 65_536
_HEAD_S = 10.0
_LOG_EVERY_S = 60.0
# A user's share of the connections: a quarter, and no more than this.
_SHARE, _EACH = 4, 256
_EXTENSION = "viralclip.known"
# The headers that may hold a token.
_TOKENS = frozenset({b"authorization", b"cookie"})

log = structlog.get_logger(__name__)


def raise_file_limit() -> int:
    """As many open files as the system allows this process; how many connections that makes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError):  # macOS allows less than it says
            log.warning("File limit not raised", soft=soft, hard=hard)
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return max(min(soft - _OTHER_FILES, _MOST), soft // 2)


def now_known(scope: Mapping[str, Any], owner: str) -> int | None:
    """Let the server know whose request this is; the user's share if it is beyond that."""
    known = (scope.get("extensions") or {}).get(_EXTENSION)
    return known(owner) if known else None


class Lobby:
    """The connections of a server, by what they are needed for."""

    def __init__(self, most: int, *, head_s: float = _HEAD_S) -> None:
        self.most = most
        self.head_s = head_s
        self.open = 0
        self._share = max(1, min(most // _SHARE, _EACH))
        # Those that may be ended to make room. Who has just come is last in the line, whatever
        # others do: a head takes a moment to arrive.
        self._strangers: dict[asyncio.BaseTransport, None] = {}
        # Those whose token is being looked up. Anybody can show one: so many are kept, and no more.
        self._asking: dict[asyncio.BaseTransport, None] = {}
        # Those of users, as many as each has a share of.
        self._known: dict[asyncio.BaseTransport, str] = {}
        self._shares: Counter[str] = Counter()
        self._refused = 0

    def enter(self, transport: asyncio.Transport) -> bool:
        """Whether there is room; one that is needed less may have to make it."""
        if self.open >= self.most:
            self._refused += 1
            if self._refused == 1 or self._refused % self.most == 0:
                log.warning("Too many connections", most=self.most, ended=self._refused)
            if (oldest := next(iter(self._strangers), None)) is None:
                return False
            self._forget(oldest)
            assert isinstance(oldest, asyncio.Transport)  # noqa: S101 - nothing else is put in
            oldest.abort()
        self.open += 1
        self._strangers[transport] = None
        return True

    def moved(self, transport: asyncio.BaseTransport) -> None:
        """It has sent the head of a request, or was answered and may send another."""
        self._forget(transport)
        self._strangers[transport] = None

    def asks(self, transport: asyncio.BaseTransport) -> None:
        """Its request shows a token, and nobody has to make room while that is looked up."""
        if transport in self._strangers and len(self._asking) < self._share:
            del self._strangers[transport]
            self._asking[transport] = None

    def known(self, transport: asyncio.BaseTransport, owner: str) -> int | None:
        """Its request is that user's, who keeps it if it is within the user's share; else that."""
        if transport not in self._strangers and transport not in self._asking:
            return None
        if self._shares[owner] >= self._share:
            self.moved(transport)
            return self._share
        self._forget(transport)
        self._known[transport] = owner
        self._shares[owner] += 1
        return None

    def leave(self, transport: asyncio.BaseTransport) -> None:
        self._forget(transport)
        self.open -= 1

    def _forget(self, transport: asyncio.BaseTransport) -> None:
        self._strangers.pop(transport, None)
        self._asking.pop(transport, None)
        if (owner := self._known.pop(transport, None)) is not None:
            self._shares[owner] -= 1
            if not self._shares[owner]:
                del self._shares[owner]


class Door(H11Protocol):
    """The library's own HTTP protocol, behind a lobby."""

    lobby: Lobby
    _entered = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._entered = self.lobby.enter(transport)
        if not self._entered:
            transport.abort()
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)
        if self._entered:
            self._entered = False
            self.lobby.leave(self.transport)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and self._entered:
            self._stop_waiting()
            self.lobby.moved(self.transport)
            self._expose_lobby(self.cycle.scope)

    def on_response_complete(self) -> None:
        # A pipelined request is begun in here, and then there is nothing to wait for.
        self._wait_for_head()
        if self._entered:
            self.lobby.moved(self.transport)
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._stop_waiting()
        self.lobby.moved(self.transport)
        super().handle_websocket_upgrade(event)
        # From now on the connection is the WebSocket's, and leaves with that.
        self._entered = False
        protocol = self.transport.get_protocol()
        if isinstance(protocol, PreencodedWebSocketProtocol):
            protocol.on_lost = partial(self.lobby.leave, self.transport)
            self._expose_lobby(protocol.scope)
        else:
            self.lobby.leave(self.transport)

    def _expose_lobby(self, scope: Any) -> None:
        """The application runs only after this, in a task."""
        if any(name in _TOKENS for name, _ in scope["headers"]):
            self.lobby.asks(self.transport)
        known = partial(self.lobby.known, self.transport)
        scope["extensions"] = {**(scope.get("extensions") or {}), _EXTENSION: known}

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(self.lobby.head_s, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def door(lobby: Lobby) -> type[Door]:
    """The HTTP protocol of a server whose connections go through this lobby."""
    return type("Door", (Door,), {"lobby": lobby})


def limit_accept_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Log at most once a minute that nothing can be accepted: asyncio does so thousands of times a
    second while the process has no files left."""
    logged_at = float("-inf")

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal logged_at
        if not str(context.get("message", "")).startswith("socket.accept()"):
            loop.default_exception_handler(context)
            return
        if loop.time() - logged_at >= _LOG_EVERY_S:
            logged_at = loop.time()
            log.error("Connections cannot be accepted", error=repr(context.get("exception")))

    loop.set_exception_handler(handle)
