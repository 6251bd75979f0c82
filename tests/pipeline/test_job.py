"""A whole job as plain functions, without an engine: one word for what became of it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from viralclip.catalog.records import ClipRecord
from viralclip.pipeline.job import judge, process_job, scenes_of_run
from viralclip.progress import fold

ENDINGS = st.lists(st.sampled_from(["complete", "failed", "cancelled"]), min_size=1)


def records(endings: list[Any]) -> list[ClipRecord]:
    return [
        ClipRecord(job_id="j", scene_id=place, style="original", digest="", run=1, ending=ending)
        for place, ending in enumerate(endings)
    ]


@given(ENDINGS, st.booleans())
def test_a_job_has_succeeded_only_if_every_clip_is_complete(endings, stopped):
    outcome = judge(records(endings), stopped=stopped, stop_failed=False)

    assert (outcome == "succeeded") == (set(endings) == {"complete"})


@given(st.lists(st.just("failed"), min_size=1))
def test_a_job_of_which_every_clip_failed_has_failed(endings):
    assert judge(records(endings), stopped=False, stop_failed=False) == "failed"


@given(ENDINGS)
def test_a_job_that_a_storage_ended_has_failed_whatever_was_made(endings):
    assert judge(records(endings), stopped=True, stop_failed=True) == "failed"


@given(ENDINGS)
def test_a_job_without_a_complete_clip_has_failed_or_was_cancelled(endings):
    outcome = judge(records(endings), stopped="cancelled" in endings, stop_failed=False)

    assert ("complete" in endings) or outcome in ("failed", "cancelled")


def test_a_job_that_was_stopped_midway_is_cancelled_and_one_that_lost_a_clip_is_partial():
    assert judge(records(["complete", "cancelled"]), stopped=True, stop_failed=False) == "cancelled"
    assert judge(records(["complete", "failed"]), stopped=False, stop_failed=False) == "partial"


async def test_a_job_runs_without_an_engine_and_keeps_every_promise(shop, source):
    styles = ("original", "center_focus")
    job = await shop.job(source("small"), (0, 0.4), (0.5, 0.9), styles=styles)
    outcome = await shop.run(job)
    told = await shop.history(job)
    kinds = [envelope.event.type for envelope in told]

    assert outcome == "succeeded"
    assert [envelope.seq for envelope in told] == list(range(1, len(told) + 1))
    assert kinds[:2] == ["job_queued", "job_started"]
    assert kinds[-1] == "job_finished"
    assert kinds.count("scene_started") == kinds.count("scene_completed") == 2
    assert fold(job.job_id, told).fraction == 1.0
    assert fold(job.job_id, told) == (await shop.channel.progress(job.job_id))[0]
    assert len(list(shop.out.glob("*.mp4"))) == 4
    assert not shop.tools.storing.folder(job.job_id).exists()
    assert (await shop.tools.catalog.jobs.find(job.job_id)).outcome == "succeeded"


async def test_scenes_that_came_to_nothing_still_start_and_end(shop, source):
    job = await shop.job(source("small"), (0, 0.4), (0.5, 0.9))

    async def run_scenes(scenes):
        pass

    outcome = await process_job(await shop.found(job), 1, shop.tools, shop.report(job), run_scenes)
    kinds = [envelope.event.type for envelope in await shop.history(job)]

    assert outcome == "failed"
    assert kinds == [
        *("job_queued", "job_started"),
        *("scene_started", "clip_progress") * 2,
        *("clip_progress", "scene_completed") * 2,
        "job_finished",
    ]


async def test_another_run_makes_only_what_did_not_complete(shop, source):
    job = await shop.job(source("small"), (0, 0.4), (0.5, 0.9))
    (first,) = await shop.tasks(job, 1)
    await shop.make(first)
    await process_job(await shop.found(job), 1, shop.tools, shop.report(job), lambda _: _nothing())
    await shop.tools.catalog.runs.begin(job.job_id, 2)
    again = await shop.tools.catalog.jobs.find(job.job_id)
    await shop.tell(again)
    clips = await shop.tools.catalog.clips.of(job.job_id)

    assert [scene.id for scene in scenes_of_run(again, clips)] == [2]
    assert await shop.run(again) == "succeeded"
    assert len(shop.ffmpegs) == 2
    finished = (await shop.history(job))[-1].event
    assert (finished.clips_completed, finished.clips_failed) == (2, 0)


async def _nothing() -> None:
    pass


async def test_a_job_whose_scenes_cannot_be_run_ends_all_the_same(shop, source):
    async def run_scenes(_scenes: object) -> None:
        raise RuntimeError("a bug")

    job = await shop.job(source("small"), (0, 0.4), (0.5, 0.9))
    outcome = await process_job(await shop.found(job), 1, shop.tools, shop.report(job), run_scenes)
    kinds = [envelope.event.type for envelope in await shop.history(job)]

    assert outcome == "failed"
    assert kinds.count("scene_completed") == 2
    assert kinds[-1] == "job_finished"
