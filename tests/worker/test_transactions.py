"""How often a job asks its catalog for something."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy.engine import Connection

from viralclip.catalog.database import Begin, Database
from viralclip.catalog.sql.catalog import sql_catalog
from viralclip.engine.rebuilding import RebuildingChannel

T = TypeVar("T")


class CountingDatabase(Database):
    """A database that counts its transactions; forecasts have their own pace and do not count."""

    transactions = 0

    async def transact(
        self, work: Callable[[Connection], T], begin: Begin, *, patient: bool = True
    ) -> T:
        self.transactions += 1
        return await super().transact(work, begin, patient=patient)


@asynccontextmanager
async def _counted(plant) -> AsyncIterator[CountingDatabase]:
    async with CountingDatabase(f"sqlite:///{plant.folder / 'catalog.db'}") as tables:
        plant.catalog = sql_catalog(tables)
        plant.channel = RebuildingChannel(plant.channel, plant.catalog)
        yield tables


async def _transactions(plant, source, *spans: tuple[float, float]) -> int:
    async with _counted(plant) as tables, plant.worker("w1"):
        await plant.jobs.submit(plant.job("a1", source("small"), *spans))
        *_, finished = await plant.told("a1", type="job_finished")

        assert finished.event.outcome == "succeeded"
        return tables.transactions


async def test_a_job_of_one_clip_takes_few_transactions(plant, source):
    # A forecast each second takes two more.
    assert await _transactions(plant, source, (0, 0.2)) <= 15 + 2


async def test_every_further_clip_takes_few_transactions(plant, source):
    spans = [(number / 10, number / 10 + 0.1) for number in range(8)]

    assert await _transactions(plant, source, *spans) <= 15 + 7 * 8 + 2 * 10
