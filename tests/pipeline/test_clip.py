"""One clip as a plain function: its steps, what is tried again, and that it always ends once."""

import asyncio
import errno
import json
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from peers.taken import taking

from viralclip.errors import (
    RenderFailedError,
    StorageRejectedError,
    StorageUnavailableError,
)
from viralclip.pipeline.clip import make_clip
from viralclip.pipeline.render import render_clip
from viralclip.pipeline.tools import Retries, uncheckpointed
from viralclip.styles import STYLES
from viralclip.telemetry.logs import log_to


class Failing:
    """Raises these errors, one a time, for the files with this ending."""

    def __init__(self, *errors: Exception, suffix: str = ".mp4") -> None:
        self.errors = list(errors)
        self.suffix = suffix

    def __call__(self, _path: Path, key: str) -> None:
        if self.errors and key.endswith(self.suffix):
            raise self.errors.pop(0)


async def test_a_clip_goes_through_its_steps_and_is_stored_before_it_is_complete(shop, source):
    job = await shop.job(source("small"))
    end = await shop.make_first(job)

    assert end.ending == "complete"
    assert await shop.steps(job) == [
        "extracting_segment",
        "rendering",
        "render_complete",
        "uploading",
        "upload_complete",
        "complete",
    ]
    assert shop.stored() == {"01_scene-1_original.mp4", "01_scene-1_original.jpg"}
    assert shop.unfinished() == []
    (record,) = await shop.tools.catalog.clips.of(job.job_id)
    assert (record.ending, record.key) == ("complete", "01_scene-1_original.mp4")
    assert record.size == (shop.out / "01_scene-1_original.mp4").stat().st_size


async def test_transient_errors_are_tried_again_with_backoff_and_said_with_a_rising_attempt(
    shop, source
):
    shop.shelf.before_put = Failing(*(StorageUnavailableError() for _ in range(3)))
    job = await shop.job(source("small"))
    end = await shop.make_first(job)
    told = [envelope.event for envelope in await shop.history(job)]
    retrying = [event for event in told if getattr(event, "step", None) == "retrying"]

    assert end.ending == "complete"
    assert shop.waits == [1.0, 2.0, 4.0]
    assert [(event.details.attempt, event.details.delay_sec) for event in retrying] == [
        (2, 1.0),
        (3, 2.0),
        (4, 4.0),
    ]
    assert {event.details.code for event in retrying} == {"storage_unavailable"}
    uploads = [event.attempt for event in told if getattr(event, "step", None) == "uploading"]
    assert uploads == [1, 2, 3, 4]
    assert len(shop.ffmpegs) == 1


FULL_DATABASE = RuntimeError("Not written")
FULL_DATABASE.__cause__ = sqlite3.OperationalError("database or disk is full")


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space"), OSError(errno.EDQUOT, "Quota"), FULL_DATABASE],
    ids=["disk", "quota", "database"],
)
async def test_a_full_disk_is_called_that_and_waited_for_whoever_finds_out(shop, source, error):
    errors = [error]

    def note(_pid: int) -> None:
        if errors:
            raise errors.pop()

    shop.use(on_ffmpeg=note)
    job = await shop.job(source("small"))
    end = await shop.make_first(job)
    told = [envelope.event for envelope in await shop.history(job)]

    assert end.ending == "complete"
    assert [e.details.code for e in told if getattr(e, "step", None) == "retrying"] == ["disk_full"]
    assert shop.unfinished() == []


async def test_transient_errors_without_end_are_given_up_and_end_the_job(shop, source):
    shop.shelf.before_put = Failing(*(StorageUnavailableError() for _ in range(9)))
    job = await shop.job(source("small"))
    end = await shop.make_first(job)
    stopped = await shop.tools.catalog.jobs.find(job.job_id)

    assert (end.ending, end.ends_job) == ("failed", True)
    assert len(shop.waits) == 3
    assert (stopped.stop_by, stopped.stop_failed) == ("storage_unavailable", True)
    assert shop.stored() == set()
    assert shop.unfinished() == []


async def test_a_storage_that_refuses_is_not_asked_again(shop, source):
    shop.shelf.before_put = Failing(*(StorageRejectedError() for _ in range(9)))
    job = await shop.job(source("small"))
    end = await shop.make_first(job)

    assert (end.ending, end.ends_job) == ("failed", True)
    assert shop.waits == []
    assert "retrying" not in await shop.steps(job)
    assert shop.stored() == set()


async def test_an_error_of_the_clip_fails_the_clip_alone_and_is_not_tried_again(shop, source):
    async def checkpoint(name, stage, result, /):
        if name == "rendering":
            raise RenderFailedError(detail="a secret path")
        return await uncheckpointed(name, stage, result)

    job = await shop.job(source("small"))
    end = await shop.make_first(job, checkpoint)
    failed = (await shop.history(job))[-1].event

    assert (end.ending, end.ends_job) == ("failed", False)
    assert (failed.details.step, failed.details.code) == ("rendering", "render_failed")
    assert "secret" not in failed.details.message
    assert shop.waits == []


