"""Two panels are for two people who are there together."""

import numpy as np
import pytest

from tests.reframe.conftest import face
from viralclip.reframe.pair import plan_pair
from viralclip.reframe.windows import pair_windows

PANEL = 9 / 8


def test_one_after_the_other_is_no_pair(make_footage):
    footage = make_footage(
        lambda t: face(300) if t < 3 else None, lambda t: face(900) if t >= 3 else None
    )

    assert plan_pair(footage, PANEL, speaker=False) is None


@pytest.mark.parametrize(("until", "is_pair"), [(3.0, False), (5.5, True)])
def test_a_pair_is_together_most_of_the_time(make_footage, until, is_pair):
    footage = make_footage(lambda _: face(300), lambda t: face(900) if t < until else None)

    assert (plan_pair(footage, PANEL, speaker=False) is not None) == is_pair


def test_two_boxes_on_one_face_are_no_pair(make_footage):
    footage = make_footage(lambda _: face(300), lambda _: face(370, 330))

    assert plan_pair(footage, PANEL, speaker=False) is None


def test_a_shot_of_one_person_among_those_of_two_shows_both_halves(make_footage):
    footage = make_footage(
        lambda _: face(300),
        lambda t: None if 4 <= t < 5 else face(900),
        duration=9,
        cuts=(4.0, 5.0),
    )
    pair = plan_pair(footage, PANEL, speaker=True)
    assert pair

    top, bottom = (w[0] for w in pair_windows(pair, np.array([4.5])))
    assert top[0] + top[2] / 2 == pytest.approx(320)
    assert bottom[0] + bottom[2] / 2 == pytest.approx(960)


def test_the_turns_say_whose_panels_they_are(make_footage):
    pair = plan_pair(make_footage(lambda _: face(900), lambda _: face(300)), PANEL, speaker=False)
    assert pair

    [left], [right] = pair.top.turns, pair.bottom.turns
    tracks = pair.top.tracks
    assert tracks[left.track].centres[0, 0] == pytest.approx(300)
    assert tracks[right.track].centres[0, 0] == pytest.approx(900)


def test_a_large_head_is_shown_whole_even_if_the_other_one_is_near(make_footage):
    footage = make_footage(lambda _: face(400, width=200), lambda _: face(720, width=200))
    pair = plan_pair(footage, PANEL, speaker=False)
    assert pair

    for windows, x in zip(pair_windows(pair, np.arange(0, 6, 0.04)), (400, 720), strict=True):
        assert np.all(windows[:, 0] <= x - 100)
        assert np.all(windows[:, 0] + windows[:, 2] >= x + 100)
        assert np.all(windows[:, 3] >= 260)
