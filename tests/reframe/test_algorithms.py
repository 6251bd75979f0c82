"""What is followed, and what is done where that cannot be."""

import json

import numpy as np
import pytest

from bench.reframe.scenarios import SCENARIOS
from bench.reframe.seen import footage_of
from tests.reframe.conftest import face
from viralclip.reframe.algorithms import plan_camera
from viralclip.reframe.footage import Loudness
from viralclip.reframe.inspection import describe
from viralclip.reframe.path import Doubt
from viralclip.reframe.windows import crop_windows

TALL = 9 / 16


def followed(path) -> list[int]:
    return [turn.track for turn in path.turns]


def test_the_larger_face_is_followed(make_footage):
    path = plan_camera(
        make_footage(lambda _: face(300), lambda _: face(900, width=120)), TALL, "basic"
    )

    assert followed(path) == [1]


def test_a_face_that_is_larger_for_a_moment_does_not_draw_the_camera(make_footage):
    path = plan_camera(
        make_footage(
            lambda _: face(400, width=90),
            lambda t: face(880, width=105 if 2 < t < 3 else 84),
        ),
        TALL,
        "basic",
    )

    assert followed(path) == [0]


def test_who_leaves_is_followed_no_more(make_footage):
    path = plan_camera(
        make_footage(lambda t: face(400, width=170) if t < 3 else None, lambda _: face(900)),
        TALL,
        "basic",
    )

    assert followed(path) == [0, 1]
    assert path.takes[1].start == pytest.approx(3.0, abs=0.1)
    assert path.speaker_switches == 1


def test_a_change_waits_for_speech_where_the_camera_waits_for_it(make_footage):
    levels = np.where(np.arange(1000) / 100 >= 7.0, 0.2, 0.002)
    path = plan_camera(
        make_footage(
            lambda t: face(400, width=170) if t < 6 else None,
            lambda _: face(900),
            duration=10.0,
            loudness=Loudness(levels, 100.0),
        ),
        TALL,
        "audio_aware",
    )

    assert path.takes[1].start == pytest.approx(7.0, abs=0.11)


def test_the_camera_holds_still_through_silence(make_footage):
    times = np.arange(1000) / 100
    levels = np.where((times > 3) & (times < 6), 0.002, 0.2)
    footage = make_footage(
        lambda t: face(420 + 45 * t), duration=10.0, loudness=Loudness(levels, 100.0)
    )
    silence = np.arange(3.2, 5.9, 0.04)

    held, basic = (
        np.ptp(crop_windows(plan_camera(footage, TALL, name), silence)[:, 0])
        for name in ("audio_aware", "basic")
    )
    assert held < 0.2 * basic


@pytest.mark.parametrize("algorithm", ["audio_aware", "speaker_aware"])
@pytest.mark.parametrize("loudness", [None, Loudness(np.zeros(600), 100.0)])
def test_without_a_sound_faces_are_followed_all_the_same(make_footage, algorithm, loudness):
    path = plan_camera(make_footage(lambda _: face(300), loudness=loudness), TALL, algorithm)

    assert path.algorithm == "basic"
    assert path.doubts == (Doubt.NO_SOUND,)


def test_when_nobody_seems_to_speak_the_camera_stays(make_footage):
    levels = np.where(np.arange(600) % 50 < 40, 0.2, 0.002)
    path = plan_camera(
        make_footage(
            lambda _: face(300), lambda _: face(900, width=90), loudness=Loudness(levels, 100.0)
        ),
        TALL,
        "speaker_aware",
    )

    assert len(path.takes) == 1


def test_of_two_who_have_one_mouth_to_move_the_one_in_view_is_followed(make_footage):
    """A track of one sample has no step of its own."""
    levels = np.where(np.arange(5) < 3, 0.2, 0.002)
    path = plan_camera(
        make_footage(lambda _: face(300), duration=0.05, loudness=Loudness(levels, 100.0)),
        TALL,
        "speaker_aware",
    )

    assert followed(path) == [0]


def test_without_faces_motion_is_followed(make_footage):
    motion = np.tile([1000.0, 300.0, 0.05], (60, 1))
    path = plan_camera(make_footage(motion=motion), TALL, "speaker_aware")
    windows = crop_windows(path, np.array([3.0]))

    assert path.doubts == (Doubt.NO_FACES,)
    assert abs(windows[0, 0] + windows[0, 2] / 2 - 1000) <= 0.13 * windows[0, 2]


def test_a_shot_without_faces_between_others_is_filmed_from_the_middle(make_footage):
    path = plan_camera(
        make_footage(lambda t: None if 2 <= t < 4 else face(300), cuts=(2.0, 4.0)), TALL, "basic"
    )
    windows = crop_windows(path, np.array([1.0, 3.0, 5.0]))

    assert windows[:, 0] == pytest.approx([98, 438, 98], abs=2)
    assert path.doubts == ()


def test_a_scene_of_nothing_has_a_path(make_footage):
    path = plan_camera(make_footage(duration=0.0), TALL, "speaker_aware")

    assert crop_windows(path, np.array([0.0]))[0].tolist() == [438, 0, 404, 720]


def test_a_face_larger_than_the_window_is_centred(make_footage):
    path = plan_camera(make_footage(lambda _: face(640, 360, width=500)), TALL, "basic")

    assert crop_windows(path, np.array([1.0]))[0, 0] == pytest.approx(438)


def test_a_described_path_is_plain_json():
    scenario = SCENARIOS["two_speakers"]
    path = plan_camera(footage_of(scenario), TALL, "speaker_aware")

    told = json.loads(json.dumps(describe(path)))
    assert told["frame"] == [1280, 720]
    assert len(told["takes"]) == len(path.takes)
    assert len(told["tracks"]) == 2
    assert [turn["track"] for turn in told["turns"]] == followed(path)
    assert told["speaker_switches"] == 7
