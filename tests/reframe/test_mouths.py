"""Mouth patches follow the face, and their differences are those of the mouth."""

import tracemalloc

import numpy as np
import pytest

from viralclip.reframe.footage import Floats, Patch
from viralclip.reframe.mouths import PATCH_SHAPE, mouth_motion, mouth_opening, mouth_patch


def picture(
    *, angle: float = 0.0, scale: float = 1.0, openness: float = 0.2, light: float = 1.0
) -> tuple[Patch, Floats]:
    """A grey face of eyes and mouth, turned and scaled about (160, 120), and its landmarks."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale
    y, x = np.mgrid[0:240, 0:320]
    across, down = np.einsum("ij,jkl->ikl", turn, np.stack([x - 160.0, y - 120.0]))
    image = 150 + 0.3 * down
    mouth = (across / 18) ** 2 + ((down - 25) / (2 + 12 * openness)) ** 2 < 1
    image[mouth] = 40
    points = np.array([[-20, -15], [20, -15], [0, 5], [-18, 25], [18, 25]], dtype=float)
    landmarks = points @ np.linalg.inv(turn).T + (160, 120)
    return np.clip(image * light, 0, 255).astype(np.uint8), np.asarray(landmarks, np.float64)


def test_a_patch_shows_the_mouth_in_its_upper_half():
    patch = mouth_patch(*picture())

    rows, columns = np.nonzero(patch < 100)
    assert patch.shape == PATCH_SHAPE
    assert abs(columns.mean() - PATCH_SHAPE[1] / 2) < 1
    assert rows.max() < PATCH_SHAPE[0] * 0.7


@pytest.mark.parametrize(("angle", "scale"), [(0.3, 1.0), (-0.4, 1.0), (0.0, 1.8), (0.2, 0.6)])
def test_a_turned_or_nearer_face_has_the_same_patch(angle, scale):
    upright, turned = mouth_patch(*picture()), mouth_patch(*picture(angle=angle, scale=scale))

    assert np.abs(upright.astype(int) - turned).mean() < 8


def test_a_colour_picture_gives_the_same_patch_as_its_grey():
    image, landmarks = picture()

    assert np.array_equal(
        mouth_patch(np.dstack([image] * 3), landmarks), mouth_patch(image, landmarks)
    )


def test_a_face_half_out_of_the_picture_has_a_patch():
    image, landmarks = picture()

    assert mouth_patch(image, landmarks - np.array([175, 0])).shape == PATCH_SHAPE


def test_landmarks_in_one_point_have_a_patch():
    image, _ = picture()

    assert np.ptp(mouth_patch(image, np.full((5, 2), 100.0))) == 0


def test_a_moving_mouth_moves_more_than_other_light_or_a_shift():
    still = mouth_patch(*picture())
    opened = mouth_patch(*picture(openness=0.8))
    darker = mouth_patch(*picture(light=0.7))
    image, landmarks = picture()
    shifted = mouth_patch(image, landmarks + np.array([1.5, 1.0]))

    motions = [mouth_motion([still, other])[1] for other in (darker, shifted, opened)]
    assert max(motions[:2]) < 0.4 * motions[2]


def test_a_mouth_is_open_by_what_it_differs_from_its_rest():
    patches = [mouth_patch(*picture(openness=o)) for o in (0.1, 0.1, 0.1, 0.9, 0.1, 0.1, 0.5)]
    opening = mouth_opening(patches)

    assert np.argsort(opening)[-2:].tolist() == [6, 3]


def test_no_patches_have_no_motion():
    assert len(mouth_motion([])) == len(mouth_opening([])) == 0


def many_patches(count: int) -> list[Patch]:
    random = np.random.default_rng(1)
    face = random.normal(120, 30, PATCH_SHAPE)
    lively = random.random(count) > 0.6
    return [
        np.clip(face + random.normal(0, 25 if moves else 2, PATCH_SHAPE), 0, 255).astype(np.uint8)
        for moves in lively
    ]


def test_a_long_track_is_judged_as_its_parts_are():
    patches = many_patches(700)
    motion = mouth_motion(patches)

    assert motion[0] == 0
    for place in (1, 255, 256, 257, 512, 699):
        assert motion[place] == mouth_motion(patches[place - 1 : place + 1])[1]


def test_a_long_track_has_one_mouth_at_rest():
    patches = many_patches(300)
    short, long = mouth_opening(patches), mouth_opening(patches * 3)

    assert long[:300] == pytest.approx(long[300:600])
    assert np.corrcoef(short, long[:300])[0, 1] > 0.99


def test_a_long_track_takes_little_memory():
    patches = many_patches(3000)
    tracemalloc.start()
    mouth_opening(patches)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8_000_000
