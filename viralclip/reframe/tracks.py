"""Faces of samples put together to people: a track is one face through one shot."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from viralclip.reframe.footage import Face, Flags, Floats, Footage
from viralclip.reframe.mouths import mouth_motion, mouth_opening
from viralclip.reframe.solvers import assign

# About the time between samples, in which a face may come or go.
_SAMPLE_S = 0.1
# How long a face may be lost and still be the same one.
_LONGEST_GAP_S = 1.5
# How far from where it is expected a face may be found, in its own size, at once and later.
_REACH = 0.9
_REACH_PER_S = 1.5
# How much of its last speed a lost face is expected to keep.
_KEEPS_SPEED_S = 0.4
# Sizes further apart than this factor are not those of one face.
_SIZE_FACTOR = 1.7
# A track of less than this, or half of its shot, or of a lower score, is none.
_SHORTEST_S = 0.6
_LOWEST_SCORE = 0.6
# A sample that sticks out alone is an error; a face's size changes slowly.
_CENTRE_SAMPLES, _SIZE_SAMPLES = 3, 9
_FAR = 1e6


@dataclass(frozen=True)
class Track:
    """One face through one shot: at `times` (n,) its `boxes` (n, 4): x, y, width, height.

    Times are those of samples, without a gap: where the face was not found for a moment, `seen`
    (n,) is False and the box lies between its neighbours. `motion` and `opening` (n,) are those of
    the mouth (`mouths.mouth_motion`, `mouths.mouth_opening`), between those of neighbours as well.
    """

    shot: int
    times: Floats
    boxes: Floats
    seen: Flags
    motion: Floats
    opening: Floats

    @property
    def centres(self) -> Floats:
        return self.boxes[:, :2] + self.boxes[:, 2:] / 2

    @property
    def start(self) -> float:
        return float(self.times[0])

    @property
    def end(self) -> float:
        return float(self.times[-1])

    def is_there(self, times: Floats) -> Flags:
        """Whether the person is in the picture, to about a sample."""
        return (times >= self.start - _SAMPLE_S) & (times <= self.end + _SAMPLE_S)

    def box_at(self, times: Floats) -> Floats:
        """The boxes (n, 4) at any times; before its start and after its end those there."""
        return between(times, self.times, self.boxes)


def find_tracks(footage: Footage) -> tuple[Track, ...]:
    """The tracks of all shots, in the order of shots and, within one, from left to right."""
    tracks: list[Track] = []
    for shot, (start, end) in enumerate(footage.shots):
        drafts = _link(footage, start, end)
        shortest = min(_SHORTEST_S, (end - start) / 2)
        kept = [draft for draft in drafts if draft.counts(footage.times, shortest)]
        found = [_track(draft, shot, footage.times) for draft in kept]
        tracks += sorted(found, key=lambda track: float(np.median(track.centres[:, 0])))
    return tuple(tracks)


def between(times: Floats, known: Floats, rows: Floats) -> Floats:
    """Rows of values (n, k) known at some times, at other ones: on straight lines between them."""
    columns: list[Floats] = [np.interp(times, known, rows[:, k]) for k in range(rows.shape[1])]
    return np.stack(columns, axis=1)


@dataclass
class _Draft:
    """A track that grows: the places of samples, and the face found in each."""

    places: list[int] = field(default_factory=list[int])
    faces: list[Face] = field(default_factory=list[Face])

    def add(self, place: int, face: Face) -> None:
        self.places.append(place)
        self.faces.append(face)

    def expected(self, times: Floats, now: float) -> Floats:
        """Where the middle of the face should be by now."""
        last = _centre(self.faces[-1])
        if len(self.faces) == 1:
            return last
        since = float(times[self.places[-1]] - times[self.places[-2]])
        ahead = min(now - float(times[self.places[-1]]), _KEEPS_SPEED_S)
        return last + (last - _centre(self.faces[-2])) * ahead / since

    def counts(self, times: Floats, shortest: float) -> bool:
        """Whether it is more than a passing error of the detector."""
        step = float(np.median(np.diff(times))) if len(times) > 1 else shortest
        score = float(np.mean([face.score for face in self.faces]))
        return len(self.faces) * step >= shortest and score >= _LOWEST_SCORE


def _link(footage: Footage, start: float, end: float) -> list[_Draft]:
    drafts: list[_Draft] = []
    places: list[int] = footage.samples_in(start, end).tolist()
    for place in places:
        now = float(footage.times[place])
        faces = footage.faces[place]
        alive = [
            draft
            for draft in drafts
            if now - float(footage.times[draft.places[-1]]) <= _LONGEST_GAP_S
        ]
        taken = _assign(alive, faces, footage.times, now)
        for track, face in taken:
            alive[track].add(place, faces[face])
        known = {face for _, face in taken}
        for number, face in enumerate(faces):
            if number not in known:
                drafts.append(_Draft([place], [face]))
    return drafts


def _assign(
    drafts: Sequence[_Draft], faces: Sequence[Face], times: Floats, now: float
) -> list[tuple[int, int]]:
    """Pairs of a draft and a face that go together at the least cost of all."""
    if not drafts or not faces:
        return []
    costs = np.array([[_cost(draft, face, times, now) for face in faces] for draft in drafts])
    return [(row, column) for row, column in assign(costs) if costs[row, column] < _FAR]


def _cost(draft: _Draft, face: Face, times: Floats, now: float) -> float:
    """How unlike the face is to the one expected; `_FAR` if it cannot be the same."""
    last = draft.faces[-1]
    expected = draft.expected(times, now)
    size = math.sqrt(last.width * last.height)
    distance = float(np.linalg.norm(_centre(face) - expected)) / size
    factor = abs(math.log(math.sqrt(face.width * face.height) / size))
    lost = now - float(times[draft.places[-1]])
    if distance > _REACH + _REACH_PER_S * lost or factor > math.log(_SIZE_FACTOR):
        return _FAR
    return distance + factor + 1 - _overlap(face, last, expected - _centre(last))


def _overlap(face: Face, last: Face, moved: Floats) -> float:
    """Intersection over union of a face and the last one moved."""
    x, y = last.x + float(moved[0]), last.y + float(moved[1])
    width = min(face.x + face.width, x + last.width) - max(face.x, x)
    height = min(face.y + face.height, y + last.height) - max(face.y, y)
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (face.width * face.height + last.width * last.height - shared)


def _centre(face: Face) -> Floats:
    return np.array([face.x + face.width / 2, face.y + face.height / 2])


def _track(draft: _Draft, shot: int, times: Floats) -> Track:
    places = np.arange(draft.places[0], draft.places[-1] + 1)
    found = np.array(draft.places)
    sizes = _steady([(face.width, face.height) for face in draft.faces], _SIZE_SAMPLES)
    centres = _steady([_centre(face) for face in draft.faces], _CENTRE_SAMPLES)
    boxes = np.concatenate([centres - sizes / 2, sizes], axis=1)
    patches = [face.mouth for face in draft.faces]
    # After a gap the mouth has had time to move; the first of all differs from nothing.
    next_to = np.flatnonzero(np.diff(found, prepend=found[0]) <= 1)
    return Track(
        shot=shot,
        times=times[places],
        boxes=between(times[places], times[found], boxes),
        seen=np.isin(places, found),
        motion=np.interp(places, found[next_to], mouth_motion(patches)[next_to]),
        opening=np.interp(places, found, mouth_opening(patches)),
    )


def _steady(values: Sequence[tuple[float, float] | Floats], samples: int) -> Floats:
    """The median of so many neighbours; the first and the last stand for those beyond them."""
    half = samples // 2
    rows = np.pad(np.array(values, dtype=np.float64), ((half, half), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(rows, samples, axis=0)
    return np.asarray(np.median(windows, axis=2), dtype=np.float64)
