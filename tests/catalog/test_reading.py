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

from viralclip.catalog.accounts import Accounts, SqlAccounts
from viralclip.catalog.database import connect, reading
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.sealing import Seal
from viralclip.catalog.webhooks import SqlWebhooks
from viralclip.channel.opening import open_channel

_AT = datetime(2026, 1, 1, tzinfo=UTC)
# Far less than a writer is waited for.
_AT_ONCE_S = 10.0

Ask = Callable[[Catalog, Accounts, SqlWebhooks], Awaitable[object]]

_QUESTIONS: dict[str, Ask] = {
    "job": lambda catalog, _, __: catalog.job("a"),
    "jobs": lambda catalog, _, __: catalog.jobs(owner="ann"),
    "unfinished": lambda catalog, _, __: catalog.unfinished("d", "file:///"),
    "count_running": lambda catalog, _, __: catalog.count_running("ann"),
    "count_waiting": lambda catalog, _, __: catalog.count_waiting("ann", "low", _AT),
    "claimed": lambda catalog, _, __: catalog.find_idempotency_key("ann", "k"),
    "videos": lambda catalog, _, __: catalog.videos("ann"),
    "video": lambda catalog, _, __: catalog.video("ann", "v"),
    "clips": lambda catalog, _, __: catalog.clips("a"),
    "clip": lambda catalog, _, __: catalog.clip("a", 1, "split"),
    "count_endings": lambda catalog, _, __: catalog.count_endings(["a"]),
    "stored": lambda catalog, _, __: catalog.stored("file:///"),
    "timings": lambda catalog, _, __: catalog.timings(),
    "owner_of": lambda _, accounts, __: accounts.owner_of("vc_token"),
    "exist": lambda _, accounts, __: accounts.exist(),
    "all": lambda _, accounts, __: accounts.all(),
    "webhooks": lambda _, __, webhooks: webhooks.of("ann"),
    "webhook": lambda _, __, webhooks: webhooks.find("w"),
    "deliveries": lambda _, __, webhooks: webhooks.deliveries("w"),
    "nothing due": lambda _, __, webhooks: webhooks.take(_AT, _AT, limit=1, each=1, busy={}),
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
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Catalog, Accounts, SqlWebhooks]]:
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    async with (
        open_catalog(url) as catalog,
        SqlAccounts(url) as accounts,
        SqlWebhooks(url, seal=Seal(bytes(32))) as webhooks,
    ):
        yield catalog, accounts, webhooks


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
