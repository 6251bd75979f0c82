"""Captions in the clips themselves: burnt in, made again where a word changes, and nowhere else."""

from types import SimpleNamespace

import av
import numpy as np
import pytest

from viralclip.analysis.models import FaceModel, ModelPlace
from viralclip.errors import AnalysisFailedError, StorageUnavailableError
from viralclip.plan import CaptionOptions
from viralclip.words.transcript import Word

GIVEN = CaptionOptions(mode="given", area="full")


def said(*texts, start=0.0):
    return tuple(
        Word(text=text, start=start + at * 0.2, end=start + (at + 1) * 0.2)
        for at, text in enumerate(texts)
    )


def pictures(path):
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray(format="rgb24").astype(np.int16) for frame in container.decode(video=0)
        ]


def changed(one, other):
    """How many pixels differ by more than encoding does."""
    return int(np.sum(np.abs(one - other).max(axis=2) > 80))


@pytest.mark.parametrize("style", ["original", "split", "streamer", "center_focus"])
async def test_words_are_burnt_into_the_clip(shop, source, style):
    job = await shop.job(
        source("small"), styles=[style], words=[said("so", "it", "is")], captions=GIVEN
    )
    plain = await shop.job(source("small"), styles=[style], titles=["plain"])

    assert (await shop.make_first(job)).ending == "complete"
    assert (await shop.make_first(plain)).ending == "complete"
    captioned = pictures(shop.out / f"01_scene-1_{style}.mp4")
    without = pictures(shop.out / f"01_plain_{style}.mp4")
    assert len(captioned) == len(without)
    assert min(map(changed, captioned, without)) > 1000
    assert shop.unfinished() == []


async def test_captions_that_are_not_burnt_leave_the_picture_alone(shop, source):
    beside = GIVEN.model_copy(update={"burn": False})
    job = await shop.job(source("small"), words=[said("so")], captions=beside)
    plain = await shop.job(source("small"), titles=["plain"])

    await shop.make_first(job)
    await shop.make_first(plain)
    captioned = pictures(shop.out / "01_scene-1_original.mp4")
    without = pictures(shop.out / "01_plain_original.mp4")
    assert all(np.array_equal(one, other) for one, other in zip(captioned, without, strict=True))


async def test_a_corrected_word_makes_again_the_clips_that_show_it_and_no_others(shop, source):
    spans, styles = [(0.0, 0.4), (0.4, 0.8)], ["original", "split"]
    video = source("small")
    first = await shop.job(
        video, *spans, styles=styles, words=[said("so"), said("wrogn", start=0.4)], captions=GIVEN
    )
    await shop.run(first)
    made = len(shop.ffmpegs)

    second = await shop.job(
        video, *spans, styles=styles, words=[said("so"), said("wrong", start=0.4)], captions=GIVEN
    )
    assert await shop.run(second) == "succeeded"
    assert (made, len(shop.ffmpegs) - made) == (4, 2)
    third = await shop.job(
        video, *spans, styles=styles, words=[said("so"), said("wrong", start=0.4)], captions=GIVEN
    )
    assert await shop.run(third) == "succeeded"
    assert len(shop.ffmpegs) - made == 2


BESIDE = {"01_scene-1_original.srt", "01_scene-1_original.vtt"}


async def test_the_words_stand_beside_the_clip_in_its_own_time(shop, source):
    job = await shop.job(
        source("small"), (0.4, 1.2), words=[said("so", "it", start=0.6)], captions=GIVEN
    )
    await shop.make_first(job)

    assert shop.stored() >= BESIDE
    srt, vtt = (
        (shop.out / f"01_scene-1_original.{kind}").read_text(encoding="utf-8")
        for kind in ("srt", "vtt")
    )
    assert srt == "1\n00:00:00,200 --> 00:00:00,600\nso it\n"
    assert vtt == "WEBVTT\n\n00:00:00.200 --> 00:00:00.600\nso <00:00:00.400>it\n"
    [record] = await shop.tools.catalog.clips.of(job.job_id)
    assert record.captions
    assert set(record.keys) == shop.stored()
    complete = [it.event for it in await shop.history(job) if it.event.type == "clip_progress"][-1]
    assert complete.details.has_captions is True


