"""What a channel has after a cursor, up to now."""

import asyncio
from contextlib import aclosing

from viralclip.channel.port import ProgressChannel
from viralclip.live import EventFrame, Frame, Reset, Snapshot

# How long the channel may take to say what it owes.
_PATIENCE_S = 2.0


async def read_on(channel: ProgressChannel, job_id: str, after: str, *, limit: int) -> list[Frame]:
    """The frames after the cursor up to now, at most `limit` events; it never waits for more."""
    now, head = await channel.progress(job_id)
    found: list[Frame] = []
    if after == head:
        return found
    try:
        async with asyncio.timeout(_PATIENCE_S), aclosing(channel.watch(job_id, after)) as frames:
            events = 0
            async for frame in frames:
                found.append(frame)
                if isinstance(frame, Snapshot | Reset):
                    break
                if isinstance(frame, EventFrame):
                    events += 1
                    if events == limit or frame.envelope.seq >= now.seq:
                        break
    except TimeoutError:
        # Nothing at all: the latest place, but spelled in another way than the channel does.
        return found or [Reset(cursor=head, progress=now)]
    return found
