"""A server's parts over databases in a folder."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from viralclip.catalog.database import Database
from viralclip.catalog.sealing import Seal
from viralclip.catalog.sql.catalog import sql_catalog
from viralclip.catalog.sql.webhooks import sql_webhooks
from viralclip.channel.opening import open_channel
from viralclip.engine.jobs import Jobs
from viralclip.engine.opening import open_engine
from viralclip.media.bars import probe_whole
from viralclip.plan import Video
from viralclip.server.feed import Feeds
from viralclip.server.limits import Limits
from viralclip.server.parts import Backends, Files, JobDefaults, Probing, ServerParts
from viralclip.storage.opening import open_storage


@asynccontextmanager
async def open_parts(folder: Path, limits: Limits | None = None) -> AsyncIterator[ServerParts]:
    database, engine_url = f"sqlite:///{folder}/catalog.db", f"sqlite:///{folder}/engine.db"
    async with AsyncExitStack() as stack:
        tables = await stack.enter_async_context(Database(database))
        catalog = sql_catalog(tables)
        channel = await stack.enter_async_context(open_channel(f"sqlite:///{folder}/events.db"))
        engine = await stack.enter_async_context(open_engine(engine_url))
        webhooks = await sql_webhooks(tables, seal=Seal(bytes(32)))
        jobs = Jobs(catalog=catalog, channel=channel, engine=engine)
        yield ServerParts(
            Backends(catalog, channel, jobs, Feeds(channel), webhooks),
            Files((folder / "clips").as_uri(), open_storage, folder / "uploads"),
            Probing(_probe, str),
            JobDefaults(engine_url),
            limits=limits or Limits(),
        )


async def _probe(path: Path) -> Video:
    return (await asyncio.to_thread(probe_whole, path)).video
