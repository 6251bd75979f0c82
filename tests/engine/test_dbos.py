"""The engine on DBOS reads its queue from the runtime's own table, at a bounded cost."""

import pytest
import sqlalchemy as sa

from viralclip.engine.dbos.client import DbosEngine
from viralclip.engine.dbos.tables import depth_query, workflows
from viralclip.engine.opening import open_engine
from viralclip.engine.port import QueueDepth
from viralclip.workflow_ref import WorkflowRef


@pytest.fixture
async def engine(tmp_path):
    async with DbosEngine(f"sqlite:///{tmp_path / 'engine.db'}") as opened:
        yield opened


async def test_the_depth_of_the_queue_counts_clips_alone_and_reads_no_finished_work(url):
    async with open_engine(url) as engine:
        empty = engine.depth()
        works = [
            WorkflowRef("a", 1),
            WorkflowRef("a", 1, 1),
            *(WorkflowRef("a", 1, 1, name) for name in "xyz"),
        ]
        await engine.enqueue(works, priority=1)
        with workflows(url) as (db, status):
            begun = sa.update(status).where(status.c.workflow_uuid == "a.1.1.x")
            db.execute(begun.values(status="PENDING"))
            done = sa.update(status).where(status.c.workflow_uuid == "a.1.1.y")
            db.execute(done.values(status="SUCCESS"))
            waits = sa.update(status).where(status.c.workflow_uuid == "a.1.1.z")
            db.execute(waits.values(created_at=status.c.created_at - 60_000))
        depth = engine.depth()

    assert empty == QueueDepth(waiting=0, running=0, oldest_s=0.0)
    assert (depth.waiting, depth.running) == (1, 1)
    assert 60 <= depth.oldest_s < 120


async def test_the_depth_of_the_queue_is_read_from_an_index_of_what_is_in_flight(engine):
    with workflows(engine._url) as (db, status):
        plan = db.execute(sa.text(f"explain query plan {depth_query(status)}")).all()

    assert len(plan) == 1
    assert "USING COVERING INDEX idx_workflow_status_in_flight" in plan[0].detail
