"""Who only reads SQLite waits for nobody who writes, and cannot write by mistake."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from viralclip.catalog.database import Database, connect, reading
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.sealing import Seal
from viralclip.catalog.sql.catalog import sql_catalog
from viralclip.catalog.sql.webhooks import sql_webhooks
from viralclip.catalog.webhooks import Webhooks
from viralclip.channel.opening import open_channel

_AT = datetime(2026, 1, 1, tzinfo=UTC)
# Far less than a writer is waited for.
_AT_ONCE_S = 10.0

Ask = Callable[[Catalog, Webhooks], Awaitable[object]]

_QUESTIONS: dict[str, Ask] = {
    "job": lambda catalog, _: catalog.jobs.find("a"),
    "jobs": lambda catalog, _: catalog.jobs.latest(owner="ann"),
    "unfinished": lambda catalog, _: catalog.jobs.find_unfinished("d", "file:///"),
    "count_running": lambda catalog, _: catalog.jobs.count_running("ann"),
    "count_waiting": lambda catalog, _: catalog.clips.count_waiting("ann", "low", _AT),
    "claimed": lambda catalog, _: catalog.idempotency_keys.find("ann", "k"),
    "videos": lambda catalog, _: catalog.videos.of("ann"),
    "video": lambda catalog, _: catalog.videos.find("ann", "v"),
    "clips": lambda catalog, _: catalog.clips.of("a"),
    "unfinished clips": lambda catalog, _: catalog.clips.unfinished("a"),
    "nobody's end": lambda _, webhooks: webhooks.deliveries.expect("ann", "a", 1, _AT),
    "clip": lambda catalog, _: catalog.clips.find("a", 1, "split"),
    "count_endings": lambda catalog, _: catalog.clips.count_endings(["a"]),
    "stored": lambda catalog, _: catalog.clips.stored("file:///"),
    "timings": lambda catalog, _: catalog.learned_times.read(),
    "owner_of": lambda catalog, _: catalog.tokens.owner_of("vc_token"),
    "exist": lambda catalog, _: catalog.tokens.exist(),
    "all": lambda catalog, _: catalog.tokens.all(),
    "webhooks": lambda _, webhooks: webhooks.hooks.of("ann"),
    "webhook": lambda _, webhooks: webhooks.hooks.find("w"),
    "deliveries": lambda _, webhooks: webhooks.deliveries.of("w"),
    "nothing due": lambda _, webhooks: webhooks.queue.claim_due(_AT, _AT, limit=1, each=1, busy={}),
}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Somebody writes to the database for as long as the context is open."""
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("begin immediate")
    try:
        yield
    finally:
        writer.close()


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Catalog, Webhooks]]:
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    async with Database(url) as tables:
        yield sql_catalog(tables), await sql_webhooks(tables, seal=Seal(bytes(32)))


async def test_whoever_reads_is_answered_while_another_writes(opened, tmp_path: Path):
    with _locked(tmp_path / "catalog.db"):
        async with asyncio.timeout(_AT_ONCE_S):
            for ask in _QUESTIONS.values():
                await ask(*opened)


async def test_databases_that_are_up_to_date_are_opened_while_another_writes(
    opened, tmp_path: Path
):
    url, events = f"sqlite:///{tmp_path / 'catalog.db'}", f"sqlite:///{tmp_path / 'events.db'}"
    async with open_channel(events):
        pass

    with _locked(tmp_path / "catalog.db"), _locked(tmp_path / "events.db"):
        async with asyncio.timeout(_AT_ONCE_S), open_catalog(url), open_channel(events) as channel:
            progress, _ = await channel.progress("a")
    assert progress.seq == 0


def test_a_transaction_that_reads_cannot_write_and_the_next_one_can(tmp_path: Path):
    engine = connect(f"sqlite:///{tmp_path / 'catalog.db'}")
    with engine.begin() as db:
        db.execute(sa.text("create table kept (n integer)"))
    with pytest.raises(OperationalError, match="readonly"), reading(engine) as db:
        db.execute(sa.text("insert into kept values (1)"))
    with engine.begin() as db:
        db.execute(sa.text("insert into kept values (2)"))
    with reading(engine) as db:
        found = db.execute(sa.text("select n from kept")).scalars().all()
    engine.dispose()

    assert found == [2]
