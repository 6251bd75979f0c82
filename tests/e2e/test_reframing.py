"""People who want a crop that follows: what it looked at, what it needs, and that it says so."""

import json
from pathlib import Path

import pytest

from viralclip.analysis.faces import FaceDetector
from viralclip.analysis.frames import sample_frames
from viralclip.geometry import Size
from viralclip.media.probe import probe
from viralclip.reframe.footage import Face

SPAN = (0.5, 2.5)
_NOWHERE = "http://127.0.0.1:9/model.onnx"


@pytest.fixture
def without_model(viralclip):
    """No face model, and nowhere to have one from."""
    viralclip.env |= {
        "XDG_CACHE_HOME": str(viralclip.folder / "cache"),
        "VIRALCLIP_YUNET_URL": _NOWHERE,
    }
    return viralclip


@pytest.fixture
def with_model(viralclip, face_model):
    viralclip.env["VIRALCLIP_YUNET_MODEL"] = str(face_model)
    return viralclip


def test_debug_path_writes_where_each_frame_looked_and_why(with_model, source):
    written = with_model.folder / "paths.json"
    asked = with_model.asked(source("small"), with_model.scenes(SPAN), styles="intelligent")
    done = with_model.run(*asked, "--debug-path", written)
    document = json.loads(written.read_text())
    (scene,) = document["scenes"]
    style = scene["styles"]["intelligent"]
    (panel,) = style["panels"]

    assert (done.code, done.err) == (0, "")
    assert (document["video"], scene["title"], scene["start_sec"]) == ("small.mp4", "Scene 1", 0.48)
    assert (style["fps"], len(panel["windows"])) == ("25", 50)
    assert all(x >= 0 and x + width <= 640 for x, _, width, _ in panel["windows"])
    assert panel["path"]


@pytest.mark.parametrize("style", ["intelligent", "intelligent_speaker"])
def test_in_the_finished_clip_a_whole_face_is_in_every_picture(
    with_model, talk: Path, face_model: Path, style: str
):
    """The sample's person walks about, and is now here and now there after its cuts."""
    seconds = probe(talk).video.duration
    done = with_model.run(*with_model.asked(talk, with_model.scenes((0, seconds)), styles=style))
    clip = with_model.out / f"01_scene-1_{style}.mp4"
    size = probe(clip).video.size
    detector = FaceDetector(face_model, source=size)
    seen = [detector.find(frame.image, anew=True) for frame in sample_frames(clip)]
    whole = [any(_is_whole(face, size) for face in faces) for faces in seen]

    assert (done.code, done.err) == (0, "")
    assert len(seen) >= seconds * 9
    assert sum(whole) >= 0.98 * len(whole)


def _is_whole(face: Face, size: Size) -> bool:
    inside = face.x >= 0 and face.x + face.width <= size.width
    return inside and face.y >= 0 and face.y + face.height <= size.height


def test_debug_path_of_styles_that_do_not_look_is_a_document_all_the_same(viralclip, source):
    written = viralclip.folder / "paths.json"
    asked = viralclip.asked(source("small"), viralclip.scenes(SPAN), styles="original")
    done = viralclip.run(*asked, "--debug-path", written)

    assert done.code == 0
    assert json.loads(written.read_text())["scenes"][0]["styles"] == {}


def test_the_end_says_which_detector_and_which_camera_made_the_clips(with_model, source):
    asked = with_model.asked(source("small"), with_model.scenes(SPAN), styles="intelligent")
    done = with_model.run(*asked)

    assert done.code == 0
    assert "camera: intelligent follows the main face (yunet)" in done.out
    assert "warning: No face was found in this scene, so the crop follows the motion." in done.out


def test_without_a_model_the_clips_follow_the_motion_and_it_is_said(without_model, source):
    asked = without_model.asked(source("small"), without_model.scenes(SPAN), styles="intelligent")
    done = without_model.run(*asked)

    assert (done.code, done.err) == (0, "")
    assert "camera: intelligent follows the motion (no face detector)" in done.out
    assert "warning: " in done.out
    assert without_model.clips() == {"01_scene-1_intelligent.mp4"}


def test_a_required_detector_that_cannot_be_had_is_said_before_anything_begins(
    without_model, source
):
    asked = without_model.asked(source("small"), without_model.scenes(SPAN), styles="intelligent")
    done = without_model.run(*asked, "--require-detector")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("viralclip: Faces cannot be looked for: the face model is not here")
    assert done.err.endswith("run `viralclip models fetch` and try again.\n")
    assert len(done.err.splitlines()) == 1
    assert without_model.jobs() == []
    assert without_model.clips() == set()


def test_styles_without_faces_need_no_detector(without_model, source):
    asked = without_model.asked(source("small"), without_model.scenes(SPAN))

    assert without_model.run(*asked, "--require-detector").code == 0


def test_fetching_a_model_that_is_named_says_where_it_is(with_model, face_model: Path):
    done = with_model.run("models", "fetch")

    assert (done.code, done.out, done.err) == (0, f"{face_model}\n", "")


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("missing.onnx", "names {folder}/missing.onnx, which is not a file"),
        (None, "the server it should come from cannot be reached"),
    ],
)
def test_a_model_that_cannot_be_fetched_is_one_sentence(without_model, named: str | None, why: str):
    if named:
        without_model.env["VIRALCLIP_YUNET_MODEL"] = str(without_model.folder / named)
    done = without_model.run("models", "fetch")

    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("viralclip: The face model is not available: ")
    assert why.format(folder=without_model.folder) in done.err
    assert len(done.err.splitlines()) == 1
