"""Faces kept in arrays are the faces that came."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viralclip.reframe.faces import FaceRecorder, Faces, packed
from viralclip.reframe.footage import Face
from viralclip.reframe.mouths import PATCH_SHAPE

numbers = st.floats(-4000, 4000)


@st.composite
def faces(draw: st.DrawFn) -> Face:
    x, y, width, height, score, *points = draw(st.lists(numbers, min_size=15, max_size=15))
    level = draw(st.integers(0, 255))
    landmarks = np.array(points).reshape(5, 2)
    return Face(x, y, width, height, score, landmarks, np.full(PATCH_SHAPE, level, np.uint8))


samples = st.lists(st.lists(faces(), max_size=3).map(tuple), max_size=6)


def values(face: Face) -> tuple[object, ...]:
    box = (face.x, face.y, face.width, face.height, face.score)
    return (*box, face.landmarks.tolist(), face.mouth.tolist())


@given(samples)
def test_every_sample_has_the_faces_that_came_in_their_order(seen):
    kept = packed(seen)

    assert len(kept) == len(seen)
    assert [[*map(values, found)] for found in kept] == [[*map(values, found)] for found in seen]


@given(samples, st.integers(-8, 8), st.integers(-8, 8))
def test_places_and_slices_are_those_of_a_list(seen, first, last):
    kept = packed(seen)

    assert [len(found) for found in kept[first:last]] == [len(f) for f in seen[first:last]]
    assert [len(kept[-1 - place]) for place in range(len(seen))] == [len(f) for f in seen[::-1]]
    with pytest.raises(IndexError):
        kept[len(seen)]


def test_what_is_in_arrays_stays_there():
    kept = packed([()])

    assert packed(kept) is kept


def test_without_samples_there_are_no_faces():
    kept = FaceRecorder().faces()

    assert isinstance(kept, Faces)
    assert (len(kept), kept.boxes.shape, kept.landmarks.shape) == (0, (0, 5), (0, 5, 2))
    assert kept.mouths.shape == (0, *PATCH_SHAPE)
