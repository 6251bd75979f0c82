"""Cuts are found on made-up films whose cuts are known, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import data

from viralclip.reframe.shots import (
    CutFinder,
    difference,
    find_cuts,
    signature,
)

Image = NDArray[np.uint8]
Film = list[Image]

FPS = 10
HEIGHT, WIDTH = 180, 320
PASSED = tuple(
    zip(
        ("coffee", "coffee", "coffee", "rocket", "rocket", "rocket"),
        (0.5, 0.51, 0.52, 0.5, 0.51, 0.52),
        strict=True,
    )
)
COLOURED = ("astronaut", "coffee", "chelsea", "rocket")
GREY = ("camera", "gravel", "brick", "moon", "coins", "text")


def picture(name: str) -> Image:
    """BGR, larger than the film, so that a camera can move over it."""
    stored = getattr(data, name)()
    colour = stored[..., ::-1] if stored.ndim == 3 else np.dstack([stored] * 3)
    rows = np.linspace(0, stored.shape[0] - 1, HEIGHT * 2).astype(int)
    columns = np.linspace(0, stored.shape[1] - 1, WIDTH * 2).astype(int)
    return colour[rows][:, columns].astype(np.uint8)


def view(name: str, *, x: float = 0.5, y: float = 0.5, zoom: float = 1.0) -> Image:
    """What a camera sees of a picture: where it points, 0 to 1, and how near it is, 0.5 to 8."""
    whole = picture(name)
    height, width = int(HEIGHT / zoom), int(WIDTH / zoom)
    top, left = int(y * (2 * HEIGHT - height)), int(x * (2 * WIDTH - width))
    part = whole[top : top + height, left : left + width]
    rows = np.arange(HEIGHT) * height // HEIGHT
    columns = np.arange(WIDTH) * width // WIDTH
    return part[rows][:, columns]


def still(name: str, seconds: float = 2.0) -> Film:
    return [view(name)] * round(seconds * FPS)


def pan(name: str, seconds: float = 3.0, *, widths_per_s: float) -> Film:
    count = round(seconds * FPS)
    across = np.arange(count) / FPS * widths_per_s % 2
    return [view(name, x=1 - abs(1 - x)) for x in across]


def zoom(name: str, seconds: float = 3.0, *, to: float) -> Film:
    return [view(name, zoom=z) for z in np.geomspace(0.8, to, round(seconds * FPS))]


def noisy(film: Film, sigma: float) -> Film:
    random = np.random.default_rng(1)
    return [clipped(image + random.normal(0, sigma, image.shape)) for image in film]


def shaken(name: str, seconds: float = 3.0) -> Film:
    random = np.random.default_rng(2)
    where = 0.5 + random.uniform(-0.04, 0.04, (round(seconds * FPS), 2))
    return [view(name, x=x, y=y) for x, y in where]


def flashed(film: Film, *places: int) -> Film:
    return [
        clipped(image * 0.3 + 200.0) if place in places else image
        for place, image in enumerate(film)
    ]


def faded(film: Film, *, to_black: bool, seconds: float = 1.0) -> Film:
    """The end of the film goes to black, or its start comes from there."""
    count = round(seconds * FPS)
    share = np.ones(len(film))
    share[-count:] = np.linspace(1, 0, count)
    return [
        clipped(image * part)
        for image, part in zip(film, share if to_black else share[::-1], strict=True)
    ]


def swapped(film: Film) -> Film:
    """Red and blue change places and brightness stays as it was: a cut that luma cannot see."""
    return [equal_luma(image) for image in film]


def equal_luma(image: Image) -> Image:
    other = image[..., ::-1].astype(float)
    weights = np.array([0.114, 0.587, 0.299])
    return clipped(other + ((image - other) @ weights)[..., None])


def clipped(image: NDArray[np.floating] | Image) -> Image:
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def times_of(film: Film) -> list[float]:
    return [place / FPS for place in range(len(film))]


def cuts_of(film: Film) -> list[float]:
    return find_cuts(times_of(film), map(signature, film)).tolist()


def joined(*shots: Film) -> tuple[Film, list[float]]:
    """A film, and the truth about its cuts."""
    ends = np.cumsum([len(shot) for shot in shots]) / FPS
    return [image for shot in shots for image in shot], ends[:-1].tolist()


@pytest.mark.parametrize("names", [COLOURED, GREY])
def test_every_hard_cut_is_found_at_its_sample(names):
    film, truth = joined(*(still(name) for name in names))

    assert cuts_of(film) == pytest.approx(truth)


def test_cuts_are_found_in_a_moving_noisy_picture():
    film, truth = joined(
        pan("coffee", widths_per_s=0.3),
        zoom("chelsea", to=1.4),
        shaken("rocket"),
        pan("astronaut", widths_per_s=0.2),
    )

    assert cuts_of(noisy(film, 8)) == pytest.approx(truth)


@pytest.mark.parametrize("name", COLOURED)
def test_a_cut_between_pictures_of_equal_luma_is_found(name):
    film, truth = joined(still(name), swapped(still(name)))

    assert cuts_of(film) == pytest.approx(truth)


def test_plain_colours_of_equal_luma_are_told_apart():
    weights = np.array([0.114, 0.587, 0.299])
    colours = [
        np.array(colour) * 60 / (weights @ colour) for colour in ((2, 1, 1), (1, 1, 2), (1, 2, 1))
    ]
    film, truth = joined(
        *([np.full((90, 160, 3), colour).astype(np.uint8)] * 20 for colour in colours)
    )

    assert cuts_of(film) == pytest.approx(truth)


@pytest.mark.parametrize(
    "film",
    [
        pytest.param(pan("coffee", widths_per_s=0.3), id="pan"),
        pytest.param(pan("astronaut", widths_per_s=0.5), id="quick_pan"),
        pytest.param(pan("rocket", widths_per_s=1.5), id="whip_pan"),
        pytest.param(zoom("chelsea", to=2.0), id="zoom_in"),
        pytest.param(zoom("coffee", to=2.0)[::-1], id="zoom_out"),
        pytest.param(shaken("astronaut"), id="shake"),
        pytest.param(noisy(still("chelsea", 3), 20), id="noise"),
        pytest.param(noisy([np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 30, 4), id="noisy_black"),
    ],
)
def test_motion_and_noise_are_no_cuts(film):
    assert cuts_of(film) == []


@pytest.mark.parametrize("name", [*COLOURED, *GREY])
@pytest.mark.parametrize("places", [(10,), (10, 11), (8, 12, 14, 19), (1,), (28,)])
def test_camera_flashes_are_no_cuts(name, places):
    assert cuts_of(flashed(still(name, 3), *places)) == []


def test_a_white_flash_is_no_cut():
    film = still("astronaut", 3)
    film[12] = np.full_like(film[12], 255)

    assert cuts_of(film) == []


@pytest.mark.parametrize("place", [19, 20])
def test_a_flash_on_a_cut_leaves_one_cut(place):
    film, truth = joined(still("coffee"), still("rocket"))

    assert cuts_of(flashed(film, place)) == pytest.approx(truth, abs=1 / FPS + 1e-6)
    assert len(cuts_of(flashed(film, place))) == 1


def test_a_flash_hides_no_cut_nearby():
    film, truth = joined(still("chelsea"), still("coffee"))

    assert cuts_of(flashed(film, 17)) == pytest.approx(truth)


def test_a_fade_through_black_is_cut_in_the_dark():
    first, second = still("astronaut", 3), still("coffee", 3)
    film, _ = joined(faded(first, to_black=True), faded(second, to_black=False))

    cuts = cuts_of(film)

    assert cuts
    assert all(2.0 <= cut <= 4.0 for cut in cuts)


def test_a_long_black_pause_is_a_shot_of_its_own():
    black = [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 20
    film, truth = joined(still("coffee"), black, still("rocket"))

    assert cuts_of(film) == pytest.approx(truth)


def test_a_short_dip_to_black_within_a_shot_is_no_cut():
    black = [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 2
    film, _ = joined(still("coffee"), black, still("coffee"))

    assert cuts_of(film) == []


def test_slides_shown_once_each_are_cut_however_long_they_stay():
    film = [view("text"), view("coins"), view("text"), view("brick")]

    cuts = find_cuts([0.0, 5.0, 11.5, 30.0], map(signature, film))

    assert cuts.tolist() == [5.0, 11.5, 30.0]


def test_of_two_cuts_closer_than_a_flash_the_clearest_stays():
    film, _ = joined(still("gravel"), [view("coins")] * 2, still("coffee"))

    assert cuts_of(film) == pytest.approx([2.2])


def test_a_threshold_above_any_change_finds_nothing():
    film, _ = joined(still("coffee"), still("rocket"))

    assert find_cuts(times_of(film), map(signature, film), threshold=1.01).tolist() == []


def test_no_samples_have_no_cuts():
    assert find_cuts([], []).tolist() == []


def test_times_and_signatures_must_be_of_one_length():
    with pytest.raises(ValueError, match="shorter"):
        find_cuts([0.0, 0.1], [signature(view("coffee"))])


def test_a_finder_remembers_only_a_moment():
    finder = CutFinder()
    seen = signature(view("coffee"))
    for place in range(1000):
        finder.add(place / FPS, seen)

    assert len(finder._recent) <= 3 * FPS


def test_a_shot_begins_with_the_picture_between_samples_that_changed_most():
    film = [signature(view(name, x=x)) for name, x in PASSED]
    finder = CutFinder()
    for place in range(10):
        finder.add(place / FPS, film[0])
    finder.add(1.0, film[-1], zip((0.92, 0.94, 0.96, 0.98), film[1:-1], strict=True))
    for place in range(11, 20):
        finder.add(place / FPS, film[-1])

    assert finder.finish().tolist() == [0.96]


def test_pictures_between_samples_are_looked_at_only_where_a_cut_may_be():
    def unseen():
        raise AssertionError
        yield

    finder = CutFinder()
    for place, x in enumerate(np.linspace(0.5, 0.6, 20)):
        finder.add(place / FPS, signature(view("coffee", x=x)), unseen())

    assert finder.finish().tolist() == []


textures = st.sampled_from([*COLOURED, *GREY])


@settings(max_examples=25, deadline=None)
@given(textures, st.integers(-60, 60))
def test_more_or_less_light_on_all_of_a_picture_is_no_cut(name, levels):
    calm = (view(name) / 255 * 120 + 65).astype(np.uint8)
    film, _ = joined([calm] * 15, [clipped(calm + float(levels))] * 15)

    assert cuts_of(film) == []


@settings(max_examples=25, deadline=None)
@given(textures, st.floats(0.65, 1.0))
def test_a_dimmed_picture_is_no_cut(name, gain):
    film, _ = joined(still(name), [clipped(view(name) * gain)] * 20)

    assert cuts_of(film) == []


@settings(max_examples=25, deadline=None)
@given(textures, st.integers(1, 60))
def test_equal_pictures_are_never_cut(name, count):
    assert cuts_of([view(name)] * count) == []


@settings(max_examples=25, deadline=None)
@given(textures, textures)
def test_difference_is_symmetric_and_a_share(one, other):
    a, b = signature(view(one)), signature(view(other))

    assert difference(a, b) == difference(b, a)
    assert 0 <= difference(a, b) <= 1 + 1e-6
    assert difference(a, a) == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 3), st.integers(1, 3), textures)
def test_a_signature_hardly_depends_on_the_size_of_the_picture(down, across, name):
    small = view(name)
    large = np.repeat(np.repeat(small, down, axis=0), across, axis=1)

    assert difference(signature(small), signature(large)) < 0.05


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(COLOURED), st.integers(8, 30)), min_size=1, max_size=6))
def test_any_film_of_different_shots_is_cut_exactly_between_them(shots):
    different = [
        shot for shot, before in zip(shots, [None, *shots], strict=False) if differs(shot, before)
    ]
    film, truth = joined(*([view(name)] * count for name, count in different))

    assert cuts_of(film) == pytest.approx(truth)


def differs(shot: tuple[str, int], before: tuple[str, int] | None) -> bool:
    return before is None or shot[0] != before[0]
