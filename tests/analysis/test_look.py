"""One look at a scene: faces, cuts, motion and sound where they are, on every kind of source."""

import itertools
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.analysis.faces import FaceDetector, _parts
from viralclip.analysis.footage_file import read_footage, read_sighting, write_footage
from viralclip.analysis.frames import sample_frames
from viralclip.analysis.scene_analyzer import analyze_scene
from viralclip.analysis.sound import listen
from viralclip.cli.sample import face_at
from viralclip.errors import SourceUnreadableError
from viralclip.geometry import Size
from viralclip.media.probe import probe
from viralclip.media.stretch import Stretch

TALK_S, TALK_SIZE = 6.0, Size(640, 360)
SHOTS = (0.42, 0.71)


@pytest.fixture(scope="session")
def footage(talk, face_model):
    """The whole talk, looked at."""
    stretch = Stretch(probe(talk), 0.0, TALK_S)
    return analyze_scene(stretch, model=face_model, threads=1, on_progress=lambda *_: None)


def loudness_of(footage):
    assert footage.loudness is not None
    return footage.loudness


def watch(path, *, start=0.0, duration=3.0, model=None):
    stretch = Stretch(probe(path), start, duration)
    return analyze_scene(stretch, model=model, threads=1, on_progress=lambda *_: None)


def test_the_face_is_found_where_it_is_in_nearly_every_sample(footage):
    found = [len(seen) == 1 for seen in footage.faces]
    wrong = [
        np.hypot(seen[0].x + seen[0].width / 2 - x, seen[0].y + seen[0].height / 2 - y)
        for time, seen in zip(footage.times, footage.faces, strict=True)
        if seen
        for x, y in [face_at(float(time), seconds=TALK_S, size=TALK_SIZE)]
    ]

    assert np.mean(found) > 0.97
    assert np.quantile(wrong, 0.95) < 0.03 * TALK_SIZE.width


def test_landmarks_lie_in_the_face_and_the_right_eye_is_on_the_left(footage):
    faces = list(itertools.chain.from_iterable(footage.faces))
    for face in faces:
        x, y = face.landmarks.T
        assert np.all((x > face.x) & (x < face.x + face.width))
        assert np.all((y > face.y) & (y < face.y + face.height))
        assert x[0] < x[1]
        assert face.mouth.std() > 5


def test_cuts_are_exact_to_the_frame(footage):
    assert footage.cuts == pytest.approx([share * TALK_S for share in SHOTS], abs=0.5 / 25)


def test_nothing_moves_across_a_cut(footage):
    for cut in footage.cuts:
        after = np.flatnonzero(footage.times >= cut - 1e-6)[0]
        assert tuple(footage.motion[after]) == (320.0, 180.0, 0.0)


def test_speech_and_pauses_are_heard_when_they_are(footage):
    heard = loudness_of(footage)
    time = np.arange(len(heard.levels)) / heard.rate
    speaks = time % 4.0 < 2.7
    rests = (time % 4.0 > 2.9) & (time % 4.0 < 3.9)

    assert len(heard.levels) == 600
    assert heard.levels[speaks].mean() > 10 * heard.levels[rests].mean()


def test_footage_comes_back_from_a_file_as_it_was(footage, tmp_path):
    write_footage(footage, tmp_path / "footage.npz")
    again = read_footage(tmp_path / "footage.npz")

    assert again is not None
    assert again.size == footage.size
    assert again.faces[7][0].landmarks.tolist() == footage.faces[7][0].landmarks.tolist()
    assert again.faces[7][0].mouth.tolist() == footage.faces[7][0].mouth.tolist()
    assert loudness_of(again).levels.tolist() == loudness_of(footage).levels.tolist()
    assert (again.duration, again.cuts.tolist()) == (footage.duration, footage.cuts.tolist())
    sighting = read_sighting(tmp_path / "footage.npz")
    assert sighting is not None
    assert (sighting.faces, sighting.frames) == (1, len(footage.times))
    assert sighting.mean_confidence > 0.8


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"\x93NUMPY"])
def test_a_file_that_is_not_footage_is_none(tmp_path, content):
    path = tmp_path / "footage.npz"
    path.write_bytes(content)

    assert read_footage(path) is None
    assert read_sighting(path) is None
    assert read_footage(tmp_path / "absent.npz") is None


