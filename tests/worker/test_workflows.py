"""Jobs on a real engine: order, slots, cancellation, handing over."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from viralclip.catalog.database import Database
from viralclip.catalog.records import ClipRecord, EndedClip
from viralclip.catalog.sql.catalog import sql_catalog
from viralclip.catalog.sql.clip_runs import SqlClipRuns
from viralclip.engine.dbos.runtime import DbosRuntime
from viralclip.engine.port import StepOfAnotherVersionError
from viralclip.engine.priorities import priority_number
from viralclip.events import NewEvent
from viralclip.worker import workflows
from viralclip.worker.completions import Completions
from viralclip.worker.liveness import WorkerIdTakenError
from viralclip.workflow_ref import WorkflowRef


async def endings(plant, job_id: str) -> dict[int, str | None]:
    return {clip.scene_id: clip.ending for clip in await plant.catalog.clips.of(job_id)}


async def test_a_job_comes_to_its_end_and_so_does_the_next_on_the_same_worker(plant, source):
    async with plant.worker("w1"):
        for job_id in ("a1", "a2"):
            job = plant.job(job_id, source("small"), (0, 0.2), (0.5, 0.7))
            await plant.jobs.submit(job)
            *_, finished = await plant.told(job_id, type="job_finished")

            assert finished.event.outcome == "succeeded"
    assert len(list(plant.out.glob("*/*.mp4"))) == 4


async def test_a_job_publishes_every_event_once(plant, source):
    channel, events = plant.channel, []

    class Heard:
        """The channel, and all that is handed to it."""

        def __getattr__(self, name: str) -> object:
            return getattr(channel, name)

        async def publish(self, drafts: list[NewEvent]) -> list[int]:
            events.extend(draft.key for draft in drafts)
            return await channel.publish(drafts)

    plant.channel = Heard()
    job = plant.job("a1", source("small"), (0, 0.2), (0.5, 0.7), styles=["original", "split"])
    async with plant.worker("w1"):
        await plant.jobs.submit(job)
        told = await plant.told("a1", type="job_finished")

    assert sum("original" in key and key.startswith("1/1/") for key in events) == 7
    assert len(events) == len(told)


async def test_urgent_clips_go_first_and_old_normal_ones_are_not_starved(plant, source):
    now = datetime.now(UTC)
    order = {
        "old_normal": priority_number("normal", now - timedelta(hours=2)),
        "urgent": priority_number("urgent", now),
        "normal": priority_number("normal", now),
        "low": priority_number("low", now),
    }
    for name in ("low", "normal", "urgent", "old_normal"):
        await plant.catalog.jobs.add(plant.job(name, source("small")))
        await plant.engine.enqueue([WorkflowRef(name, 1, 1, "original")], priority=order[name])
    async with plant.worker("w1", slots=1):
        began = [
            (await plant.told(name, step="rendering"))[-1].at
            for name in ("old_normal", "urgent", "normal", "low")
        ]

    assert began == sorted(began)


async def test_clips_of_a_job_are_begun_in_the_order_of_its_scenes(plant, source):
    spans = [(0.1 * at, 0.1 * at + 0.2) for at in range(8)]
    job = plant.job("a1", source("small"), *spans, styles=["original", "split"])
    async with plant.worker("w1", slots=1):
        await plant.jobs.submit(job)
        told = await plant.told("a1", type="job_finished")
    begun = [
        (e.event.scene_id, e.event.style)
        for e in told
        if getattr(e.event, "step", None) == "extracting_segment"
    ]

    assert begun == [(clip.scene.id, clip.style) for clip in job.plan.clips()]


async def test_who_asks_for_one_clip_does_not_wait_for_all_clips_of_who_asked_before(plant, source):
    many = [(0.1 * at, 0.1 * at + 0.2) for at in range(20)]
    first = plant.job("many", source("small"), *many)
    at = first.created_at + timedelta(seconds=15)
    second = plant.job("one", source("small")).model_copy(update={"owner": "ben", "created_at": at})
    for job in (first, second):
        await plant.jobs.submit(job)
    async with plant.worker("w1", slots=1):
        await plant.told("one", type="job_finished")
        ended = [clip.ending for clip in await plant.catalog.clips.of("many")]

    assert ended.count("complete") < 10


async def test_parents_hold_no_slot(plant, source):
    """More jobs and scenes than slots would otherwise wait for each other for ever."""
    async with plant.worker("w1", slots=1):
        for job_id in ("a1", "a2", "a3"):
            job = plant.job(job_id, source("small"), (0, 0.2), (0.5, 0.7))
            await plant.jobs.submit(job)
        for job_id in ("a1", "a2", "a3"):
            *_, finished = await plant.told(job_id, type="job_finished")

            assert finished.event.outcome == "succeeded"


async def test_a_cancelled_job_ends_cancelled_and_keeps_what_was_complete(plant, source):
    async with plant.worker("w1", slots=2):
        job = plant.job("a1", source("five_minutes"), (0, 0.2), (0, 250))
        await plant.jobs.submit(job)
        await plant.told("a1", step="complete", scene_id=1)
        await plant.rendering("a1", 2)
        await plant.jobs.cancel("a1", by="user")
        *_, finished = await plant.told("a1", type="job_finished")

    assert finished.event.outcome == "cancelled"
    assert await endings(plant, "a1") == {1: "complete", 2: "cancelled"}
    assert not [path for path in (plant.folder / "work").rglob("*") if path.is_file()]


async def test_a_job_cancelled_before_a_worker_came_never_begins(plant, source):
    await plant.jobs.submit(plant.job("a1", source("small")))
    await plant.jobs.cancel("a1", by="user")
    async with plant.worker("w1"):
        told = await plant.told("a1", type="job_finished")

    assert told[-1].event.outcome == "cancelled"
    assert "rendering" not in {getattr(e.event, "step", None) for e in told}


async def test_one_clip_is_cancelled_and_its_siblings_go_on(plant, source):
    async with plant.worker("w1", slots=2):
        await plant.jobs.submit(plant.job("a1", source("five_minutes"), (0, 250), (0, 0.2)))
        await plant.rendering("a1", 1)
        await plant.jobs.cancel_clip("a1", 1, "original", by="user")
        *_, finished = await plant.told("a1", type="job_finished")

    assert finished.event.outcome == "partial"
    assert await endings(plant, "a1") == {1: "cancelled", 2: "complete"}


async def test_a_worker_that_leaves_hands_its_work_to_the_next(plant, source):
    async with plant.worker("w1"):
        await plant.jobs.submit(plant.job("a1", source("five_minutes"), (0, 20)))
        await plant.rendering("a1", 1)
    assert await endings(plant, "a1") == {1: None}

    async with plant.worker("w2"):
        told = await plant.told("a1", type="job_finished")

    assert told[-1].event.outcome == "succeeded"
    assert [clip.crashes for clip in await plant.catalog.clips.of("a1")] == [0]


async def test_a_worker_with_grace_lets_its_clips_end_before_it_leaves(plant, source):
    async with plant.worker("w1", grace_s=60):
        await plant.jobs.submit(plant.job("a1", source("five_minutes"), (0, 6)))
        await plant.rendering("a1", 1)

    assert await endings(plant, "a1") == {1: "complete"}


async def test_two_workers_with_one_id_are_refused(plant):
    async with plant.worker("w1"):
        with pytest.raises(WorkerIdTakenError):
            async with plant.worker("w1"):
                pass


async def test_work_of_an_earlier_run_does_nothing(plant, source):
    job = plant.job("a1", source("small"))
    await plant.catalog.jobs.add(job)
    await plant.catalog.runs.finish("a1", 1, "failed", datetime.now(UTC))
    await plant.catalog.runs.begin("a1", 2)
    stale = WorkflowRef("a1", 1, 1, "original")
    await plant.engine.enqueue([stale, WorkflowRef("gone", 1, 1, "original")], priority=1)
    async with plant.worker("w1"), asyncio.timeout(30):
        await Completions(plant.engine.ended, ()).wait([stale.workflow_id, "gone.1.1.original"])

    assert await endings(plant, "a1") == {1: None}


class Full:
    """A database that takes no rows of a kind, as a full disk does, until there is room."""

    def __init__(self, url: str, table: str, change: str) -> None:
        self._path = url.removeprefix("sqlite:///")
        self._trigger = f"before {change} on {table}"

    def __enter__(self) -> None:
        refusal = "begin select raise(abort, 'database or disk is full'); end"
        self._do(f"create trigger disk_full {self._trigger} {refusal}")

    def __exit__(self, *_: object) -> None:
        self._do("drop trigger disk_full")

    def _do(self, statement: str) -> None:
        with closing(sqlite3.connect(self._path, timeout=30)) as db:
            db.execute(statement)
            db.commit()


async def test_how_a_clip_ended_is_recorded_when_it_can_be(plant, source):
    refusals = iter([OSError("no space left on device")] * 3)

    class Stumbling(SqlClipRuns):
        async def end(self, record: ClipRecord) -> EndedClip:
            for error in refusals:
                raise error
            return await super().end(record)

    async with Database(f"sqlite:///{plant.folder / 'catalog.db'}") as tables:
        plant.catalog = replace(sql_catalog(tables), clip_runs=Stumbling(tables))
        async with plant.worker("w1"):
            await plant.jobs.submit(plant.job("a1", source("small")))
            *_, finished = await plant.told("a1", type="job_finished")

        assert finished.event.outcome == "succeeded"
        assert await endings(plant, "a1") == {1: "complete"}
        assert next(refusals, None) is None


async def test_a_job_ends_although_the_engine_cannot_note_the_end_of_its_clips(plant, source):
    """The engine's book says for ever that they are begun: nobody else would tell their scene."""
    async with plant.worker("w1", slots=1):
        await plant.jobs.submit(plant.job("a1", source("five_minutes"), (0, 4)))
        await plant.rendering("a1", 1)
        with Full(plant.engine_url, "workflow_status", "update"):
            *_, finished = await plant.told("a1", type="job_finished")
        assert finished.event.outcome == "succeeded"
        async with asyncio.timeout(60):
            while await plant.engine.begun():  # noqa: ASYNC110 - a row changes, and tells nobody
                await asyncio.sleep(0.1)

    assert [clip.crashes for clip in await plant.catalog.clips.of("a1")] == [0]


