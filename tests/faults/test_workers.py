"""Workers that die, leave and freeze: every clip is made exactly once."""

import asyncio
import time

import pytest
from fleet import Fleet, check

pytestmark = pytest.mark.timeout(240)


async def test_a_fleet_makes_a_job(fleet: Fleet, submit):
    await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit()
    progress = await job.ends()

    assert progress.outcome == "succeeded"
    await check(job)


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