@pytest.mark.parametrize(
    "kind",
    ["landscape", "wide", "portrait", "rotated", "vfr", "fps60", "odd", "anamorphic", "ten_bit"],
)
def test_every_kind_of_source_is_seen_upright_and_in_its_own_time(source, kind):
    path = source(kind)
    size = probe(path).video.size
    seen = watch(path, start=0.5, duration=2.0)

    assert seen.size == size
    assert seen.loudness is not None
    assert 17 <= len(seen.times) <= 21
    assert np.all(np.diff(seen.times) > 0)
    assert 0 <= seen.times[0] < 0.06
    assert seen.times[-1] < 2.0
    assert np.all((seen.motion[:, 0] >= 0) & (seen.motion[:, 0] <= size.width))
    assert np.all((seen.motion[:, 1] >= 0) & (seen.motion[:, 1] <= size.height))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_face_in_a_turned_video_is_found_upright(talk, maker, face_model, tmp_path, turn):
    """What a phone writes: the stored pictures lie, and a note says how they are to be shown."""
    path = tmp_path / "turned.mp4"
    filters = {90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}[turn]
    lying = tmp_path / "lying.mp4"
    cut = ("-t", "1", "-i", str(talk), "-vf", filters, "-preset", "ultrafast", str(lying))
    subprocess.run([maker, "-v", "error", *cut], check=True)
    note = ("-display_rotation", str(turn), "-i", str(lying), "-c", "copy", str(path))
    subprocess.run([maker, "-v", "error", *note], check=True)
    seen = watch(path, duration=0.8, model=face_model)

    assert seen.size == TALK_SIZE
    for time, found in zip(seen.times, seen.faces, strict=True):
        x, y = face_at(float(time), seconds=TALK_S, size=TALK_SIZE)
        assert (found[0].x + found[0].width / 2, found[0].y + found[0].height / 2) == (
            pytest.approx(x, abs=25),
            pytest.approx(y, abs=25),
        )


def test_a_source_without_sound_has_no_loudness_and_a_silent_one_is_silent(source):
    assert watch(source("no_audio")).loudness is None
    assert loudness_of(watch(source("silent"))).levels.max() < 0.001


@pytest.mark.parametrize(
    ("kind", "beeps"),
    [("landscape", [0.5, 1.5]), ("matroska", [0.5, 1.5]), ("surround", [0.5, 1.5])],
)
def test_sound_is_placed_to_the_hundredth_of_a_second(source, kind, beeps):
    """Each second of the source begins with a tenth of tone."""
    heard = listen(probe(source(kind)), start=0.5, duration=2.0)
    assert heard is not None
    loud = heard.levels > 0.1
    begins = np.flatnonzero(loud & ~np.roll(loud, 1)) / heard.rate

    assert begins == pytest.approx(beeps, abs=0.02)


def test_sound_that_begins_late_or_ends_early_is_silence_there(source):
    late = listen(probe(source("late_audio")), start=0.0, duration=3.0)
    short = listen(probe(source("short_audio")), start=0.0, duration=3.0)

    assert late is not None
    assert short is not None
    assert late.levels[:65].max() == 0
    assert late.levels.max() > 0.1
    assert short.levels[170:].max() == 0


def test_a_stretch_of_which_nothing_can_be_decoded_is_an_error(source):
    with pytest.raises(SourceUnreadableError):
        watch(source("truncated"), start=2.5, duration=0.4)


def test_small_faces_are_looked_for_at_a_larger_side(talk, face_model):
    """The detector's side follows from the smallest face, and is looked up once a second."""
    frame = next(iter(sample_frames(talk)))
    small = np.zeros((1440, 2560, 3), np.uint8)
    small[600:960, 900:1540] = frame.image
    detector = FaceDetector(face_model, source=Size(2560, 1440))
    near = FaceDetector(face_model, source=TALK_SIZE)

    assert len(near.find(frame.image)) == 1
    assert len(detector.find(small)) == 1
    assert near._side < detector._side


boxes = st.tuples(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.02, 0.4), st.floats(0.02, 0.4))


@given(
    st.lists(boxes, min_size=1, max_size=5), st.sampled_from([(270, 480), (480, 270), (77, 320)])
)
def test_the_parts_that_are_looked_at_hold_every_face_and_lie_apart(known, shape):
    height, width = shape
    rows = [np.array(box) for box in known]
    parts = _parts(rows, np.zeros((height, width, 3), np.uint8))

    for left, top, right, bottom in parts:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        assert left % 32 == 0
        assert top % 32 == 0
    for one, other in itertools.combinations(parts, 2):
        assert one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
    for x, y, wide, high in known:
        middle = (min(x + wide / 2, 1) * width, min(y + high / 2, 1) * height)
        assert any(
            left <= middle[0] <= right and top <= middle[1] <= bottom
            for left, top, right, bottom in parts
        )


def test_whoever_comes_is_found_within_half_a_second_and_at_once_after_a_cut(talk, face_model):
    pictures = [frame.image for frame in sample_frames(talk, end=2.0)]
    alone = pictures[0]
    width = alone.shape[1]
    both = np.concatenate([alone[:, : width // 2], alone[:, : width // 2]], axis=1)
    detector = FaceDetector(face_model, source=TALK_SIZE)
    seen = [len(detector.find(alone)) for _ in range(7)]
    came = [len(detector.find(both)) for _ in range(5)]

    assert set(seen) == {1}
    assert came[-1] == 2
    assert len(FaceDetector(face_model, source=TALK_SIZE).find(both, anew=True)) == 2
    detector = FaceDetector(face_model, source=TALK_SIZE)
    detector.find(alone)
    assert len(detector.find(both, anew=True)) == 2
