"""Finds faces in pictures with YuNet, and puts them into the pixels of the source."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from viralclip.geometry import Size
from viralclip.reframe.footage import Face
from viralclip.reframe.mouths import mouth_patch

Image = NDArray[np.uint8]
_Row = NDArray[np.float64]

# The longer side of what YuNet is given: it costs by the pixel, and a face must be so wide in it.
_SIDES = (320, 480, 640)
_WIDE_ENOUGH = 28
# Every so many pictures the largest side is looked at, to know which side the faces need.
_LOOK_CLOSELY_EVERY = 10
# YuNet's own default is 0.9, which loses faces in profile; the tracker forgets short mistakes.
_SCORE = 0.7
_OVERLAP = 0.3
_MOST = 50


class FaceDetector:
    """YuNet on upright BGR pictures, one after another; `source` is the size faces are given in.

    The side is chosen for what is seen, and not changed from picture to picture: each has its own
    small error, and a face that trembles between two of them looks as if it spoke.
    """

    def __init__(self, model: Path, *, source: Size) -> None:
        self._source = source
        self._net = cv2.FaceDetectorYN.create(str(model), "", (32, 32), _SCORE, _OVERLAP, _MOST)
        self._side = _SIDES[0]
        self._until_close_look = 0
        self._expected = 0

    def find(self, image: Image) -> tuple[Face, ...]:
        """The faces of a picture that shows the whole source, the surest first."""
        self._until_close_look -= 1
        rows = self._rows(image, self._side) if self._until_close_look > 0 else []
        if len(rows) < self._expected or self._until_close_look <= 0:
            close = self._rows(image, _SIDES[-1])
            self._side, self._expected = _side_for(close, image), len(close)
            self._until_close_look = _LOOK_CLOSELY_EVERY
            rows = close if self._side == _SIDES[-1] else self._rows(image, self._side)
        rows.sort(key=lambda row: -row[14])
        return tuple(self._face(row, image) for row in rows)

    def _rows(self, image: Image, side: int) -> list[_Row]:
        """Rows of x, y, width, height, five landmarks and a score, in shares of the picture."""
        small = _at_most(image, side)
        height, width = small.shape[:2]
        self._net.setInputSize((width, height))
        _, found = self._net.detect(small)
        if found is None:
            return []
        scale = np.append(np.tile([width, height], 7), 1.0)
        return list(np.asarray(found, np.float64) / scale)

    def _face(self, row: _Row, image: Image) -> Face:
        landmarks = row[4:14].reshape(5, 2)
        height, width = image.shape[:2]
        return Face(
            x=float(row[0] * self._source.width),
            y=float(row[1] * self._source.height),
            width=float(row[2] * self._source.width),
            height=float(row[3] * self._source.height),
            score=float(row[14]),
            landmarks=landmarks * (self._source.width, self._source.height),
            mouth=mouth_patch(image, landmarks * (width, height)),
        )


def _side_for(rows: list[_Row], image: Image) -> int:
    """The smallest side at which every face that was found is wide enough."""
    across = image.shape[1] / max(image.shape[:2])
    narrowest = min((float(row[2]) * across for row in rows), default=1.0)
    fine = (side for side in _SIDES if narrowest * side >= _WIDE_ENOUGH)
    return next(fine, _SIDES[-1])


def _at_most(image: Image, side: int) -> Image:
    height, width = image.shape[:2]
    share = side / max(height, width)
    if share >= 1:
        return image
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
