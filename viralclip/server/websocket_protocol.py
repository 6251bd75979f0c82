"""WebSocket messages that are put on the wire as they are: encoded once, however many viewers.

What a server sends is the same bytes for everybody, since only clients mask and nothing is
compressed. `PreencodedWebSocketProtocol` takes such bytes from the application, which else would
encode per viewer.
"""

from collections.abc import Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

_EXTENSION = "viralclip.framed"


def framed(text: str) -> bytes:
    """The text as one whole message from a server."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


def takes_framed(scope: Scope) -> bool:
    """Whether the server of this connection is one that can be given `as_framed` messages."""
    return _EXTENSION in scope.get("extensions", {})


def as_framed(messages: bytes) -> dict[str, Any]:
    """The ASGI message that has one or more whole messages sent as they are."""
    return {"type": "websocket.send", _EXTENSION: messages}


class PreencodedWebSocketProtocol(WebSocketsSansIOProtocol):
    """The library's own WebSocket protocol, which also takes what is framed already."""

    # What is to be done when the connection is gone.
    on_lost: Callable[[], None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            # The application runs only after this, in a task.
            self.scope["extensions"] = {**(self.scope.get("extensions") or {}), _EXTENSION: {}}

    async def send(self, message: MutableMapping[str, Any]) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        if _EXTENSION not in message:
            await super().send(message)  # pyright: ignore[reportArgumentType]
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(message[_EXTENSION])
