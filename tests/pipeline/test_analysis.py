"""Analysed clips: their steps in order, true progress, and no error for want of faces."""

import asyncio
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from viralclip.analysis.faces import FaceDetector
from viralclip.analysis.models import FaceModel, ModelPlace
from viralclip.geometry import Size
from viralclip.pipeline.clip import make_clip

ANALYSIS = [
    "detecting_faces",
    "face_detection_complete",
    "computing_camera_path",
    "camera_path_complete",
]


def without_a_model(shop, tmp_path: Path) -> None:
    shop.use(face_model=FaceModel(ModelPlace(tmp_path, named=tmp_path / "none")))


async def details(shop, job, step: str) -> list[dict[str, Any]]:
    events: list[Any] = [envelope.event for envelope in await shop.history(job)]
    steps = [event for event in events if event.type == "clip_progress" and event.step == step]
    return [event.details.model_dump() for event in steps]


async def warnings(shop, job) -> set[tuple[str, str]]:
    events: list[Any] = [envelope.event for envelope in await shop.history(job)]
    return {(event.style, event.code) for event in events if event.type == "warning"}


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


async def test_an_analysed_clip_goes_through_its_steps_in_their_order(shop, talk, face_model):
    job = await shop.job(talk, (0.0, 1.0), styles=["intelligent"])
    end = await shop.make_first(job)

    assert end.ending == "complete"
    steps = await shop.steps(job)
    assert steps[:2] == ["extracting_segment", "detecting_faces"]
    assert [step for step in steps if step in ANALYSIS] == ANALYSIS
    assert steps[5] == "rendering"
    assert await details(shop, job, "detecting_faces") == [{"detector": "yunet", "sample_fps": 10}]
    [found] = await details(shop, job, "face_detection_complete")
    assert (found["faces"], found["frames"]) == (1, 10)
    assert found["mean_confidence"] > 0.8
    assert await details(shop, job, "computing_camera_path") == [{"algorithm": "basic"}]
    [path] = await details(shop, job, "camera_path_complete")
    assert (path["shots"], path["speaker_switches"]) == (1, 0)
    assert path["keyframes"] > 1
    assert await warnings(shop, job) == set()


async def test_the_face_is_whole_in_every_frame_of_the_clip(shop, talk, face_model):
    """Across both cuts of the talk, between which the face jumps by half the picture."""
    job = await shop.job(talk, (0.0, 6.0), styles=["intelligent"])
    await shop.make_first(job)
    [clip] = shop.out.glob("*.mp4")
    frames = frames_of(clip)
    detector = FaceDetector(face_model, source=Size(1080, 1920))
    faces = [detector.find(frame[::2, ::2]) for frame in frames]

    assert len(frames) == 150
    assert frames[0].shape == (1920, 1080, 3)
    whole = [any(face.x > -20 and face.x + face.width < 1100 for face in found) for found in faces]
    assert np.mean(whole) >= 0.99


async def test_styles_of_one_scene_share_the_analysis_and_each_tells_all_of_it(
    shop, talk, face_model
):
    styles = ["intelligent", "intelligent_motion", "intelligent_split"]
    job = await shop.job(talk, (0.0, 0.6), styles=styles)

    assert await shop.run(job) == "succeeded"
    assert len(shop.stored()) == 6
    for step in ANALYSIS:
        assert len(await details(shop, job, step)) == 3
    algorithms = [d["algorithm"] for d in await details(shop, job, "computing_camera_path")]
    assert sorted(algorithms) == ["basic", "basic", "motion"]
    assert await warnings(shop, job) == {("intelligent_split", "no_pair_found")}


async def test_without_a_model_the_crop_follows_the_motion_and_that_is_said(shop, talk, tmp_path):
    without_a_model(shop, tmp_path)
    job = await shop.job(talk, (0.0, 0.4), styles=["intelligent", "intelligent_motion"])

    assert await shop.run(job) == "succeeded"
    assert await warnings(shop, job) == {("intelligent", "detector_missing")}
    assert {d["detector"] for d in await details(shop, job, "detecting_faces")} == {"none"}
    assert {d["algorithm"] for d in await details(shop, job, "computing_camera_path")} == {"motion"}


