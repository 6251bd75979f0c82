"""What people do with jobs: each action is recorded, told and queued, and may be repeated."""

import pytest
from two_scenes import NOW, SCENES, VIDEO

from viralclip.catalog.opening import open_catalog
from viralclip.catalog.records import JobRecord
from viralclip.channel.opening import open_channel
from viralclip.engine.jobs import Jobs
from viralclip.engine.opening import open_engine
from viralclip.errors import JobBusyError, UnknownJobError
from viralclip.plan import Options, StyleChoice, make_plan
from viralclip.workflow_ref import WorkflowRef

STYLES = [StyleChoice(name="original"), StyleChoice(name="split")]


@pytest.fixture
async def jobs(tmp_path):
    async with (
        open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog,
        open_channel("memory://") as channel,
        open_engine(f"sqlite:///{tmp_path / 'engine.db'}") as engine,
    ):
        yield Jobs(catalog=catalog, channel=channel, engine=engine)


@pytest.fixture
def job() -> JobRecord:
    return JobRecord(
        job_id="a1",
        owner="local",
        plan=make_plan(VIDEO, SCENES, STYLES, Options()),
        storage_url="file:///clips",
        engine_url="",
        trace_id="t",
        created_at=NOW,
    )


async def end(jobs, job, *, but: tuple[int, str]) -> None:
    """Let the run end with every clip complete but one."""
    for clip in await jobs._catalog.clips.of(job.job_id):
        ending = "failed" if (clip.scene_id, clip.style) == but else "complete"
        await jobs._catalog.clip_runs.end(clip.model_copy(update={"ending": ending}))
    await jobs._catalog.runs.finish(job.job_id, job.run, "partial", NOW)


async def test_a_submitted_job_is_recorded_told_and_queued(jobs, job):
    await jobs.submit(job)
    progress, _ = await jobs._channel.progress("a1")

    assert await jobs.find("a1") == job
    assert (progress.status, progress.clips_total) == ("queued", 4)
    assert [scene.title for scene in progress.scenes] == ["One", "Two"]


async def test_a_job_submitted_again_is_one_job(jobs, job):
    await jobs.submit(job)
    await jobs.submit(job)
    await jobs.resume(job)
    progress, _ = await jobs._channel.progress("a1")

    assert progress.seq == 1
    assert len(await jobs._catalog.jobs.latest()) == 1


async def test_a_retry_is_another_run_of_what_did_not_complete(jobs, job):
    await jobs.submit(job)
    await end(jobs, job, but=(2, "split"))
    again = await jobs.retry("a1", NOW)
    progress, _ = await jobs._channel.progress("a1")

    assert (again.run, again.outcome) == (2, None)
    assert progress.run == 2
    waiting = [clip.style for clip in progress.scenes[1].clips if not clip.ended]
    assert "split" in waiting


async def test_a_job_that_has_not_ended_cannot_be_retried(jobs, job):
    await jobs.submit(job)

    with pytest.raises(JobBusyError):
        await jobs.retry("a1", NOW)


async def test_a_cancelled_job_is_stopped_in_the_records_and_in_the_queue(jobs, job):
    await jobs.submit(job)
    clip = WorkflowRef("a1", 1, 1, "split")
    await jobs._engine.enqueue([clip], priority=1)
    await jobs.cancel("a1", by="user")
    await jobs.cancel("a1", by="somebody else")

    assert (await jobs.find("a1")).stop_by == "user"
    assert await jobs._engine.ended([clip.workflow_id, "a1.1"]) == {clip.workflow_id}


async def test_a_job_that_is_not_there_is_not_found_by_any_action(jobs):
    for action in (jobs.find("x"), jobs.retry("x", NOW), jobs.cancel("x", by="user")):
        with pytest.raises(UnknownJobError):
            await action
