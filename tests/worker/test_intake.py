"""A worker leaves clips in the queue, for others, while there is a reason not to take them."""

import asyncio
from contextlib import AsyncExitStack
from typing import cast

import pytest
from structlog.testing import capture_logs

from viralclip.app.workers import full_disks
from viralclip.engine import port
from viralclip.settings import read_settings
from viralclip.worker.intake import DiskFull, Intake, least_free_bytes


class Runtime:
    """Remembers what it was told of clips."""

    def __init__(self) -> None:
        self.takes: list[bool] = []

    def take_clips(self, takes: bool) -> None:  # noqa: FBT001 - as the port has it
        self.takes.append(takes)


class Switch:
    """A reason that is there or not."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __call__(self) -> str:
        return self.why


async def scenes_begin(plant, video, *names: str) -> None:
    """Jobs begin one after the other: the worker looks for work at least as often. Their clips are
    queued by then, but for the last one's."""
    for name in names:
        await plant.jobs.submit(plant.job(name, video))
        await plant.told(name, type="scene_started")


async def waiting(plant) -> set[str]:
    return {work.job_id for work in (await plant.engine.clip_queue(limit=10)).waiting}


async def advertises(plant, worker: str, text: str) -> None:
    async with asyncio.timeout(20):
        while (await plant.roster.advertised()).get(worker) != text:  # noqa: ASYNC110 - a file changes
            await asyncio.sleep(0.02)


async def test_clips_stay_in_the_queue_while_there_is_a_reason_and_are_made_once_there_is_none(
    plant, source
):
    full = Switch("the disk is full")
    with capture_logs() as logs:
        async with plant.worker("w1", reasons=[Switch(""), full]):
            await scenes_begin(plant, source("small"), "a1", "a2", "a3")
            told, waited = await plant.roster.advertised(), await waiting(plant)
            full.why = ""
            ends = [await plant.told(name, type="job_finished") for name in ("a1", "a2", "a3")]

    assert told == {"w1": "the disk is full"}
    assert waited >= {"a1", "a2"}
    assert {events[-1].event.outcome for events in ends} == {"succeeded"}
    assert [line["event"] for line in logs if line["event"].startswith("Worker takes")] == [
        "Worker takes no clips",
        "Worker takes clips again",
    ]


async def test_a_reason_that_comes_later_leaves_the_clip_in_the_making_alone(plant, source):
    full = Switch("")
    async with plant.worker("w1", reasons=[full]):
        await plant.jobs.submit(plant.job("a1", source("five_minutes"), (0, 6)))
        await plant.rendering("a1", 1)
        full.why = "the disk is full"
        await advertises(plant, "w1", "the disk is full")
        await scenes_begin(plant, source("small"), "a2", "a3")
        waited = await waiting(plant)
        ended = await plant.told("a1", type="job_finished")
        full.why = ""
        await plant.told("a3", type="job_finished")

    assert "a2" in waited
    assert ended[-1].event.outcome == "succeeded"


async def test_a_worker_that_leaves_takes_no_clips_that_another_could_make(plant, source):
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(plant.worker("w1", grace_s=60))
        await plant.jobs.submit(plant.job("a1", source("five_minutes"), (0, 6)))
        await plant.rendering("a1", 1)
        leaving = asyncio.create_task(stack.pop_all().aclose())
        await scenes_begin(plant, source("small"), "a2", "a3")
        waited = await waiting(plant)
        await leaving

    assert "a2" in waited


@pytest.mark.parametrize("folder", ["state", "state/work", "clips"])
def test_every_disk_that_clips_are_written_to_is_a_reason_while_it_is_nearly_full(
    tmp_path, small_disk, folder
):
    small_disk(tmp_path / folder, 1024)
    ballast = tmp_path / folder / "ballast"
    env = {
        "VIRALCLIP_STATE_DIR": str(tmp_path / "state"),
        "VIRALCLIP_STORAGE": (tmp_path / "clips").as_uri(),
    }
    reasons = full_disks(read_settings(env))

    def why(free_kb: int) -> str:
        ballast.write_bytes(bytes((1024 - free_kb) * 1024))
        return " ".join(reason() for reason in reasons)

    assert why(free_kb=200).strip() == ""
    assert f"{tmp_path / folder} has 0 MB left" in why(free_kb=40)
    # A twentieth is free again, but that is soon used up.
    assert "left" in why(free_kb=80)
    assert why(free_kb=200).strip() == ""


def test_what_has_to_be_free_is_a_twentieth_of_a_small_disk_and_no_more_than_a_clip_needs():
    assert least_free_bytes(1024**2) == 1024**2 // 20
    assert least_free_bytes(10 * 1024**4) == 256 * 1024**2


def test_a_folder_that_is_not_there_yet_is_on_the_disk_of_what_it_will_be_in(tmp_path):
    assert DiskFull(tmp_path / "not" / "made")() == ""


async def test_a_reason_is_told_as_often_as_it_changes_and_clips_are_stopped_once():
    told, full, runtime = list[str](), Switch("full"), Runtime()
    intake = Intake(cast("port.Runtime", runtime), [full], told.append)
    await intake.check()
    full.why = "fuller"
    await intake.check()
    await intake.check()
    full.why = ""
    await intake.check()
    await intake.check()

    assert told == ["full", "fuller", ""]
    assert runtime.takes == [False, True]
