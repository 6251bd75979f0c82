"""The living go on with the work of the dead, and with nobody else's."""

import asyncio
import sqlite3

import pytest

from viralclip.pipeline.reporter import Reporter
from viralclip.worker.liveness import FileLock, life_of
from viralclip.worker.takeover import Strays, Takeover
from viralclip.workflow_ref import WorkflowRef

CLIP = WorkflowRef("a1", 1, 1, "original")


@pytest.fixture
async def orphaned(plant, source):
    """A job whose workflows were begun by w1."""
    job = plant.job("a1", source("small"))
    await plant.jobs.submit(job)
    await plant.engine.enqueue([WorkflowRef("a1", 1, 1), CLIP], priority=1)
    await plant.catalog.clip_runs.begin("a1", 1, "original", worker="w1")
    with sqlite3.connect(plant.engine_url.removeprefix("sqlite:///")) as db:
        db.execute("update workflow_status set status = 'PENDING', executor_id = 'w1'")
    return job


async def look(plant) -> None:
    async with Reporter(plant.channel) as reporter:
        succession = Takeover(
            me="w2",
            roster=plant.roster,
            engine=plant.engine,
            catalog=plant.catalog,
            reporter=reporter,
        )
        await succession.take_over()


def crash(plant) -> None:
    """Leave what a killed worker leaves: its file, and nobody who holds it."""
    plant.locks.mkdir(exist_ok=True)
    (plant.locks / "w1.lock").touch()


async def crashes(plant) -> list[int]:
    return [clip.crashes for clip in await plant.catalog.clips.of("a1")]


async def test_work_of_a_living_worker_is_left_alone(plant, orphaned):
    with FileLock(plant.locks, "w1"):
        await look(plant)

    assert {owned.worker for owned in await plant.engine.begun()} == {"w1"}
    assert await crashes(plant) == [0]


async def test_work_of_a_crashed_worker_is_queued_again_and_counted_against_its_clips(
    plant, orphaned, counted
):
    crash(plant)
    await look(plant)
    await look(plant)

    assert counted("viralclip_takeovers_total") == 1
    assert await plant.engine.begun() == []
    assert await crashes(plant) == [1]
    assert life_of(plant.locks, "w1") == "left"


async def test_a_crash_is_not_counted_against_a_clip_that_only_waited_for_its_turn(plant, orphaned):
    await plant.catalog.clip_runs.begin("a1", 1, "original", worker="w0")
    crash(plant)
    await look(plant)

    assert await plant.engine.begun() == []
    assert await crashes(plant) == [0]


async def test_work_of_a_worker_that_left_is_queued_again_and_not_counted(plant, orphaned):
    await look(plant)

    assert await plant.engine.begun() == []
    assert await crashes(plant) == [0]


async def test_a_takeover_is_told_once(plant, orphaned):
    crash(plant)
    await look(plant)
    await look(plant)
    *_, recovered = await plant.told("a1", type="job_recovered")

    assert (recovered.event.from_worker, recovered.event.to_worker) == ("w1", "w2")
    assert await crashes(plant) == [1]


async def test_a_worker_does_not_take_over_from_itself(plant, orphaned):
    with sqlite3.connect(plant.engine_url.removeprefix("sqlite:///")) as db:
        db.execute("update workflow_status set executor_id = 'w2'")
    await look(plant)

    assert {owned.worker for owned in await plant.engine.begun()} == {"w2"}


async def test_taken_over_work_comes_to_its_end(plant, orphaned):
    crash(plant)
    async with plant.worker("w2"):
        *_, finished = await plant.told("a1", type="job_finished")

    assert finished.event.outcome == "succeeded"
    assert await crashes(plant) == [1]


async def test_nothing_is_said_after_the_end_of_a_job_whose_worker_died_having_said_it(
    plant, source
):
    """It dies before the engine knows of the end: that was told all the same."""
    await plant.jobs.submit(plant.job("a1", source("small")))
    async with plant.worker("w1"):
        before = await plant.told("a1", type="job_finished")
    with sqlite3.connect(plant.engine_url.removeprefix("sqlite:///")) as db:
        undone = "update workflow_status set status = 'PENDING', executor_id = 'w1'"
        db.execute(f"{undone} where workflow_uuid = 'a1.1'")
    ended = await plant.catalog.jobs.find("a1")
    assert ended
    crash(plant)
    async with plant.worker("w2"):
        await plant.jobs.submit(plant.job("a2", source("small")))
        await plant.told("a2", type="job_finished")
        async with asyncio.timeout(60):
            while not await plant.engine.ended(["a1.1"]):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
    history = await plant.history("a1")

    assert [envelope.seq for envelope in history] == [envelope.seq for envelope in before]
    assert await plant.catalog.jobs.find("a1") == ended.model_copy(update={"attempt": 2})


async def test_a_clip_that_ended_three_workers_is_given_up_and_the_job_ends(plant, orphaned):
    for before in ("w8", "w9"):
        await plant.catalog.clip_runs.begin("a1", 1, "original", worker=before)
        await plant.catalog.clip_runs.count_crash("a1", 1, "original", worker=before)
    await plant.catalog.clip_runs.begin("a1", 1, "original", worker="w1")
    crash(plant)
    async with plant.worker("w2"):
        told = await plant.told("a1", type="job_finished")
    (failed,) = [e.event for e in told if getattr(e.event, "step", None) == "failed"]

    assert failed.details.code == "worker_crashed"
    assert told[-1].event.outcome == "failed"


def test_work_is_astray_when_nobody_is_at_it_for_several_looks():
    job, clip = WorkflowRef("a1", 1), WorkflowRef("a1", 1, 1, "original")
    running = {job.workflow_id}
    strays = Strays(running)

    assert [strays.among([job, clip]) for _ in range(3)] == [[], [], [clip]]
    running.clear()
    assert strays.among([job]) == []


def test_work_that_was_begun_in_between_is_not_astray():
    clip = WorkflowRef("a1", 1, 1, "original")
    running: set[str] = set()
    strays = Strays(running)
    strays.among([clip])
    strays.among([clip])
    running.add(clip.workflow_id)
    strays.among([clip])
    running.clear()

    assert strays.among([clip]) == []
