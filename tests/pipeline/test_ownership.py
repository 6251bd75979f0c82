"""A clip replaces its own forerunner in the output folder, and nothing that is anybody else's."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from viralclip.errors import StorageUnavailableError
from viralclip.pipeline.tools import uncheckpointed

NAME = "01_scene-1_original.mp4"
SECOND = "01_scene-1_original-2.mp4"


def clips(shop) -> set[str]:
    return {name for name in shop.stored() if name.endswith(".mp4")}


def content(shop, *names: str) -> list[bytes]:
    return [(shop.out / name).read_bytes() for name in names]


async def test_the_clips_of_two_videos_with_the_same_titles_are_both_there(shop, source):
    await shop.make_first(await shop.job(source("small")))
    first = content(shop, NAME, "01_scene-1_original.jpg")
    await shop.make_first(await shop.job(source("silent")))

    assert clips(shop) == {NAME, SECOND}
    assert content(shop, NAME, "01_scene-1_original.jpg") == first
    assert "01_scene-1_original-2.jpg" in shop.stored()


async def test_the_clips_of_two_aspects_are_both_there(shop, source):
    await shop.make_first(await shop.job(source("small")))
    await shop.make_first(await shop.job(source("small"), aspect="1:1"))

    assert clips(shop) == {NAME, SECOND}


@pytest.mark.parametrize("name", [NAME, "01_scene-1_original.jpg"])
async def test_a_file_that_no_job_made_stays_as_it_is(shop, source, name: str):
    (shop.out / name).write_bytes(b"somebody else's")
    await shop.make_first(await shop.job(source("small")))
    await shop.make_first(await shop.job(source("small")))

    assert content(shop, name) == [b"somebody else's"]
    assert SECOND in clips(shop)
    assert len(shop.ffmpegs) == 1


@pytest.mark.parametrize("thing", ["folder", "broken link"])
async def test_what_is_no_file_is_in_the_way_and_stays(shop, source, thing: str):
    if thing == "folder":
        (shop.out / NAME).mkdir()
    else:
        (shop.out / NAME).symlink_to("nowhere")
    end = await shop.make_first(await shop.job(source("small")))

    assert end.ending == "complete"
    assert clips(shop) == {NAME, SECOND}


async def test_a_clip_that_somebody_worked_on_stays_as_it_is(shop, source):
    await shop.make_first(await shop.job(source("small")))
    (shop.out / NAME).write_bytes(b"with a title card")
    await shop.make_first(await shop.job(source("small"), loudness=True))

    assert content(shop, NAME) == [b"with a title card"]
    assert clips(shop) == {NAME, SECOND}


@pytest.mark.parametrize(
    ("span", "options"),
    [((0.0, 0.4), {"preset": "balanced"}), ((0.1, 0.5), {})],
    ids=["other options", "other edges"],
)
async def test_the_same_moment_made_again_replaces_its_own(shop, source, span, options):
    await shop.make_first(await shop.job(source("small")))
    first = content(shop, NAME)
    await shop.make_first(await shop.job(source("small"), span, **options))

    assert shop.stored() == {NAME, "01_scene-1_original.jpg"}
    assert content(shop, NAME) != first


async def test_another_moment_with_the_same_title_is_another_clip(shop, source):
    await shop.make_first(await shop.job(source("small"), (0.0, 0.4)))
    await shop.make_first(await shop.job(source("small"), (0.4, 0.8)))

    assert clips(shop) == {NAME, SECOND}


async def test_a_copy_of_the_video_is_the_same_video(shop, source, tmp_path: Path):
    copy = tmp_path / "another name.mp4"
    shutil.copyfile(source("small"), copy)
    await shop.make_first(await shop.job(source("small")))
    await shop.make_first(await shop.job(copy))

    assert clips(shop) == {NAME}


async def test_a_new_title_renames_the_clip_and_its_thumbnail(shop, source):
    await shop.make_first(await shop.job(source("small"), titles=["Before"]))
    again = await shop.job(source("small"), titles=["After"])
    end = await shop.make_first(again)
    told = (await shop.history(again))[-1].event

    assert end.ending == "complete"
    assert shop.stored() == {"01_after_original.mp4", "01_after_original.jpg"}
    assert told.details.url == str(shop.out / "01_after_original.mp4")
    assert len(shop.ffmpegs) == 1


async def test_a_renamed_clip_replaces_nothing(shop, source):
    await shop.make_first(await shop.job(source("small"), titles=["Before"]))
    (shop.out / "01_after_original.mp4").write_bytes(b"somebody else's")
    await shop.make_first(await shop.job(source("small"), titles=["After"]))

    assert content(shop, "01_after_original.mp4") == [b"somebody else's"]
    assert clips(shop) == {"01_after_original.mp4", "01_after_original-2.mp4"}


async def test_two_scenes_of_one_moment_do_not_take_each_others_file(shop, source):
    job = await shop.job(source("small"), (0.0, 0.4), (0.0, 0.4), titles=["One", "Two"])
    for scene_id in (1, 2):
        await shop.make((await shop.tasks(job, scene_id))[0])

    assert clips(shop) == {"01_one_original.mp4", "02_two_original.mp4"}


async def test_titles_that_change_places_lose_no_clip(shop, source):
    spans = [(0.0, 0.4), (0.4, 0.8)]
    first = await shop.job(source("small"), *spans, titles=["One", "Two"])
    second = await shop.job(source("small"), *spans, titles=["Two", "One"])
    for job in (first, second):
        for scene_id in (1, 2):
            await shop.make((await shop.tasks(job, scene_id))[0])

    assert clips(shop) == {"01_two_original.mp4", "02_one_original.mp4"}
    assert len(shop.ffmpegs) == 2


async def test_a_file_stored_by_a_worker_that_died_then_is_the_clips_own(shop, source):
    async def checkpoint(name, stage, result, /):
        given = await stage()
        if name == "uploading":
            raise asyncio.CancelledError
        return given

    job = await shop.job(source("small"))
    with pytest.raises(asyncio.CancelledError):
        await shop.make_first(job, checkpoint)
    end = await shop.make_first(job, uncheckpointed)

    assert end.ending == "complete"
    assert clips(shop) == {NAME}


async def test_a_clip_restored_from_a_backup_is_kept(shop, source):
    await shop.make_first(await shop.job(source("small")))
    backup = shop.out / "backup"
    shutil.copy2(shop.out / NAME, backup)
    os.replace(backup, shop.out / NAME)  # noqa: PTH105 - a Path would be told off for blocking
    await shop.make_first(await shop.job(source("small")))

    assert len(shop.ffmpegs) == 1


async def test_two_jobs_that_render_into_one_folder_at_once_lose_no_clip(shop, source):
    jobs = [await shop.job(source(kind)) for kind in ("small", "silent")]
    ends = await asyncio.gather(*map(shop.make_first, jobs))

    assert {end.ending for end in ends} == {"complete"}
    assert clips(shop) == {NAME, SECOND}
    assert len(shop.stored()) == 4


async def test_a_storage_that_cannot_rename_keeps_the_clip_under_its_old_name(
    shop, source, monkeypatch: pytest.MonkeyPatch
):
    await shop.make_first(await shop.job(source("small"), titles=["Before"]))

    async def refuse(*_: object) -> None:
        raise StorageUnavailableError

    monkeypatch.setattr(type(shop.shelf), "move", refuse)
    end = await shop.make_first(await shop.job(source("small"), titles=["After"]))

    assert end.ending == "complete"
    assert clips(shop) == {"01_before_original.mp4"}