async def test_a_bug_fails_the_clip_without_telling_its_details(shop, source):
    async def checkpoint(name, stage, result, /):
        raise KeyError("secret")

    job = await shop.job(source("small"))
    end = await shop.make_first(job, checkpoint)
    failed = (await shop.history(job))[-1].event.details

    assert end.ending == "failed"
    assert failed.code == "internal"
    assert "secret" not in failed.message


async def test_a_source_that_is_gone_has_changed(shop, source, tmp_path):
    video = tmp_path / "gone.mp4"
    video.write_bytes(source("small").read_bytes())
    job = await shop.job(video)
    video.unlink()
    await shop.make_first(job)
    failed = (await shop.history(job))[-1].event.details

    assert (failed.step, failed.code) == ("extracting_segment", "source_changed")
    assert shop.ffmpegs == []


async def test_a_thumbnail_that_cannot_be_stored_is_a_warning(shop, source):
    shop.shelf.before_put = Failing(OSError("no room for pictures"), suffix=".jpg")
    job = await shop.job(source("small"))
    end = await shop.make_first(job)
    warnings = [e.event.code for e in await shop.history(job) if e.event.type == "warning"]

    assert end.ending == "complete"
    assert warnings == ["thumbnail_failed"]
    assert shop.stored() == {"01_scene-1_original.mp4"}


async def test_no_thumbnail_of_a_killed_attempt_is_left_where_none_can_be_made(shop, source):
    job = await shop.job(source("small"))
    (task,) = await shop.tasks(job)
    key = "01_scene-1_original.mp4"
    about = (job.job_id, task.clip.scene.id, task.clip.style)
    await shop.tools.catalog.clip_runs.reserve_key(*about, key=key, size=1)
    shop.out.mkdir(exist_ok=True)
    (shop.out / key).with_suffix(".jpg").write_bytes(b"of the attempt that was killed")
    shop.shelf.before_put = Failing(OSError("no room for pictures"), suffix=".jpg")
    end = await shop.make(task)

    assert end.ending == "complete"
    assert shop.stored() == {key}


async def test_a_record_that_cannot_be_saved_is_a_warning(shop, source, replaced):
    async def end_clip(record):
        raise OSError("the database is away")

    job = await shop.job(source("small"))
    shop.use(
        catalog=replace(
            shop.tools.catalog, clip_runs=replaced(shop.tools.catalog.clip_runs, end=end_clip)
        )
    )
    end = await shop.make_first(job)
    warnings = [e.event.code for e in await shop.history(job) if e.event.type == "warning"]

    assert end.ending == "complete"
    assert warnings == ["metadata_unsaved"]


async def test_a_time_that_cannot_be_learned_is_not_worth_a_clip(shop, source, replaced):
    async def learn(seen):
        raise OSError("the database is away")

    job = await shop.job(source("small"))
    shop.use(
        catalog=replace(
            shop.tools.catalog,
            learned_times=replaced(shop.tools.catalog.learned_times, learn=learn),
        )
    )

    assert (await shop.make_first(job)).ending == "complete"


async def test_only_times_without_retries_are_learned(shop, source):
    job = await shop.job(source("small"), (0, 0.4), (0.5, 0.9))
    shop.shelf.before_put = Failing(StorageUnavailableError())
    await shop.make((await shop.tasks(job, 1))[0])
    assert not (await shop.tools.catalog.learned_times.read()).models

    await shop.make((await shop.tasks(job, 2))[0])

    model = (await shop.tools.catalog.learned_times.read()).model("render")
    assert model.count == 1
    assert {"style:original", "preset:fast", "codec:h264"} <= set(model.names)


async def test_a_clip_of_a_stopped_job_is_cancelled_before_it_begins(shop, source):
    job = await shop.job(source("small"))
    await shop.tools.catalog.runs.stop(job.job_id, by="user", failed=False)
    end = await shop.make_first(job)
    told = (await shop.history(job))[-1].event

    assert end.ending == "cancelled"
    assert (told.step, told.details.by) == ("cancelled", "user")
    assert shop.ffmpegs == []


async def test_the_first_ending_stands_and_is_the_one_that_is_said(shop, source):
    job = await shop.job(source("small"))
    (task,) = await shop.tasks(job)
    await shop.tools.catalog.clip_runs.end(task.record("cancelled"))
    end = await shop.make(task)

    assert end.ending == "cancelled"
    assert (await shop.steps(job))[-1] == "cancelled"


async def test_cancellation_ends_ffmpeg_and_leaves_no_file(shop, source):
    job = await shop.job(source("five_minutes"), (0, 200))
    began = asyncio.Event()
    shop.use(on_ffmpeg=lambda pid: (shop.ffmpegs.append(pid), began.set()))
    making = asyncio.create_task(shop.make_first(job))
    await began.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making

    assert not psutil.pid_exists(shop.ffmpegs[0])
    assert shop.unfinished() == []
    assert shop.stored() == set()
    (record,) = await shop.tools.catalog.clips.of(job.job_id)
    assert record.ending is None


