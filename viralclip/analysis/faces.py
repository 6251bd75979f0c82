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
# Left, top, right and bottom.
_Part = tuple[int, int, int, int]

# The longer side of what YuNet is given: it costs by the pixel, and a face must be so wide in it.
_SIDES = (320, 480, 640)
_WIDE_ENOUGH = 28
# Every so many pictures all of it is looked at, for faces that have come, and less often at the
# largest side, to know which side the faces need.
_LOOK_AROUND_EVERY = 5
_LOOK_CLOSELY_EVERY = 20
# Otherwise only around the faces of the picture before, this many of their widths to every side.
_REACH = 0.75
# YuNet's strides divide this: a part that begins at a multiple of it is seen as in the whole.
_GRID = 32
# YuNet's own default is 0.9, which loses faces in profile; the tracker forgets short mistakes.
_SCORE = 0.7
_OVERLAP = 0.3
_MOST = 50


class FaceDetector:
    """YuNet on upright BGR pictures, one after another; `source` is the size faces are given in.

    What is given to YuNet is chosen for what is seen, and not changed from picture to picture: each
    side and each part has its own small error, and a face that trembles looks as if it spoke.
    """

    def __init__(self, model: Path, *, source: Size) -> None:
        self._source = source
        self._net = cv2.FaceDetectorYN.create(str(model), "", (32, 32), _SCORE, _OVERLAP, _MOST)
        self._side = _SIDES[0]
        self._known: list[_Row] = []
        self._expected = 0
        self._since = 0

    def find(self, image: Image, *, anew: bool = False) -> tuple[Face, ...]:
        """The faces of a picture that shows the whole source, the surest first.

        `anew` says that the pictures before tell nothing about this one, as after a cut.
        """
        closely = anew or self._since % _LOOK_CLOSELY_EVERY == 0
        rows = [] if closely else self._rows_near(image, self._whereabouts(image))
        if closely or len(rows) < self._expected:
            rows = self._rows_near(image, self._look_closely(image))
        self._since += 1
        self._known = rows
        return tuple(self._face(row, image) for row in sorted(rows, key=lambda row: -row[14]))

    def _look_closely(self, image: Image) -> list[_Row]:
        close = self._rows(image, _SIDES[-1])
        self._side, self._expected, self._since = _side_for(close, image), len(close), 0
        return close

    def _whereabouts(self, image: Image) -> list[_Row]:
        """Where to look for faces: where they were, or where all of the picture has some."""
        if self._known and self._since % _LOOK_AROUND_EVERY:
            return self._known
        return self._rows(image, self._side)

    def _rows_near(self, image: Image, known: list[_Row]) -> list[_Row]:
        """The last word, always: what all of the picture shows differs by a little."""
        small = _at_most(image, self._side)
        return [row for part in _parts(known, small) for row in self._rows_in(small, part)]

    def _rows(self, image: Image, side: int) -> list[_Row]:
        """Rows of x, y, width, height, five landmarks and a score, in shares of the picture."""
        small = _at_most(image, side)
        height, width = small.shape[:2]
        return self._rows_in(small, (0, 0, width, height))

    def _rows_in(self, picture: Image, part: _Part) -> list[_Row]:
        """The rows of a part of the picture, in shares of all of it."""
        left, top, right, bottom = part
        self._net.setInputSize((right - left, bottom - top))
        _, found = self._net.detect(np.ascontiguousarray(picture[top:bottom, left:right]))
        if found is None:
            return []
        height, width = picture.shape[:2]
        shift = np.array([left, top, 0, 0, *(left, top) * 5, 0])
        scale = np.append(np.tile([width, height], 7), 1.0)
        return list((np.asarray(found, np.float64) + shift) / scale)

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


def _parts(rows: list[_Row], picture: Image) -> list[_Part]:
    """Parts of the picture, apart from each other, that the faces can have moved in."""
    height, width = picture.shape[:2]
    parts: list[_Part] = []
    for x, y, wide, high in (row[:4] * (width, height, width, height) for row in rows):
        reach = _REACH * max(wide, high)
        left, top = (int(max(0, place - reach) // _GRID * _GRID) for place in (x, y))
        right = min(width, -int(-(x + wide + reach) // _GRID) * _GRID)
        bottom = min(height, -int(-(y + high + reach) // _GRID) * _GRID)
        part = (left, top, right, bottom)
        while touching := [other for other in parts if _touch(part, other)]:
            parts = [other for other in parts if other not in touching]
            lefts, tops, rights, bottoms = zip(part, *touching, strict=True)
            part = (min(lefts), min(tops), max(rights), max(bottoms))
        parts.append(part)
    return parts


def _touch(one: _Part, other: _Part) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _at_most(image: Image, side: int) -> Image:
    height, width = image.shape[:2]
    share = side / max(height, width)
    if share >= 1:
        return image
    size = (max(1, round(width * share)), max(1, round(height * share)))
    # Down to a half this leaves out no pixel, and takes a seventh of the time of areas.
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
