"""A worker's slots and pace are its own, whatever stands in the database that all share."""

import asyncio

from dbos._dbos import _get_dbos_instance

from viralclip.engine.dbos.queues import EAGER_POLL_S, POLL_S
from viralclip.workflow_ref import QUEUES


def served() -> dict[str, float]:
    """The queues that this process serves from its memory, and how often it looks into each."""
    queues = _get_dbos_instance()._registry.internal_queue_map
    return {name: queues[name]._polling_interval_sec for name in QUEUES.values()}


async def test_nothing_of_a_worker_stands_in_the_shared_database(plant):
    async with plant.worker("w1", slots=3):
        assert await plant.engine._client.list_queues_async() == []


async def test_a_queue_in_the_database_does_not_change_how_many_clips_are_made_at_once(
    plant, source
):
    """As versions before left it there, and as their servers write it again."""
    await plant.engine._client.register_queue_async("clips", worker_concurrency=4)
    async with plant.worker("w1", slots=1):
        await plant.jobs.submit(plant.job("a1", source("small"), *[(0, 0.4)] * 3))
        told = await plant.told("a1", type="job_finished")
    steps = [getattr(envelope.event, "step", None) for envelope in told]
    begun_and_ended = [step for step in steps if step in {"extracting_segment", "complete"}]

    assert begun_and_ended == ["extracting_segment", "complete"] * 3


async def test_a_worker_looks_for_work_eagerly_only_when_it_begins(plant):
    async with plant.worker("one"), asyncio.timeout(30):
        assert set(served().values()) == {EAGER_POLL_S}
        while EAGER_POLL_S in served().values():  # noqa: ASYNC110 - a number changes, and tells nobody
            await asyncio.sleep(0.02)

        assert served() == {QUEUES[kind]: poll_s for kind, poll_s in POLL_S.items()}
