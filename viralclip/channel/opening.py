"""Which channel is behind a URL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from viralclip.channel.memory import MemoryStore
from viralclip.channel.port import ProgressChannel
from viralclip.channel.stored import StoredChannel


@asynccontextmanager
async def open_channel(url: str) -> AsyncIterator[ProgressChannel]:
    """The channel behind a URL: `sqlite:///path`, a file on this machine, `redis://host`, or
    `memory://`, which nobody else sees and which ends with the block."""
    if url.startswith("memory:"):
        yield StoredChannel(MemoryStore())
    elif url.startswith(("redis://", "rediss://")):
        from viralclip.channel.redis.store import RedisStore  # noqa: PLC0415 - an optional dependency

        async with RedisStore(url) as store:
            yield StoredChannel(store, snapshots=store)
    else:
        from viralclip.channel.sqlite import SqliteStore  # noqa: PLC0415 - only where it is wanted

        async with SqliteStore(Path(url.removeprefix("sqlite:///"))) as store:
            yield StoredChannel(store)