async def test_a_clip_of_equal_work_is_kept(shop, source):
    await shop.make_first(await shop.job(source("small")))
    again = await shop.job(source("small"))
    await shop.make_first(again)
    told = (await shop.history(again))[-1].event

    assert (told.step, told.details.kept) == ("complete", True)
    assert len(shop.ffmpegs) == 1


async def test_a_stored_file_that_is_not_the_recorded_one_is_made_again(shop, source):
    await shop.make_first(await shop.job(source("small")))
    (shop.out / "01_scene-1_original.mp4").write_bytes(b"something else")
    await shop.make_first(await shop.job(source("small")))

    assert len(shop.ffmpegs) == 2


async def test_a_whole_render_of_a_dead_worker_is_used_and_not_made_again(shop, source):
    job = await shop.job(source("small"))
    (task,) = await shop.tasks(job)
    await render_clip(task, shop.tools, shop.report(job).clip(1, "original"))
    end = await shop.make(task)

    assert end.ending == "complete"
    assert len(shop.ffmpegs) == 1


async def test_half_a_render_of_a_dead_worker_is_made_again(shop, source):
    job = await shop.job(source("small"))
    (task,) = await shop.tasks(job)
    rendition = await render_clip(task, shop.tools, shop.report(job).clip(1, "original"))
    os.truncate(rendition.path, rendition.bytes // 2)
    end = await shop.make(task)

    assert end.ending == "complete"
    assert len(shop.ffmpegs) == 2


async def test_a_remembered_render_whose_file_is_lost_is_made_again(shop, source):
    lost = []

    async def checkpoint(name, stage, result, /):
        given = await stage()
        if name == "rendering" and not lost:
            lost.append(given.path)
            os.unlink(given.path)  # noqa: PTH108 - a Path would be told off for blocking
        return given

    job = await shop.job(source("small"))
    end = await shop.make_first(job, checkpoint)

    assert end.ending == "complete"
    assert len(shop.ffmpegs) == 2


async def test_a_clip_that_ended_its_worker_three_times_is_not_tried_again(shop, source):
    job = await shop.job(source("small"))
    (task,) = await shop.tasks(job)
    end = await shop.make(replace(task, crashes=3))
    failed = (await shop.history(job))[-1].event.details

    assert end.ending == "failed"
    assert failed.code == "worker_crashed"
    assert failed.message == "Making this clip ended its worker 3 times; it is not tried again."
    assert shop.ffmpegs == []


async def test_every_built_in_style_makes_a_clip(shop, source):
    job = await shop.job(source("landscape"), (0.5, 0.8), styles=list(STYLES))
    ends = [await shop.make(task) for task in await shop.tasks(job)]

    assert {end.ending for end in ends} == {"complete"}
    assert len(list(shop.out.glob("*.mp4"))) == len(STYLES)


@given(failures=st.integers(1, 60), share=st.floats(0, 1))
def test_a_wait_is_between_half_and_all_of_a_doubling_bound(failures, share):
    retries = Retries(spread=lambda: share)
    bound = min(retries.first_s * 2.0 ** (failures - 1), retries.longest_s)

    assert bound / 2 <= retries.delay(failures) <= bound


async def test_every_try_has_a_span_that_is_linked_to_the_one_before(shop, source):
    shop.shelf.before_put = Failing(StorageUnavailableError(detail="/srv/secret"))
    job = await shop.job(source("small"))
    (task,) = await shop.tasks(job)
    report = shop.report(job).clip(1, "original")
    with taking() as spans, report.spans.begin(1, worker="here"):
        await make_clip(task, shop.tools, report)
    first, second = spans.named("clip")
    steps = [(span.name, span.parent_id, span.error) for span in spans if span.name != "clip"]

    assert (first.error, second.error) == ("storage_unavailable", None)
    assert (first.links, second.links) == ((), (first.span_id,))
    assert first.parent_id == second.parent_id
    assert steps == [
        ("extracting_segment", first.span_id, None),
        ("rendering", first.span_id, None),
        ("uploading", first.span_id, "storage_unavailable"),
        ("uploading", second.span_id, None),
    ]
    assert "secret" not in repr(spans)


async def test_lines_of_a_retry_say_the_step_and_the_attempt(shop, source, tmp_path):
    log_to(tmp_path / "logs")
    shop.shelf.before_put = Failing(StorageUnavailableError(), StorageRejectedError())
    await shop.make_first(await shop.job(source("small")))
    structlog.reset_defaults()
    (file,) = (tmp_path / "logs").iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]

    assert [(line["message"], line["step"], line["attempt"]) for line in lines] == [
        ("Clip processing began", "queued", 1),
        ("Clip stage will be tried again", "uploading", 1),
        ("Clip processing failed", "uploading", 2),
    ]
