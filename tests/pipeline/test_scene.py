"""One scene as a plain function: whatever becomes of its clips, it ends once and truly."""

from dataclasses import replace

from viralclip.pipeline.scene import process_scene


async def test_a_scene_is_started_its_clips_wait_and_it_is_completed(shop, source):
    job = await shop.job(source("small"), styles=("original", "center_focus"))
    await shop.run(job)
    told = [envelope.event for envelope in await shop.history(job)][2:-1]

    assert (told[0].type, told[0].style_count, told[0].title) == ("scene_started", 2, "Scene 1")
    assert [(event.step, event.style) for event in told[1:3]] == [
        ("queued", "original"),
        ("queued", "center_focus"),
    ]
    assert told[-1].type == "scene_completed"
    assert (told[-1].clips_completed, told[-1].clips_failed, told[-1].clips_cancelled) == (2, 0, 0)


async def test_clips_that_ended_without_a_word_have_failed(shop, source):
    job = await shop.job(source("small"), styles=("original", "center_focus"))
    tasks = await shop.tasks(job)

    async def run_clips(given):
        await shop.make(given[0])

    await process_scene(job.plan.scenes[0], tasks, shop.tools, shop.report(job), run_clips)
    *_, failed, completed = [envelope.event for envelope in await shop.history(job)]

    assert (failed.step, failed.style, failed.details.code) == (
        "failed",
        "center_focus",
        "internal",
    )
    assert (completed.clips_completed, completed.clips_failed) == (1, 1)


async def test_clips_that_never_began_when_the_job_was_stopped_are_cancelled(shop, source):
    job = await shop.job(source("small"), styles=("original", "center_focus"))
    tasks = await shop.tasks(job)

    async def run_clips(given):
        await shop.tools.catalog.runs.stop(job.job_id, by="storage_full", failed=True)

    await process_scene(job.plan.scenes[0], tasks, shop.tools, shop.report(job), run_clips)
    *_, first, second, completed = [envelope.event for envelope in await shop.history(job)]

    assert [event.details.by for event in (first, second)] == ["storage_full"] * 2
    assert completed.clips_cancelled == 2


async def test_a_clip_told_complete_counts_although_its_record_was_lost(shop, source, replaced):
    job = await shop.job(source("small"))
    (task,) = await shop.tasks(job)
    real = shop.tools.catalog

    async def end_clip(record):
        raise OSError("the database is away")

    async def run_clips(given):
        shop.use(catalog=replace(real, clip_runs=replaced(real.clip_runs, end=end_clip)))
        await shop.make(task)
        shop.use(catalog=real)

    await process_scene(job.plan.scenes[0], [task], shop.tools, shop.report(job), run_clips)
    *_, completed = [envelope.event for envelope in await shop.history(job)]

    assert (completed.clips_completed, completed.clips_failed) == (1, 0)
    assert [clip.ending for clip in await real.clips.of(job.job_id)] == ["complete"]