async def test_a_clip_is_made_although_the_engine_cannot_note_its_steps(plant, source):
    async with plant.worker("w1", slots=1):
        await plant.jobs.submit(plant.job("a1", source("five_minutes"), (0, 4)))
        await plant.rendering("a1", 1)
        with Full(plant.engine_url, "operation_outputs", "insert"):
            *_, finished = await plant.told("a1", type="job_finished")

    assert finished.event.outcome == "succeeded"


async def test_a_job_that_cannot_be_run_at_all_ends_as_failed(plant, source, monkeypatch):
    def broken(*_args: object) -> None:
        raise RuntimeError("no forecast today")

    monkeypatch.setattr(workflows, "Forecast", broken)
    async with plant.worker("w1"):
        await plant.jobs.submit(plant.job("a1", source("small")))
        *_, finished = await plant.told("a1", type="job_finished")

    assert (finished.event.outcome, finished.event.clips_completed) == ("failed", 0)
    assert await endings(plant, "a1") == {1: "cancelled"}


async def test_a_clip_that_another_version_began_is_made_without_its_checkpoints(
    plant, source, monkeypatch
):
    """Its stages were others: what is recorded in their place is not theirs."""

    async def other(_runtime: object, name: str, _step: object) -> None:
        raise StepOfAnotherVersionError(name)

    monkeypatch.setattr(DbosRuntime, "run_step", other)
    async with plant.worker("w1"):
        await plant.jobs.submit(plant.job("a1", source("small")))
        *_, finished = await plant.told("a1", type="job_finished")

    assert finished.event.outcome == "succeeded"
