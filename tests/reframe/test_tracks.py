"""Faces of samples become people, one track through one shot each."""

import numpy as np
import pytest

from tests.reframe.conftest import face
from viralclip.reframe.tracks import find_tracks


def test_a_face_that_stays_is_one_track(make_footage):
    [track] = find_tracks(make_footage(lambda _: face(400)))

    assert (track.start, track.end) == (0.0, pytest.approx(5.9))
    assert track.centres[:, 0] == pytest.approx(400)
    assert track.seen.all()


def test_no_track_crosses_a_cut(make_footage):
    tracks = find_tracks(make_footage(lambda _: face(400), cuts=(2.05, 4.0)))

    assert [track.shot for track in tracks] == [0, 1, 2]
    assert tracks[0].end < 2.05 <= tracks[1].start
    assert tracks[2].start == pytest.approx(4.0)


def test_tracks_of_a_shot_come_from_left_to_right(make_footage):
    tracks = find_tracks(make_footage(lambda _: face(900), lambda _: face(200)))

    assert [track.centres[0, 0] for track in tracks] == pytest.approx([200, 900])


def test_a_face_lost_for_a_second_stays_the_same_person(make_footage):
    [track] = find_tracks(
        make_footage(lambda t: None if 2 < t < 3 else face(300 + 60 * t), duration=6)
    )

    hidden = ~track.seen
    assert track.times[hidden] == pytest.approx(np.arange(2.1, 2.95, 0.1))
    assert track.centres[hidden, 0] == pytest.approx(300 + 60 * track.times[hidden], abs=3)


def test_a_face_lost_for_longer_comes_back_as_another(make_footage):
    tracks = find_tracks(make_footage(lambda t: None if 2 < t < 4.5 else face(300), duration=7))

    assert len(tracks) == 2


def test_people_who_pass_each_other_keep_their_tracks(make_footage):
    one, other = find_tracks(
        make_footage(
            lambda t: face(300 + 100 * t, 280),
            lambda t: face(900 - 100 * t, 340, width=70),
        )
    )

    assert sorted(track.centres[0, 0] for track in (one, other)) == pytest.approx([300, 900])
    for track in (one, other):
        assert np.ptp(np.sign(np.diff(track.centres[:, 0]))[1:-1]) == 0


@pytest.mark.parametrize(
    "mistake",
    [
        lambda t: face(900) if t < 0.35 else None,
        lambda _: face(900, score=0.5),
        lambda t: face(900) if round(t * 10) % 30 == 0 else None,
    ],
    ids=["short", "unsure", "now and then"],
)
def test_what_is_seen_too_little_is_no_person(make_footage, mistake):
    tracks = find_tracks(make_footage(lambda _: face(300), mistake))

    assert len(tracks) == 1


def test_a_face_of_quite_another_size_is_not_the_same_person(make_footage):
    tracks = find_tracks(make_footage(lambda t: face(400, width=60 if t < 3 else 130)))

    assert len(tracks) == 2


def test_a_single_wrong_box_does_not_move_the_track(make_footage):
    [track] = find_tracks(make_footage(lambda t: face(430 if 1.95 < t < 2.05 else 400)))

    assert track.centres[:, 0] == pytest.approx(400)


def test_a_short_shot_has_its_people_too(make_footage):
    tracks = find_tracks(make_footage(lambda _: face(400), duration=2.0, cuts=(1.5,)))

    assert [track.shot for track in tracks] == [0, 1]


def test_a_single_sample_is_enough_for_a_scene_that_has_no_more(make_footage):
    footage = make_footage(lambda _: face(400), duration=0.05)

    assert len(find_tracks(footage)) == 1


def test_no_samples_have_no_tracks(make_footage):
    assert find_tracks(make_footage(duration=0.0)) == ()
