"""What a worker leaves behind is removed once nobody can want it any more."""

from datetime import UTC, datetime

from viralclip.worker.cleanup import clear


async def test_files_of_ended_and_unknown_jobs_go_and_those_of_a_running_job_stay(plant, source):
    for job_id in ("ended", "running"):
        await plant.catalog.jobs.add(plant.job(job_id, source("small")))
    await plant.catalog.runs.finish("ended", 1, "succeeded", datetime.now(UTC))
    work = plant.folder / "work"
    for job_id in ("ended", "running", "gone"):
        (work / job_id).mkdir(parents=True)
        (work / job_id / "clip.part").touch()
    await clear(work, plant.catalog)

    assert [path.name for path in work.iterdir()] == ["running"]


async def test_a_worker_that_never_worked_has_nothing_to_clear(plant):
    await clear(plant.folder / "nothing", plant.catalog)
