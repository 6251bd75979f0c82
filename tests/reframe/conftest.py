"""Small footage, put together face by face."""

from collections.abc import Callable

import numpy as np
import pytest

from viralclip.geometry import Size
from viralclip.reframe.footage import Face, Floats, Footage, Loudness
from viralclip.reframe.mouths import PATCH_SHAPE

Middle = Callable[[float], tuple[float, float] | None]
HD = Size(1280, 720)
MakeFootage = Callable[..., Footage]


def face(x: float, y: float = 300, *, width: float = 80, score: float = 0.9) -> Face:
    """A face around a point, with a mouth that says nothing."""
    height = width * 1.3
    shares = np.array([[0.24, 0.34], [0.77, 0.35], [0.47, 0.55], [0.23, 0.71], [0.69, 0.71]])
    left, top = x - width / 2, y - height / 2
    landmarks = np.array([left, top]) + shares * (width, height)
    mouth = np.full(PATCH_SHAPE, 120, np.uint8)
    return Face(left, top, width, height, score, landmarks, mouth)


@pytest.fixture
def make_footage() -> MakeFootage:
    def make(
        *people: Callable[[float], Face | None],
        duration: float = 6.0,
        size: Size = HD,
        cuts: tuple[float, ...] = (),
        motion: Floats | None = None,
        loudness: Loudness | None = None,
        step: float = 0.1,
    ) -> Footage:
        times = np.arange(0, duration - 1e-9, step)
        seen = [tuple(f for f in (person(t) for person in people) if f) for t in times.tolist()]
        still = np.tile([size.width / 2, size.height / 2, 0.0], (len(times), 1))
        return Footage(
            size=size,
            duration=duration,
            times=times,
            faces=tuple(seen),
            motion=still if motion is None else motion,
            cuts=np.array(cuts),
            loudness=loudness,
        )

    return make
