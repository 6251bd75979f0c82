"""Workers that die, leave, freeze and quarrel: every clip is made exactly once."""

import asyncio
import time

import pytest
from fleet import Fleet, check, until
from services import free_port

from viralclip.steps import Step

pytestmark = pytest.mark.timeout(240)


async def test_a_fleet_makes_a_job(fleet: Fleet, submit):
    await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit()
    progress = await job.ends()

    assert progress.outcome == "succeeded"
    await check(job)


async def test_each_worker_runs_as_many_ffmpegs_as_it_has_slots_whoever_starts_last(
    fleet: Fleet, submit
):
    endless = str(fleet.paced(0.02))
    await fleet.serve()
    one, three = await asyncio.gather(
        fleet.worker("one", "--slots", "1", VIRALCLIP_FFMPEG=endless),
        fleet.worker("three", "--slots", "3", VIRALCLIP_FFMPEG=endless),
    )
    last = ("serve", "--no-worker", "--slots", "4", "--port", str(free_port()))
    await fleet.start("last", *last, says="viralclip is at")
    await submit(*[(at, at + 3) for at in range(10)])
    await until(lambda: one.ffmpegs() + three.ffmpegs() >= 4)
    seen: set[tuple[int, int]] = set()
    watched_until = time.monotonic() + 2
    await until(
        lambda: bool(seen.add((one.ffmpegs(), three.ffmpegs()))) or time.monotonic() > watched_until
    )

    assert seen == {(1, 3)}


async def test_a_worker_killed_in_the_middle_of_a_render(fleet: Fleet, submit):
    _, first = await asyncio.gather(fleet.serve(), fleet.slow_worker("w1"))
    job = await submit((0, 4), (4, 8))
    await job.rendering()
    second = await fleet.worker("w2")
    first.kill()
    died_at = time.monotonic()
    await job.recovered_by(second.name)
    took_over_after_s = time.monotonic() - died_at
    await job.ends()

    assert took_over_after_s < 10
    await check(job)


async def test_viewers_learn_that_the_last_worker_is_gone_and_that_another_has_come(
    fleet: Fleet, submit
):
    _, first = await asyncio.gather(fleet.serve(), fleet.slow_worker("w1"))
    job = await submit((0, 4), (4, 8))
    await job.rendering()
    first.kill()
    died_at = time.monotonic()
    await until(lambda: not job.viewer.progress.has_worker)
    learned_after_s = time.monotonic() - died_at
    standing = job.viewer.progress
    asked = await fleet.state(job.job_id)
    await fleet.worker("w2")
    await until(lambda: job.viewer.progress.has_worker)
    await job.ends()

    assert learned_after_s < 10
    assert (standing.eta_sec, standing.moved_at is None) == (None, False)
    assert (asked["progress"]["has_worker"], asked["progress"]["eta_sec"]) == (False, None)
    await check(job)


async def test_a_worker_told_to_leave_lets_its_clips_end(fleet: Fleet, submit):
    _, first = await asyncio.gather(fleet.serve(), fleet.worker("w1", "--grace", "60"))
    job = await submit((0, 3), (3, 6), (6, 9), (9, 12))
    await job.rendering()
    await fleet.worker("w2")
    assert await first.stop() == 0
    await job.ends()

    assert [clip.crashes for clip in await fleet.clips(job.job_id)] == [0] * 4
    await check(job)


async def test_a_worker_told_to_leave_at_once_hands_over_what_it_was_making(fleet: Fleet, submit):
    _, first = await asyncio.gather(fleet.serve(), fleet.slow_worker("w1", "--grace", "0"))
    job = await submit((0, 4))
    await job.rendering()
    await fleet.worker("w2")
    assert await first.stop() == 0
    await job.ends()

    assert [clip.crashes for clip in await fleet.clips(job.job_id)] == [0]
    await check(job)


async def test_a_worker_frozen_for_long_and_woken_has_no_say_any_more(fleet: Fleet, submit):
    _, first = await asyncio.gather(fleet.serve(), fleet.slow_worker("w1"))
    job = await submit((0, 4), (4, 8))
    await job.rendering()
    second = await fleet.worker("w2")
    first.freeze()
    await job.recovered_by(second.name)
    first.wake()
    await first.says_in_its_log("Worker lost its place")
    await job.ends()

    await check(job)


async def test_a_second_worker_with_the_name_of_a_living_one_is_refused(fleet: Fleet, submit):
    _, first = await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit()
    await job.rendering()
    second = await fleet.start("other-host", "worker", "--name", "w1")
    code = await asyncio.to_thread(second.popen.wait, 60)
    await job.ends()

    assert code == 1
    assert "Another living worker has the id w1" in second.log()
    assert first.popen.poll() is None
    await check(job)


async def test_a_clip_that_ends_three_workers_is_given_up_and_its_siblings_are_made(
    fleet: Fleet, submit
):
    """As a clip does that makes its machine run out of memory."""
    await fleet.serve()
    deadly = str(fleet.deadly(start=4))
    workers = [await fleet.worker(f"w{n}", VIRALCLIP_FFMPEG=deadly) for n in range(4)]
    job = await submit((0, 2), (4, 6), (8, 10))
    progress = await job.ends()

    (failed,) = [clip for scene in progress.scenes for clip in scene.clips if clip.failure]
    assert failed.failure
    assert failed.failure.code == "worker_crashed"
    assert [worker.popen.poll() is None for worker in workers].count(True) == 1
    await check(job, failed=1)


async def test_a_worker_killed_in_the_middle_of_an_analysis(fleet: Fleet, submit):
    _, first = await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit((0, 25), styles=("intelligent",))
    await job.reaches(Step.DETECTING_FACES)
    first.kill()
    second = await fleet.worker("w2", VIRALCLIP_FFMPEG=str(fleet.ffmpeg))
    await job.recovered_by(second.name)
    await job.ends()

    await check(job)
