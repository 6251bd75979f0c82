"""Stores that stumble and disks that fill up while clips are on their way."""

import asyncio

import pytest
from fleet import Fleet, check, full, until
from peers.relay import Fault, How
from peers.s3 import Bucket

from viralclip.steps import Step

pytestmark = pytest.mark.timeout(240)

_CLIP = ("PUT", ".mp4")
# More than the store's own client gets over without telling anybody.
_LONG = 12


@pytest.mark.parametrize(
    ("how", "status"), [("status", 500), ("status", 503), ("silence", 0), ("cut", 0)]
)
async def test_a_store_that_answers_wrongly_late_or_half(
    fleet: Fleet, submit, bucket: Bucket, how: How, status: int
):
    fleet.bucket = bucket
    few = 1 if how == "silence" else _LONG
    bucket.relay.faults.append(Fault(how, times=few, words=_CLIP, status=status))
    await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit((0, 2), (2, 4))
    progress = await job.ends()

    assert len(bucket.relay.faulty) == few
    assert progress.outcome == "succeeded"
    assert bucket.unfinished() == []
    await check(job)


async def test_a_worker_killed_in_the_middle_of_an_upload(fleet: Fleet, submit, bucket: Bucket):
    fleet.bucket = bucket
    bucket.relay.faults.append(Fault("silence", times=1, words=_CLIP))
    _, first = await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit((0, 2), (2, 4))
    await until(lambda: bool(bucket.relay.faulty))
    first.kill()
    second = await fleet.worker("w2")
    await job.recovered_by(second.name)
    await job.ends()

    await check(job)


async def test_a_worker_whose_disk_is_full_goes_on_when_there_is_room(
    fleet: Fleet, submit, small_disk
):
    disk = fleet.folder / "w1" / "work"
    small_disk(disk, 4096)
    await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit((0, 4), (4, 8), (8, 12))
    await job.rendering()
    with full(disk):
        await job.reaches(Step.RETRYING)
    progress = await job.ends()

    assert progress.outcome == "succeeded"
    await check(job)


async def test_a_worker_whose_disk_is_full_leaves_clips_to_one_that_has_room(
    fleet: Fleet, submit, small_disk
):
    disk = fleet.folder / "w1" / "work"
    small_disk(disk, 4096)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(4 * 1024 * 1024 - 64 * 1024))
    await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit((0, 2), (2, 4))
    second = await fleet.worker("w2")
    progress = await job.ends()
    told = [getattr(said.event, "step", None) for said in await fleet.history(job.job_id)]
    ballast.unlink()

    assert progress.outcome == "succeeded"
    assert Step.RETRYING not in told
    assert {clip.worker for clip in await fleet.clips(job.job_id)} == {second.name}
    await check(job)
