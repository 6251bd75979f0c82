"""Which channel is behind a URL."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from viralclip.channel.port import ProgressChannel


def open_channel(url: str) -> AbstractAsyncContextManager[ProgressChannel]:
    """The channel behind a URL: `sqlite:///path`, a file on this machine, or `redis://host`."""
    if url.startswith(("redis://", "rediss://")):
        from viralclip.channel.redis.channel import RedisChannel  # noqa: PLC0415 - an optional dependency

        return RedisChannel(url)
    from viralclip.channel.sqlite import SqliteChannel  # noqa: PLC0415 - only the one that is asked for

    return SqliteChannel(Path(url.removeprefix("sqlite:///")))
