"""Reads a job's live view as any client does."""

from collections.abc import AsyncGenerator

from pydantic import TypeAdapter
from websockets.asyncio.client import ClientConnection

from viralclip.live import Frame

FRAME: TypeAdapter[Frame] = TypeAdapter(Frame)


async def frames_of(socket: ClientConnection) -> AsyncGenerator[Frame, None]:
    """The frame of each message, without heartbeats."""
    async for message in socket:
        if message != '{"kind":"heartbeat"}':
            yield FRAME.validate_json(message)
