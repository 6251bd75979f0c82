"""Who comes in: so many connections at once, each with so long to say what it wants.

A connection costs a file of the process, with a token or without. One that has not sent the head of
a request has shown nothing that it is needed for, and goes first when there are too many.
"""

import asyncio
import resource
from functools import partial
from typing import Any

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from viralclip.server.wire import Wire

# What the process has open beside connections: databases, logs, videos, FFmpeg's pipes.
_OTHER_FILES = 512
# Connections beyond these need more memory than a process should have, whatever the file limit is.
_MOST = 65_536
_HEAD_S = 10.0
_TOLD_EVERY_S = 60.0

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


class Lobby:
    """The connections of a server: those that have not asked for anything yet, the oldest first."""

    def __init__(self, most: int, *, head_s: float = _HEAD_S) -> None:
        self.most = most
        self.head_s = head_s
        self.open = 0
        self._silent: dict[asyncio.BaseTransport, None] = {}
        self._refused = 0

    def enter(self, transport: asyncio.Transport) -> bool:
        """Whether there is room; somebody who has not said anything may have to make it."""
        if self.open >= self.most:
            self._refused += 1
            if self._refused == 1 or self._refused % self.most == 0:
                log.warning("Too many connections", most=self.most, ended=self._refused)
            oldest = next(iter(self._silent), None)
            if oldest is None:
                return False
            del self._silent[oldest]
            assert isinstance(oldest, asyncio.Transport)  # noqa: S101 - nothing else is put in
            oldest.abort()
        self.open += 1
        self._silent[transport] = None
        return True

    def spoke(self, transport: asyncio.BaseTransport) -> None:
        self._silent.pop(transport, None)

    def leave(self, transport: asyncio.BaseTransport) -> None:
        self._silent.pop(transport, None)
        self.open -= 1


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
        if self.cycle is not before or self.transport.get_protocol() is not self:
            self._stop_waiting()
            self.lobby.spoke(self.transport)

    def on_response_complete(self) -> None:
        # A pipelined request is begun in here, and then there is nothing to wait for.
        self._wait_for_head()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._stop_waiting()
        self.lobby.spoke(self.transport)
        super().handle_websocket_upgrade(event)
        # From now on the connection is the WebSocket's, and leaves with that.
        self._entered = False
        protocol = self.transport.get_protocol()
        if isinstance(protocol, Wire):
            protocol.on_lost = partial(self.lobby.leave, self.transport)
        else:
            self.lobby.leave(self.transport)

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


def say_once(loop: asyncio.AbstractEventLoop) -> None:
    """Say at most once a minute that nothing can be accepted: asyncio does so thousands of times a
    second while the process has no files left."""
    said_at = float("-inf")

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal said_at
        if not str(context.get("message", "")).startswith("socket.accept()"):
            loop.default_exception_handler(context)
            return
        if loop.time() - said_at >= _TOLD_EVERY_S:
            said_at = loop.time()
            log.error("Connections cannot be accepted", error=repr(context.get("exception")))

    loop.set_exception_handler(handle)