async def test_a_clip_without_words_has_nothing_beside_it_and_takes_away_what_was(shop, source):
    video = source("small")
    await shop.make_first(await shop.job(video, words=[said("so")], captions=GIVEN))
    silent = await shop.job(video)
    await shop.make_first(silent)

    assert shop.stored() == {"01_scene-1_original.mp4", "01_scene-1_original.jpg"}
    [record] = await shop.tools.catalog.clips.of(silent.job_id)
    assert not record.captions


async def test_a_new_title_renames_the_words_too(shop, source):
    video, words = source("small"), [said("so")]
    await shop.make_first(await shop.job(video, words=words, captions=GIVEN))
    again = await shop.job(video, words=words, captions=GIVEN, titles=["New"])
    await shop.make_first(again)

    assert {name.partition(".")[2] for name in shop.stored()} == {"mp4", "jpg", "srt", "vtt"}
    assert {name.partition(".")[0] for name in shop.stored()} == {"01_new_original"}
    [record] = await shop.tools.catalog.clips.of(again.job_id)
    assert record.captions
    assert len(shop.ffmpegs) == 1


async def test_somebody_elses_subtitles_stay_as_they_are(shop, source):
    theirs = shop.out / "01_scene-1_original.srt"
    theirs.write_text("mine")
    await shop.make_first(await shop.job(source("small"), words=[said("so")], captions=GIVEN))

    assert theirs.read_text() == "mine"
    assert {
        f"01_scene-1_original-2.{kind}" for kind in ("mp4", "jpg", "srt", "vtt")
    } < shop.stored()


async def test_words_that_cannot_be_stored_leave_nothing_behind_and_are_tried_again(shop, source):
    errors = [StorageUnavailableError()]

    def fail(_path, key):
        if key.endswith(".vtt") and errors:
            raise errors.pop()

    shop.shelf.before_put = fail
    job = await shop.job(source("small"), words=[said("so")], captions=GIVEN)

    assert (await shop.make_first(job)).ending == "complete"
    assert shop.stored() == BESIDE | {"01_scene-1_original.mp4", "01_scene-1_original.jpg"}
    assert len(shop.ffmpegs) == 1


async def test_words_that_a_killed_attempt_left_are_replaced(shop, source):
    job = await shop.job(source("small"), words=[said("so")], captions=GIVEN)
    await shop.tools.catalog.clip_runs.reserve_key(
        job.job_id, 1, "original", key="01_scene-1_original.mp4", size=1
    )
    (shop.out / "01_scene-1_original.srt").write_text("half")
    await shop.make_first(job)

    assert "so" in (shop.out / "01_scene-1_original.srt").read_text()
    assert len(shop.stored()) == 4


async def test_a_static_clip_is_looked_at_so_that_its_captions_cover_no_face(
    shop, talk, face_model
):
    words = [said("so", "it", "is")]
    job = await shop.job(talk, (0.0, 0.6), words=words, captions=GIVEN)
    end = await shop.make_first(job)
    steps = await shop.steps(job)

    assert end.ending == "complete"
    assert steps[1:4] == ["detecting_faces", "face_detection_complete", "rendering"]
    assert not set(steps) & {"computing_camera_path", "camera_path_complete"}


async def test_without_a_model_captions_stand_where_they_stand_and_nothing_is_said(
    shop, talk, tmp_path
):
    shop.use(face_model=FaceModel(ModelPlace(tmp_path / "none", named=tmp_path / "no.onnx")))
    job = await shop.job(talk, (0.0, 0.6), styles=["original"], words=[said("so")], captions=GIVEN)
    end = await shop.make_first(job)

    assert end.ending == "complete"
    assert "detecting_faces" not in await shop.steps(job)
    assert not [it for it in await shop.history(job) if it.event.type == "warning"]


async def test_a_clip_without_words_is_not_looked_at_for_captions(shop, talk, face_model):
    job = await shop.job(talk, (0.0, 0.6), words=[()], captions=GIVEN)

    assert (await shop.make_first(job)).ending == "complete"
    assert "detecting_faces" not in await shop.steps(job)


async def test_captions_are_drawn_where_nobody_could_look(shop, talk, face_model):
    async def fail(*_args, **_kwargs):
        raise AnalysisFailedError

    shop.use(analyses=SimpleNamespace(detect=fail, footage=fail))
    job = await shop.job(talk, (0.0, 0.6), words=[said("so")], captions=GIVEN)

    assert (await shop.make_first(job)).ending == "complete"
    warned = [it.event for it in await shop.history(job) if it.event.type == "warning"]
    assert [it.code for it in warned] == ["faces_unknown"]
    assert "may cover a face" in warned[0].message
