"""A forecast knows which clips of which jobs are made before a job's own."""

from datetime import UTC, datetime

from viralclip.catalog.records import Priority
from viralclip.engine.priorities import priority_number
from viralclip.pipeline.workload import Means
from viralclip.worker.line import ClipLine
from viralclip.workflow_ref import WorkflowRef

MEANS = Means("x264", 1, 2)


async def line_of(plant, **facts):
    options = {"machine": "here", "slots": 2, **facts}
    return ClipLine(plant.engine, plant.catalog, MEANS, **options)


async def test_of_other_jobs_only_what_is_made_before_the_jobs_last_clip_counts(plant, source):
    now = datetime.now(UTC)
    jobs: dict[str, Priority] = {"before": "urgent", "mine": "normal", "behind": "low"}
    for name, priority in jobs.items():
        await plant.catalog.jobs.add(plant.job(name, source("small"), (0, 0.2), (0.3, 0.8)))
        works = [WorkflowRef(name, 1, scene, "original") for scene in (1, 2)]
        await plant.engine.enqueue(works, priority=priority_number(priority, now))

    line = await (await line_of(plant)).of("mine")

    seconds = [work and round(work.render.seconds, 3) for work in line.waiting]
    assert seconds == [0.2, 0.5, None, None]
    assert (line.slots, line.slots_each, line.running) == (2, 2, [])


async def test_a_job_of_which_nothing_waits_has_nothing_before_it(plant, source):
    await plant.catalog.jobs.add(plant.job("other", source("small")))
    await plant.engine.enqueue([WorkflowRef("other", 1, 1, "original")], priority=1)

    line = await (await line_of(plant)).of("mine")

    assert list(line.waiting) == []


async def test_a_clip_whose_job_is_known_no_more_still_takes_its_time(plant):
    await plant.engine.enqueue([WorkflowRef("gone", 1, 1, "original")], priority=1)
    await plant.engine.enqueue([WorkflowRef("mine", 1, 1, "original")], priority=2)

    line = await (await line_of(plant)).of("mine")

    before, mine = line.waiting
    assert before
    assert before.render.seconds > 0
    assert mine is None


async def test_the_queue_is_read_again_once_it_is_old(plant):
    times = iter([0.0, 1.0, 3.0, 3.0])
    line = await line_of(plant, clock=lambda: next(times))
    assert list((await line.of("mine")).waiting) == []
    await plant.engine.enqueue([WorkflowRef("mine", 1, 1, "original")], priority=2)

    assert list((await line.of("mine")).waiting) == []
    assert list((await line.of("mine")).waiting) == [None]
