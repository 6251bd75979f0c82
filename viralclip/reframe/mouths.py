"""The mouth of a face as a small picture, and how much it moves."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from viralclip.reframe.footage import Floats, Patch

# Rows and columns of a patch.
PATCH_SHAPE = (18, 24)

# The region around the middle of the mouth, in distances between the eyes: left, right, up, down.
_REGION = (-0.65, 0.65, -0.4, 0.6)
# A face seen from the side has eyes close together, but is as high as ever.
_EYES_PER_HEIGHT = 0.8
_POINTS_PER_PIXEL = 2
# Grey levels of a patch with less contrast than this are not made stronger to make up for it.
_FLAT = 8.0
# Landmarks are never quite still: patches are compared as they fit best within so many pixels.
_SHIFT = 1
_RESTING_PERCENT = 50
# Patches are compared so many at a time: those of ten minutes would take a hundred megabytes.
_AT_ONCE = 256
_RIGHT_EYE, _LEFT_EYE, _RIGHT_CORNER, _LEFT_CORNER = 0, 1, 3, 4


def mouth_patch(image: NDArray[np.uint8], landmarks: Floats) -> Patch:
    """The mouth's region, turned upright and scaled by the face, as grey levels of `PATCH_SHAPE`.

    `image` is BGR or grey; `landmarks` (5, 2) are in its pixels, as `Face.landmarks` but perhaps of
    another scale. Points beyond the picture take its nearest pixel.
    """
    points = _points(landmarks)
    levels = _levels(image, points[..., 0], points[..., 1])
    rows, columns = PATCH_SHAPE
    blocks = levels.reshape(rows, _POINTS_PER_PIXEL, columns, _POINTS_PER_PIXEL)
    return np.asarray(np.round(blocks.mean(axis=(1, 3))), dtype=np.uint8)


def mouth_motion(patches: Sequence[Patch]) -> Floats:
    """How much each patch differs from the one before, in standard deviations of its contrast.

    More or less light and a small shift change nothing; the first patch has not moved.
    """
    if not patches:
        return np.zeros(0)
    parts = [np.zeros(1)]
    for start in range(0, len(patches) - 1, _AT_ONCE):
        seen = _normal(patches[start : start + _AT_ONCE + 1])
        parts.append(_apart(seen[1:], seen[:-1]))
    return np.concatenate(parts)


def mouth_opening(patches: Sequence[Patch]) -> Floats:
    """How much each patch differs from the person's mouth at rest, in the same measure.

    At rest is what the patches usually look like while they move little.
    """
    if not patches:
        return np.zeros(0)
    motion = mouth_motion(patches)
    still: list[int] = np.flatnonzero(motion <= np.percentile(motion, _RESTING_PERCENT)).tolist()
    rest = _usual([patches[place] for place in still])[np.newaxis]
    blocks = (patches[start : start + _AT_ONCE] for start in range(0, len(patches), _AT_ONCE))
    return np.concatenate([_apart(_normal(block), rest) for block in blocks])


def _normal(patches: Sequence[Patch]) -> Floats:
    levels = np.stack(patches).astype(np.float64)
    mean, deviation = _light(levels)
    return (levels - mean) / deviation


def _usual(patches: Sequence[Patch]) -> Floats:
    """The median of normal patches, a row at a time: in full they take eight times their room."""
    levels = np.stack(patches)
    blocks = (levels[start : start + _AT_ONCE] for start in range(0, len(levels), _AT_ONCE))
    lights = [_light(block.astype(np.float64)) for block in blocks]
    mean, deviation = (np.concatenate(each)[:, 0] for each in zip(*lights, strict=True))
    rows = (levels[:, row].astype(np.float64) for row in range(levels.shape[1]))
    return np.stack([np.median((row - mean) / deviation, axis=0) for row in rows])


def _light(levels: Floats) -> tuple[Floats, Floats]:
    """The mean level of each patch, and its contrast, (n, 1, 1)."""
    deviation = levels.std(axis=(1, 2), keepdims=True)
    return levels.mean(axis=(1, 2), keepdims=True), np.maximum(deviation, _FLAT)


def _apart(patches: Floats, others: Floats) -> Floats:
    """The mean difference of pairs, where they fit best."""
    shifts = range(2 * _SHIFT + 1)
    inner = others[:, _SHIFT:-_SHIFT, _SHIFT:-_SHIFT]
    rows, columns = inner.shape[1:]
    apart = [
        np.abs(patches[:, down : down + rows, right : right + columns] - inner).mean(axis=(1, 2))
        for down, right in product(shifts, shifts)
    ]
    return np.min(apart, axis=0)


def _points(landmarks: Floats) -> Floats:
    """Where to look, (rows, columns, 2): x and y in the picture."""
    eyes = landmarks[_LEFT_EYE] - landmarks[_RIGHT_EYE]
    mouth = (landmarks[_RIGHT_CORNER] + landmarks[_LEFT_CORNER]) / 2
    height = np.linalg.norm((landmarks[_RIGHT_EYE] + landmarks[_LEFT_EYE]) / 2 - mouth)
    apart = float(np.linalg.norm(eyes))
    across = eyes / apart if apart > 0 else np.array([1.0, 0.0])
    unit = max(apart, _EYES_PER_HEIGHT * float(height))
    down = np.array([-across[1], across[0]])
    left, right, up, low = _REGION
    rows, columns = (count * _POINTS_PER_PIXEL for count in PATCH_SHAPE)
    along_y = up + (low - up) * (np.arange(rows) + 0.5) / rows
    along_x = left + (right - left) * (np.arange(columns) + 0.5) / columns
    offsets = along_x[None, :, None] * across + along_y[:, None, None] * down
    return mouth + unit * offsets


def _levels(image: NDArray[np.uint8], x: Floats, y: Floats) -> Floats:
    """Grey levels between pixels, bilinear."""
    x = np.clip(x, 0, image.shape[1] - 1)
    y = np.clip(y, 0, image.shape[0] - 1)
    left = np.minimum(x.astype(np.intp), max(image.shape[1] - 2, 0))
    top = np.minimum(y.astype(np.intp), max(image.shape[0] - 2, 0))
    right = np.minimum(left + 1, image.shape[1] - 1)
    low = np.minimum(top + 1, image.shape[0] - 1)
    share_x, share_y = x - left, y - top
    upper = _grey(image[top, left]) * (1 - share_x) + _grey(image[top, right]) * share_x
    lower = _grey(image[low, left]) * (1 - share_x) + _grey(image[low, right]) * share_x
    return upper * (1 - share_y) + lower * share_y


def _grey(pixels: NDArray[np.uint8]) -> Floats:
    if pixels.ndim == 2:  # noqa: PLR2004 - rows and columns, no channels
        return pixels.astype(np.float64)
    return pixels.astype(np.float64) @ np.array([0.114, 0.587, 0.299])
