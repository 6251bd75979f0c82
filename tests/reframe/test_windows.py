"""What must be true of every window, whatever was seen."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reframe.conftest import face
from viralclip.geometry import Size
from viralclip.reframe.algorithms import plan_camera
from viralclip.reframe.footage import Footage, Loudness
from viralclip.reframe.pair import plan_pair
from viralclip.reframe.path import CameraPath, Take
from viralclip.reframe.windows import crop_windows, pair_windows

ASPECTS = [9 / 16, 1.0, 4 / 5, 16 / 9]
SIZES = [Size(1280, 720), Size(1920, 800), Size(1080, 1920), Size(1440, 1080), Size(641, 359)]
FPS = 30.0

sizes = st.sampled_from(SIZES)
aspects = st.sampled_from(ASPECTS)


@st.composite
def footages(draw: st.DrawFn) -> Footage:
    """Up to three people who walk and hide anywhere, cuts anywhere, and any sound."""
    size, duration = draw(sizes), draw(st.floats(0.3, 5.0))
    times = np.arange(0, duration, 0.1)
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    people = []
    for _ in range(draw(st.integers(0, 3))):
        start, speed = random.uniform(-0.1, 1.1), random.uniform(-0.4, 0.4)
        x, y = (start + speed * times) * size.width, random.uniform(0.2, 0.8) * size.height
        people.append((x, y, random.uniform(0.03, 0.3) * size.height, random.uniform(0, 0.4)))
    faces = [
        tuple(
            face(float(x[row]), float(y), width=float(width))
            for x, y, width, hidden in people
            if random.random() > hidden
        )
        for row in range(len(times))
    ]
    motion = random.uniform(0, 1, (len(times), 3)) * (size.width, size.height, 0.1)
    levels = random.uniform(0, 0.2, int(duration * 100)) * (
        random.random(int(duration * 100)) > 0.5
    )
    return Footage(
        size=size,
        duration=duration,
        times=times,
        faces=tuple(faces),
        motion=motion,
        cuts=np.sort(random.uniform(0, duration, draw(st.integers(0, 2)))),
        loudness=draw(st.sampled_from([None, Loudness(levels, 100.0)])),
    )


algorithms = st.sampled_from(["basic", "motion", "audio_aware", "speaker_aware"])


def frames(footage: Footage):
    return np.arange(0, footage.duration, 1 / FPS)


def assert_inside(windows, frame: Size):
    assert np.all(windows[:, :2] >= 0)
    assert np.all(windows[:, 0] + windows[:, 2] <= frame.width + 1e-9)
    assert np.all(windows[:, 1] + windows[:, 3] <= frame.height + 1e-9)
    assert np.all(windows[:, 2:] % 2 == 0)
    assert np.all(windows[:, 2:] > 0)


@settings(max_examples=25, deadline=None)
@given(footages(), aspects, algorithms)
def test_windows_lie_in_the_frame_are_even_and_of_one_size(footage, aspect, algorithm):
    windows = crop_windows(plan_camera(footage, aspect, algorithm), frames(footage))

    assert_inside(windows, footage.size)
    assert np.all(windows[:, 2:] == windows[0, 2:])


@settings(max_examples=25, deadline=None)
@given(footages(), aspects, algorithms)
def test_takes_follow_on_each_other_and_begin_at_cuts_or_changes_of_person(
    footage, aspect, algorithm
):
    path = plan_camera(footage, aspect, algorithm)

    assert path.takes[0].start == 0
    assert path.takes[-1].end == pytest.approx(footage.duration)
    assert all(one.end == other.start for one, other in pairwise(path.takes))
    starts = {take.start for take in path.takes}
    cuts = {start for start, _ in footage.shots}
    assert cuts <= starts
    assert starts <= cuts | {turn.start for turn in path.turns}
    assert path.shots == len(footage.shots)


@pytest.mark.parametrize(
    ("cuts", "shots"),
    [
        ([0.5, 0.5006], [(0.0, 0.5), (0.5, 1.0)]),
        ([0.0004, 0.9996], [(0.0, 1.0)]),
        ([0.7, 0.2, 0.2], [(0.0, 0.2), (0.2, 0.7), (0.7, 1.0)]),
    ],
)
def test_cuts_within_a_millisecond_are_one(cuts, shots):
    times = np.arange(0, 1, 0.1)
    footage = Footage(
        size=SIZES[0],
        duration=1.0,
        times=times,
        faces=((),) * len(times),
        motion=np.zeros((len(times), 3)),
        cuts=np.array(cuts),
        loudness=None,
    )

    assert list(footage.shots) == shots


@settings(max_examples=25, deadline=None)
@given(footages(), aspects, algorithms)
def test_within_a_take_the_window_does_not_jump(footage, aspect, algorithm):
    path = plan_camera(footage, aspect, algorithm)

    for take in path.takes:
        times = np.linspace(take.start, take.end - 1e-3, 200)
        steps = np.abs(np.diff(crop_windows(path, times)[:, :2], axis=0))
        longest = np.abs(np.diff(take.centres, axis=0)).max(initial=0)
        assert steps.max(initial=0) <= longest + 1e-6


@settings(max_examples=40, deadline=None)
@given(footages(), aspects, st.booleans())
def test_the_left_person_is_on_top_always(footage, aspect, speaker):
    pair = plan_pair(footage, aspect, speaker=speaker)
    if pair is None:
        return
    top, bottom = pair_windows(pair, frames(footage))

    assert np.all(top[:, 0] <= bottom[:, 0])
    assert np.all(top[:, 2:] == bottom[:, 2:])
    assert np.all(top[:, 2:] == top[0, 2:])
    assert_inside(top, footage.size)
    assert_inside(bottom, footage.size)


def test_people_who_pass_each_other_change_panels(make_footage):
    footage = make_footage(
        lambda t: face(200 + 150 * t, 280), lambda t: face(1100 - 150 * t, 340), duration=6.0
    )
    pair = plan_pair(footage, 9 / 8, speaker=False)
    assert pair

    top, bottom = pair_windows(pair, np.arange(0, 6, 1 / FPS))
    assert np.all(top[:, 0] <= bottom[:, 0])
    assert np.abs(np.diff(top[:, 0])).max() < 12


def two_takes() -> CameraPath:
    centres = np.array([[300.0, 360.0]] * 2), np.array([[900.0, 360.0]] * 2)
    spans = (0.0, 2.0), (2.0, 4.0)
    takes = tuple(
        Take(start, end, Size(404, 720), np.array([start, end]), centre)
        for (start, end), centre in zip(spans, centres, strict=True)
    )
    return CameraPath(Size(1280, 720), "basic", np.array([2.0]), takes, (), ())


def test_the_first_frame_of_a_shot_has_its_window():
    windows = crop_windows(two_takes(), np.array([1.96, 2.0, 2.04]))

    assert windows[:, 0].tolist() == [98.0, 698.0, 698.0]


def test_a_frame_just_before_a_cut_counts_as_after_it_if_it_is_shown_there():
    times = np.array([1.97, 1.99])

    assert crop_windows(two_takes(), times)[:, 0].tolist() == [98.0, 98.0]
    assert crop_windows(two_takes(), times, early=0.02)[:, 0].tolist() == [98.0, 698.0]


def test_times_beyond_the_scene_have_the_nearest_window():
    windows = crop_windows(two_takes(), np.array([-1.0, 9.0]))

    assert windows[:, 0].tolist() == [98.0, 698.0]
