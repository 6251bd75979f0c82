"""The targets are met on every scenario, seen with a detector's errors; no model is needed."""

from dataclasses import replace

import numpy as np
import pytest

from bench.reframe.scenario import HD, Scenario
from bench.reframe.scenarios import SCENARIOS
from bench.reframe.score import Score, score
from bench.reframe.seen import Errors, footage_of
from viralclip.events import Algorithm
from viralclip.geometry import Size
from viralclip.reframe.algorithms import plan_camera
from viralclip.reframe.pair import plan_pair
from viralclip.reframe.path import Doubt
from viralclip.reframe.windows import crop_windows, pair_windows

TALL = 9 / 16
SEEN = [scenario for scenario in SCENARIOS.values() if scenario.shots[0].people]
SPEAKING = [scenario for scenario in SEEN if scenario.turns()]
WATCHED = [scenario for scenario in SEEN if not scenario.turns()]


def judged(
    scenario: Scenario,
    *,
    algorithm: Algorithm | None = None,
    aspect: float = TALL,
    errors: Errors | None = None,
    fps: float = 10.0,
) -> Score:
    footage = footage_of(scenario, errors, fps=fps)
    path = plan_camera(footage, aspect, algorithm or scenario.algorithm)
    return score(scenario, crop_windows(path, scenario.times))


def assert_smooth(result: Score):
    assert result.padded == 0
    assert result.acceleration <= 0.8
    assert result.late == 0
    assert result.pans == 0
    assert result.jumps == 0


def named(scenario: Scenario) -> str:
    return scenario.name


@pytest.mark.parametrize("scenario", SEEN, ids=named)
def test_every_target_is_met_on_every_scenario(scenario):
    result = judged(scenario, errors=Errors(seed=1))

    assert_smooth(result)
    assert result.face_in >= 0.99
    assert result.offset_p95 <= 0.25
    assert not scenario.turns() or result.on_speaker >= 0.95


@pytest.mark.parametrize("scenario", SPEAKING, ids=named)
def test_the_speaker_is_shown_from_the_first_frames_on_and_not_left(scenario):
    result = judged(scenario)

    assert result.latency <= 0.1
    assert result.false_switches == 0


@pytest.mark.parametrize("scenario", WATCHED, ids=named)
def test_a_camera_that_waits_for_speech_follows_as_well(scenario):
    off_screen = ((0.2, scenario.duration / 2), (scenario.duration / 2 + 1, scenario.duration))
    result = judged(replace(scenario, off_screen=off_screen), algorithm="audio_aware")

    assert_smooth(result)
    assert result.face_in >= 0.99


@pytest.mark.parametrize("aspect", [1.0, 4 / 5, 16 / 9])
@pytest.mark.parametrize("scenario", [*WATCHED, SCENARIOS["two_speakers"]], ids=named)
def test_every_aspect_keeps_the_face_inside(scenario, aspect):
    result = judged(scenario, aspect=aspect)

    assert result.padded == 0
    assert result.face_in >= 0.99


@pytest.mark.parametrize("name", ["walking", "cuts", "two_speakers"])
def test_few_samples_a_second_are_enough_at_a_high_frame_rate(name):
    result = judged(replace(SCENARIOS[name], fps=60.0), fps=7.0)

    assert_smooth(result)
    assert result.face_in >= 0.98


def test_who_stands_still_is_filmed_without_a_movement():
    assert judged(SCENARIOS["seated"]).still == 1
    assert judged(SCENARIOS["swaying"]).still >= 0.95


def test_people_who_fit_into_one_window_are_not_switched_between():
    path = plan_camera(footage_of(SCENARIOS["speakers_close"]), TALL, "speaker_aware")

    assert len(path.takes) == 1
    assert path.speaker_switches == 7


def test_people_far_apart_are_cut_between_when_the_word_passes_on():
    scenario = SCENARIOS["two_speakers"]
    path = plan_camera(footage_of(scenario), TALL, "speaker_aware")

    switches = [take.start for take in path.takes[1:]]
    assert switches == pytest.approx([start for start, _, _ in scenario.turns()[1:]], abs=0.05)
    assert path.speaker_switches == len(switches)


def test_a_scene_with_nobody_is_filmed_from_the_middle_and_says_so():
    scenario = SCENARIOS["nobody"]
    path = plan_camera(footage_of(scenario, Errors(made_up=0.02)), TALL, "basic")
    windows = crop_windows(path, scenario.times)

    assert path.doubts == (Doubt.NO_FACES,)
    assert path.algorithm == "motion"
    assert np.ptp(windows[:, 0]) == 0
    assert windows[0, 0] == pytest.approx((HD.width - windows[0, 2]) / 2)


def test_motion_is_followed_without_faces():
    scenario = SCENARIOS["walking"]
    result = judged(scenario, algorithm="motion")

    assert_smooth(result)
    assert result.face_in >= 0.95


def test_a_tall_source_is_followed_up_and_down_with_room_above_the_head():
    tall = Size(1080, 1920)
    scenario = replace(SCENARIOS["walking"], size=tall)
    path = plan_camera(footage_of(scenario), 1.0, "basic")
    windows = crop_windows(path, scenario.times)
    boxes = scenario.shots[0].people[0].boxes(scenario.times)

    assert np.all(boxes[:, 1] - windows[:, 1] >= 0.3 * boxes[:, 3])
    assert np.all(boxes[:, 1] + boxes[:, 3] <= windows[:, 1] + windows[:, 3])


@pytest.mark.parametrize(
    "name", ["two_speakers", "chewing_listener", "two_sizes", "speakers_close"]
)
@pytest.mark.parametrize("speaker", [False, True])
def test_two_people_get_a_panel_each_and_the_left_one_is_on_top(name, speaker):
    scenario = SCENARIOS[name]
    pair = plan_pair(footage_of(scenario), 9 / 8, speaker=speaker)
    assert pair

    for windows, person in zip(
        pair_windows(pair, scenario.times), scenario.shots[0].people, strict=True
    ):
        box = person.boxes(scenario.times)
        assert np.all(box[:, :2] >= windows[:, :2])
        assert np.all(box[:, :2] + box[:, 2:] <= windows[:, :2] + windows[:, 2:])


def test_no_panel_shows_the_other_persons_face_where_they_sit_apart():
    scenario = SCENARIOS["two_speakers"]
    pair = plan_pair(footage_of(scenario), 9 / 8, speaker=False)
    assert pair

    top, bottom = pair_windows(pair, scenario.times)
    left, right = (person.boxes(scenario.times) for person in scenario.shots[0].people)
    assert np.all(top[:, 0] + top[:, 2] < right[:, 0])
    assert np.all(bottom[:, 0] > left[:, 0] + left[:, 2])


@pytest.mark.parametrize("name", ["walking", "cuts", "alternating", "nobody", "leaving"])
def test_without_two_people_together_there_is_no_pair(name):
    assert plan_pair(footage_of(SCENARIOS[name]), 9 / 8, speaker=False) is None


def test_of_three_people_the_two_who_speak_most_are_the_pair():
    scenario = SCENARIOS["three_speakers"]
    left, middle, right = scenario.shots[0].people
    quiet_middle = replace(middle, talks=())
    shot = replace(scenario.shots[0], people=(left, quiet_middle, right))
    footage = footage_of(replace(scenario, shots=(shot,)))

    by_speech, by_size = (plan_pair(footage, 9 / 8, speaker=speaker) for speaker in (True, False))
    assert by_speech
    assert by_size
    assert [turn.track for turn in by_speech.bottom.turns] == [2]
    assert 1 in {by_size.top.turns[0].track, by_size.bottom.turns[0].track}
