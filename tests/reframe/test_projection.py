"""People are found in a clip's own frames, through whatever windows it shows."""

from typing import Any

import numpy as np
import pytest

from tests.reframe.conftest import face
from viralclip.geometry import Rect
from viralclip.reframe.projection import Panel, faces_in_frames

TIMES = np.arange(0, 4, 0.04)
WHOLE = np.array([0.0, 0, 1080, 1920])


def panel(x, y, width, height, shown: Any = WHOLE, move=0.0):
    windows = np.tile([x, y, width, height], (len(TIMES), 1)).astype(float)
    windows[:, 0] += move * TIMES
    return Panel(windows, np.asarray(shown, float))


def test_a_face_is_scaled_with_its_window(make_footage):
    footage = make_footage(lambda _: face(400, 300, width=80))
    frames = faces_in_frames(footage, TIMES, [panel(300, 0, 405, 720)])

    assert len(frames) == len(TIMES)
    [seen] = frames[10]
    assert seen.x + seen.width / 2 == pytest.approx((400 - 300) * 1080 / 405, abs=2)
    assert seen.y + seen.height / 2 == pytest.approx(300 * 1920 / 720, abs=2)
    assert seen.width == pytest.approx(80 * 1080 / 405, abs=2)


def test_a_window_that_follows_keeps_the_face_where_it_is(make_footage):
    footage = make_footage(lambda t: face(400 + 50 * t))
    frames = faces_in_frames(footage, TIMES, [panel(300, 0, 405, 720, move=50)])

    middles = [faces[0].x + faces[0].width / 2 for faces in frames]
    assert np.ptp(middles) < 6


def test_a_face_outside_of_the_window_is_not_seen_and_one_at_its_edge_in_part(make_footage):
    footage = make_footage(lambda _: face(400, width=80), lambda _: face(900, width=80))
    frames = faces_in_frames(footage, TIMES, [panel(400, 0, 405, 720)])

    [seen] = frames[5]
    assert seen.x == 0
    assert seen.width == pytest.approx(40 * 1080 / 405, abs=3)


def test_each_panel_shows_its_own(make_footage):
    footage = make_footage(lambda _: face(300), lambda _: face(900))
    above = panel(100, 0, 405, 360, shown=(0, 0, 1080, 960))
    below = panel(700, 100, 405, 360, shown=(0, 960, 1080, 960))

    upper, lower = sorted(faces_in_frames(footage, TIMES, [above, below])[5], key=lambda f: f.y)
    assert upper.y + upper.height <= 960 <= lower.y
    assert isinstance(upper, Rect)


def test_a_face_is_seen_in_its_own_shot_alone(make_footage):
    footage = make_footage(lambda t: face(400) if t < 2 else None, cuts=(2.0,))
    frames = faces_in_frames(footage, TIMES, [panel(300, 0, 405, 720)])

    seen = [bool(faces) for faces in frames]
    assert seen == [time < 2.0 - 1e-6 for time in TIMES]
