"""What a clip leaves in the metrics: each ending once, and times of work that was really done."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from viralclip.errors import StorageUnavailableError
from viralclip.pipeline.clip import make_clip
from viralclip.pipeline.job import process_job
from viralclip.pipeline.settling import settle
from viralclip.pipeline.tools import uncheckpointed


async def test_a_clip_that_is_made_is_counted_once_however_often_its_scene_is_settled(
    shop, source, counted
):
    job = await shop.job(source("small"))
    assert await shop.run(job) == "succeeded"
    clips = await shop.tools.catalog.clips.of(job.job_id)
    await settle(await shop.tasks(job), clips, shop.tools, shop.report(job))
    await process_job(await shop.found(job), 2, shop.tools, shop.report(job), _nothing)

    assert counted("viralclip_clips_total") == 1
    assert counted("viralclip_clips_total", style="original", outcome="complete", code="") == 1
    assert counted("viralclip_clip_seconds_count") == 1
    assert counted("viralclip_step_seconds_count", step="rendering", style="original") == 1
    assert counted("viralclip_render_speed_ratio_count", preset="fast", encoder="x264") == 1
    assert counted("viralclip_scene_seconds_count") == 1
    assert counted("viralclip_job_seconds_count") == 1
    assert counted("viralclip_upload_bytes_total") == sum(
        (shop.out / name).stat().st_size for name in shop.stored()
    )


async def test_a_kept_clip_is_no_render(shop, source, counted):
    first = await shop.job(source("small"))
    await shop.make_first(first)
    again = await shop.job(source("small"))
    await shop.make_first(again)

    assert counted("viralclip_clips_total", outcome="complete") == 1
    assert counted("viralclip_clips_total", outcome="kept", code="") == 1
    assert counted("viralclip_clip_seconds_count") == 1
    assert counted("viralclip_step_seconds_count", step="rendering") == 1


async def test_a_clip_that_another_worker_began_counts_once_and_its_remembered_steps_not(
    shop, source, counted
):
    job = await shop.job(source("small"))
    (task,) = await shop.tasks(job)
    remembered: dict[str, Any] = {}

    async def checkpoint(name, stage, result, /):
        if name not in remembered:
            remembered[name] = await uncheckpointed(name, stage, result)
        if name == "uploading" and "died" not in remembered:
            remembered["died"] = True
            raise GeneratorExit  # as a worker that is killed
        return remembered[name]

    with suppress(GeneratorExit):
        await shop.make(task, checkpoint)
    report = shop.report(job).clip(task.clip.scene.id, task.clip.style, attempt=2)
    await make_clip(task, shop.tools, report, checkpoint)

    assert counted("viralclip_clips_total") == 1
    assert counted("viralclip_step_seconds_count", step="rendering") == 1
    assert counted("viralclip_clip_seconds_count") == 0


async def test_a_step_that_is_tried_again_is_a_retry_and_a_clip_that_fails_has_its_code(
    shop, source, counted
):
    def refuse(_path: Path, key: str) -> None:
        if key.endswith(".mp4"):
            raise StorageUnavailableError

    shop.shelf.before_put = refuse
    await shop.run(await shop.job(source("small")))

    assert counted("viralclip_retries_total", code="storage_unavailable") == 3
    assert counted("viralclip_retries_total") == 3
    assert counted("viralclip_clips_total", outcome="failed", code="storage_unavailable") == 1
    assert counted("viralclip_clips_total") == 1
    assert counted("viralclip_clip_seconds_count") == 0
    assert counted("viralclip_job_seconds_count") == 1


async def test_a_clip_that_is_stopped_is_counted_as_cancelled_once(shop, source, counted):
    job = await shop.job(source("small"))
    await shop.tools.catalog.runs.stop(job.job_id, by="user", failed=False)
    await shop.run(job)

    assert counted("viralclip_clips_total") == 1
    assert counted("viralclip_clips_total", outcome="cancelled", code="") == 1


async def test_a_clip_whose_record_could_not_be_saved_is_counted_when_it_is(
    shop, source, counted, replaced
):
    catalog = shop.tools.catalog
    failures = [OSError("no room")]

    async def end_clip(record):
        if failures:
            raise failures.pop()
        return await catalog.clip_runs.end(record)

    shop.use(catalog=replace(catalog, clip_runs=replaced(catalog.clip_runs, end=end_clip)))
    await shop.run(await shop.job(source("small")))

    assert failures == []
    assert counted("viralclip_clips_total") == 1
    assert counted("viralclip_clips_total", outcome="complete") == 1


async def _nothing(_scenes: object) -> None:
    """A run whose scenes were all made before."""