async def test_a_required_detector_that_is_missing_fails_the_styles_that_need_it(
    shop, talk, tmp_path
):
    without_a_model(shop, tmp_path)
    job = await shop.job(
        talk,
        (0.0, 0.4),
        styles=["intelligent", "intelligent_motion", "original"],
        require_detector=True,
    )

    assert await shop.run(job) == "partial"
    [failed] = await details(shop, job, "failed")
    assert (failed["code"], failed["step"]) == ("detector_missing", "detecting_faces")


async def test_a_clip_made_without_the_model_is_made_again_with_it(
    shop, talk, face_model, tmp_path
):
    real = shop.tools.analysing.face_model
    without_a_model(shop, tmp_path)
    first = await shop.job(talk, styles=["intelligent"])
    await shop.run(first)
    again = await shop.job(talk, styles=["intelligent"])
    await shop.run(again)
    shop.use(face_model=real)
    seeing = await shop.job(talk, styles=["intelligent"])
    await shop.run(seeing)

    assert [d["kept"] for d in await details(shop, again, "complete")] == [True]
    assert [d["kept"] for d in await details(shop, seeing, "complete")] == [False]


async def test_a_scene_without_faces_gives_a_clip_and_a_warning(shop, source, face_model):
    job = await shop.job(source("landscape"), (0.0, 1.0), styles=["intelligent"])

    assert await shop.run(job) == "succeeded"
    assert await warnings(shop, job) == {("intelligent", "no_faces_found")}


@pytest.mark.parametrize(
    ("kind", "aspect"),
    [
        ("rotated", "9:16"),
        ("portrait", "16:9"),
        ("portrait", "9:16"),
        ("wide", "9:16"),
        ("vfr", "1:1"),
        ("fps60", "4:5"),
        ("no_audio", "9:16"),
        ("silent", "9:16"),
        ("odd", "9:16"),
    ],
)
async def test_every_kind_of_source_becomes_a_clip_in_every_intelligent_style(
    shop, source, kind, aspect
):
    styles = ["intelligent_speaker", "intelligent_split_speaker"]
    job = await shop.job(source(kind), (0.5, 1.1), styles=styles, aspect=aspect)

    assert await shop.run(job) == "succeeded"


async def test_a_cancelled_clip_ends_its_analysis_at_once(shop, talk, is_running):
    job = await shop.job(talk, (0.0, 6.0), styles=["intelligent"])
    [task] = await shop.tasks(job)
    begun = asyncio.Event()
    pids: list[int] = []

    def begin(pid: int) -> None:
        pids.append(pid)
        begun.set()

    shop.tools.analysing.analyses._on_start = begin
    report = shop.report(job).clip(1, "intelligent")
    making = asyncio.create_task(make_clip(task, shop.tools, report))
    await begun.wait()
    making.cancel()
    await asyncio.wait({making})

    assert making.cancelled()
    assert not is_running(pids[0])
    assert (await shop.steps(job))[-1] == "detecting_faces"


async def test_a_stage_that_was_checkpointed_is_not_looked_at_again(shop, talk):
    """After a crash on another machine the plan alone is made again, for the render."""
    kept: dict[str, Any] = {}

    async def remember(name, stage, result):
        kept[name] = kept[name] if name in kept else await stage()
        return kept[name]

    job = await shop.job(talk, (0.0, 0.4), styles=["intelligent_motion"])
    await shop.make_first(job, remember)

    assert set(kept) >= {"detecting_faces", "computing_camera_path"}
    for name in ("rendering", "uploading"):
        del kept[name]
    for path in (shop.tools.storing.work.parent / "analyses").rglob("*.npz"):
        path.unlink()
    again = await shop.job(talk, (0.0, 0.4), styles=["intelligent_motion"], preset="balanced")
    end = await shop.make_first(again, remember)

    assert end.ending == "complete"
