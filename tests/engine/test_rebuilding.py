"""A history that was lost is told again from the records, and watchers end with what is true."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from services import RedisServer
from two_scenes import NOW, SCENES, VIDEO

from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.channel.opening import open_channel
from viralclip.channel.port import BEGINNING, ProgressChannel
from viralclip.engine.rebuilding import RebuildingChannel
from viralclip.events import (
    Complete,
    CompleteDetails,
    Event,
    JobFinished,
    JobStarted,
    Logged,
    NewEvent,
    Queued,
    Rendering,
    RenderingDetails,
    SceneCompleted,
    SceneStarted,
)
from viralclip.live import Frame, Reset
from viralclip.plan import Options, StyleChoice, make_plan
from viralclip.progress import Progress
from viralclip.steps import Step


@pytest.fixture
def job() -> JobRecord:
    return JobRecord(
        job_id="a1",
        owner="local",
        plan=make_plan(VIDEO, SCENES, [StyleChoice(name="split")], Options()),
        storage_url="file:///clips",
        engine_url="",
        trace_id="t",
        created_at=NOW,
    )


@pytest.fixture
async def catalog(tmp_path, job):
    async with open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as opened:
        await opened.jobs.add(job)
        await opened.runs.begin_attempt("a1", 1)
        yield opened


@pytest.fixture
async def bare(redis_url):
    async with open_channel(redis_url) as opened:
        yield opened


@pytest.fixture
def channel(bare: ProgressChannel, catalog: Catalog) -> RebuildingChannel:
    return RebuildingChannel(bare, catalog)


def said(event: Event, *, run: int = 1) -> NewEvent:
    return NewEvent(job_id="a1", run=run, at=NOW, trace_id="t", event=event)


def note(text: str) -> NewEvent:
    return said(Logged(level="info", message=text))


async def complete(catalog: Catalog, job: JobRecord, scene_id: int) -> Complete:
    clip = job.plan.clip(scene_id, "split")
    (record,) = await catalog.clips.of("a1", scene_id)
    done = record.model_copy(update={"ending": "complete", "key": clip.filename})
    await catalog.clip_runs.end(done)
    details = CompleteDetails(clip_id=clip.clip_id, url=f"/clips/{clip.filename}")
    return Complete(scene_id=scene_id, style="split", details=details)


def steps(progress: Progress) -> list[Step]:
    return [clip.step for scene in progress.scenes for clip in scene.clips]


async def test_events_of_a_history_that_was_lost_are_told_again(channel, catalog, job):
    await complete(catalog, job, 1)
    found = await channel.events("a1", BEGINNING, limit=2)

    assert [envelope.event.type for envelope in found.events] == ["job_queued", "job_started"]
    assert found.more


async def test_a_history_that_was_lost_is_told_again_before_what_comes_next(
    channel, bare, catalog, job, redis_server: RedisServer
):
    details = RenderingDetails(style="split", encoder="x264")
    await channel.publish([said(JobStarted(worker="w1", attempt=1))])
    await channel.publish([said(await complete(catalog, job, 1))])
    await channel.publish([said(Rendering(scene_id=2, style="split", details=details))])
    before, _ = await channel.progress("a1")
    with redis_server.client() as client:
        client.flushall()
    await channel.publish([note("next")])
    after, _ = await bare.progress("a1")

    assert steps(before) == steps(after) == [Step.COMPLETE, Step.RENDERING]
    assert (after.status, after.worker) == ("running", "w1")
    assert after.scenes[0].clips[0].url == before.scenes[0].clips[0].url
    assert after.fraction == before.fraction


async def test_the_history_told_again_holds_every_fact_once(
    channel, bare, catalog, job, redis_server: RedisServer
):
    facts: list[Event] = [await complete(catalog, job, 1), await complete(catalog, job, 2)]
    await catalog.runs.finish("a1", 1, "succeeded", NOW)
    progress, _ = await channel.progress("a1")
    over = JobFinished(outcome="succeeded", clips_completed=2, clips_failed=0, clips_cancelled=0)
    await channel.publish([said(fact) for fact in (*facts, over)])
    again, _ = await bare.progress("a1")

    assert progress == again
    assert progress.outcome == "succeeded"
    assert progress.fraction == 1.0
    kinds = [type(envelope.event) for envelope in await told(bare, progress.seq)]
    assert kinds.count(Complete) == kinds.count(SceneStarted) == kinds.count(SceneCompleted) == 2
    assert kinds.count(Queued) == 2


async def told(channel: ProgressChannel, count: int) -> list[Any]:
    watching: Any = channel.watch("a1", BEGINNING)
    async with aclosing(watching):
        return [(await anext(watching)).envelope for _ in range(count)]


async def test_a_watcher_of_a_lost_history_gets_the_state_that_the_records_know(
    channel, catalog, job, redis_server: RedisServer
):
    await channel.publish([said(await complete(catalog, job, 1))])
    watching: AsyncGenerator[Frame, None] = channel.watch("a1")
    async with aclosing(watching):
        await anext(watching)
        with redis_server.client() as client:
            client.flushall()
        await channel.publish([note("next")])
        frame = await anext(watching)

    assert isinstance(frame, Reset)
    assert steps(frame.progress)[0] is Step.COMPLETE


async def test_who_comes_to_a_job_that_nobody_speaks_of_any_more_sees_how_it_ended(
    channel, catalog, job
):
    await complete(catalog, job, 1)
    (other,) = await catalog.clips.of("a1", 2)
    await catalog.clip_runs.end(other.model_copy(update={"ending": "cancelled"}))
    await catalog.runs.stop("a1", by="ann", failed=False)
    await catalog.runs.finish("a1", 1, "cancelled", NOW)
    watching: AsyncGenerator[Frame, None] = channel.watch("a1")
    async with aclosing(watching):
        frame: Any = await anext(watching)

    assert frame.progress.outcome == "cancelled"
    assert steps(frame.progress) == [Step.COMPLETE, Step.CANCELLED]
    assert frame.progress.scenes[1].clips[0].cancelled_by == "ann"


async def test_earlier_runs_are_told_as_part_of_the_latest(channel, catalog, job):
    await complete(catalog, job, 1)
    (other,) = await catalog.clips.of("a1", 2)
    await catalog.clip_runs.end(other.model_copy(update={"ending": "failed"}))
    await catalog.runs.finish("a1", 1, "partial", NOW)
    await catalog.runs.begin("a1", 2)
    progress, _ = await channel.progress("a1")

    assert (progress.run, progress.status) == (2, "queued")
    assert steps(progress) == [Step.COMPLETE, Step.QUEUED]


async def test_what_is_said_of_a_deleted_job_is_dropped(channel, bare, catalog):
    await catalog.jobs.delete("a1")
    other = note("x").model_copy(update={"job_id": "a2"})

    assert await channel.publish([note("x"), other]) == [0, 0]
    assert (await bare.progress("a1"))[0].seq == 0


async def test_a_job_is_looked_up_once_however_much_is_said_of_it(channel, catalog):
    await channel.publish([note("1")])
    await catalog.jobs.delete("a1")

    assert all(await channel.publish([note("2"), note("3")]))
