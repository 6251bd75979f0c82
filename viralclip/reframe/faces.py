"""The faces of a scene's samples in arrays: half a kilobyte for each, however many come."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from viralclip.reframe.footage import Face, Floats, Patch, Places
from viralclip.reframe.mouths import PATCH_SHAPE

_BOX = 5
_LANDMARKS = (5, 2)


@dataclass(frozen=True)
class Faces(Sequence[tuple[Face, ...]]):
    """For each of n samples its faces, made from the arrays whenever they are asked for.

    `ends` (n,) says how many of all m faces have come by the end of each sample; `boxes` (m, 5) are
    x, y, width, height and score, `landmarks` (m, 5, 2) and `mouths` (m, *PATCH_SHAPE) as in Face.
    """

    ends: Places
    boxes: Floats
    landmarks: Floats
    mouths: Patch

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, place: int) -> tuple[Face, ...]: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[tuple[Face, ...], ...]: ...
    def __getitem__(self, place: int | slice) -> tuple[Face, ...] | tuple[tuple[Face, ...], ...]:
        if isinstance(place, slice):
            return tuple(self[each] for each in range(*place.indices(len(self))))
        at = range(len(self))[place]
        first = int(self.ends[at - 1]) if at else 0
        return tuple(self._face(row) for row in range(first, int(self.ends[at])))

    def _face(self, row: int) -> Face:
        x, y, width, height, score = self.boxes[row].tolist()
        return Face(x, y, width, height, score, self.landmarks[row], self.mouths[row])


class FaceRecorder:
    """Takes the faces of samples one after another."""

    def __init__(self) -> None:
        self._ends = array("q")
        self._boxes = array("d")
        self._landmarks = array("d")
        self._mouths = bytearray()

    def add(self, found: Sequence[Face]) -> None:
        for face in found:
            self._boxes.extend((face.x, face.y, face.width, face.height, face.score))
            self._landmarks.frombytes(face.landmarks.astype(np.float64).tobytes())
            self._mouths += face.mouth.tobytes()
        self._ends.append(len(self._boxes) // _BOX)

    def faces(self) -> Faces:
        """Those that were taken, in the recorder's own memory: none can be added any more."""
        return Faces(
            np.frombuffer(self._ends, np.int64),
            np.frombuffer(self._boxes, np.float64).reshape(-1, _BOX),
            np.frombuffer(self._landmarks, np.float64).reshape(-1, *_LANDMARKS),
            np.frombuffer(self._mouths, np.uint8).reshape(-1, *PATCH_SHAPE),
        )


def packed(seen: Iterable[Sequence[Face]]) -> Faces:
    """The faces of samples in arrays, if they are not in some already."""
    if isinstance(seen, Faces):
        return seen
    recorder = FaceRecorder()
    for found in seen:
        recorder.add(found)
    return recorder.faces()
