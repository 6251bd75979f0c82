"""Two people shown at once, the left one above: who they are, and a window for each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from viralclip.events import Algorithm
from viralclip.geometry import Rect, Size, crop
from viralclip.reframe.aims import face_aims, free_aims, grid
from viralclip.reframe.camera import STEP_S
from viralclip.reframe.follow import Shot, best_runs, shots_with_tracks
from viralclip.reframe.footage import Floats, Footage
from viralclip.reframe.path import CameraPath, PairPath, Take, Turn
from viralclip.reframe.prominence import prominence
from viralclip.reframe.speakers import talking
from viralclip.reframe.speech import Speech, find_speech
from viralclip.reframe.takes import take_along
from viralclip.reframe.tracks import Track, find_tracks

# Two are really there together if they are so for this share of the scene.
_TOGETHER = 0.8
# Faces nearer than this, in their own width, are not two people for two panels.
_APART = 1.5
_SWITCH_COST, _DWELL_S = 1.5, 1.5
# Talking counts so much more than being prominent where those who speak are wanted.
_TALK = 4.0
# The height of a panel in heights of a face, and its least share of the frame's shorter side.
_FACES_HIGH, _LEAST_FACES, _LEAST_SHARE = 3.4, 1.8, 0.25
# The other face begins so much of its width from its middle, with a little between.
_CLEAR = 0.65


@dataclass(frozen=True)
class _Duo:
    """Two people who are shown from `start` to `end`, by the places of their tracks."""

    start: float
    end: float
    places: tuple[int, int]
    tracks: tuple[Track, Track]

    @property
    def together(self) -> float:
        """For how many seconds both are there."""
        start = max(self.start, *(track.start - STEP_S for track in self.tracks))
        return max(0.0, min(self.end, *(track.end + STEP_S for track in self.tracks)) - start)

    def boxes_at(self, times: Floats) -> tuple[Floats, Floats]:
        """The left and the right face at each time; where two pass each other they change."""
        one, other = (track.box_at(times) for track in self.tracks)
        is_left = (one[:, 0] + one[:, 2] / 2 <= other[:, 0] + other[:, 2] / 2)[:, None]
        return np.where(is_left, one, other), np.where(is_left, other, one)


def plan_pair(footage: Footage, aspect: float, *, speaker: bool) -> PairPath | None:
    """The windows of two people for panels of `aspect`; None if no two are together enough.

    With `speaker`, of more than two people those who speak most are shown; else those who are most
    prominent. A shot without two people is shown by its left and its right half.
    """
    tracks = find_tracks(footage)
    speech = find_speech(footage.loudness) if speaker else None
    shots = shots_with_tracks(footage, tracks)
    duos = [_duos(footage.size, tracks, shot, speech) for shot in shots]
    everyone = [duo for own in duos for duo in own]
    if sum(duo.together for duo in everyone) < max(_TOGETHER * footage.duration, STEP_S):
        return None
    size = _panel_size(footage.size, aspect, everyone)
    pairs = [
        pair
        for shot, own in zip(shots, duos, strict=True)
        for pair in _takes(footage.size, shot, own, size)
    ]
    algorithm: Algorithm = "speaker_aware" if speaker else "basic"
    top, bottom = (
        CameraPath(footage.size, algorithm, footage.cuts, takes, tracks, turns)
        for takes, turns in zip(zip(*pairs, strict=True), _turns(everyone), strict=True)
    )
    return PairPath(top, bottom)


def _duos(frame: Size, tracks: Sequence[Track], shot: Shot, speech: Speech | None) -> list[_Duo]:
    """Who is shown in a shot, and when; nobody if there are no two people."""
    own = [tracks[place] for place in shot.places]
    pairs = [
        (one, other)
        for one, other in combinations(range(len(own)), 2)
        if _are_apart(own[one], own[other])
    ]
    if not pairs:
        return []
    value = prominence(own, shot.times, frame)
    if speech is not None:
        value = value + _TALK * np.mean(talking(own, shot.times, speech), axis=0) * (value > 0)
    rewards = np.stack(
        [
            np.where((value[:, a] > 0) & (value[:, b] > 0), value[:, a] + value[:, b], 0)
            for a, b in pairs
        ],
        axis=1,
    )
    runs = best_runs(rewards, shot, switch_cost=_SWITCH_COST, dwell_s=_DWELL_S)
    return [
        _Duo(run.start, run.end, (shot.places[a], shot.places[b]), (own[a], own[b]))
        for run in runs
        for a, b in [pairs[run.choice]]
    ]


def _are_apart(one: Track, other: Track) -> bool:
    """Whether they are two people side by side for most of the time that both are there."""
    times = np.intersect1d(one.times, other.times)
    if not len(times):
        return False
    boxes, others = one.box_at(times), other.box_at(times)
    distance = np.abs(boxes[:, 0] + boxes[:, 2] / 2 - others[:, 0] - others[:, 2] / 2)
    return float(np.median(distance / np.maximum(boxes[:, 2], others[:, 2]))) >= _APART


def _panel_size(frame: Size, aspect: float, duos: Sequence[_Duo]) -> Size:
    """One size for all panels: head and shoulders, without the other person if it can be so."""
    faces = np.array(
        [np.median(track.boxes[:, 2:], axis=0) for duo in duos for track in duo.tracks]
    )
    width, height = faces.max(axis=0)
    clear = min(_distance(duo) for duo in duos) - _CLEAR * width
    wanted = min(_FACES_HIGH * height, 2 * clear / aspect)
    least = max(
        _LEAST_SHARE * min(frame.width, frame.height),
        _LEAST_FACES * height,
        _LEAST_FACES * width / aspect,
    )
    tall = max(wanted, least)
    asked = Rect(0, 0, min(round(tall * aspect), frame.width), min(round(tall), frame.height))
    return crop(asked, aspect).size


def _distance(duo: _Duo) -> float:
    """How far apart the two are across, most of the time."""
    times = grid(duo.start, duo.end)
    left, right = duo.boxes_at(times)
    return float(np.percentile(right[:, 0] + right[:, 2] / 2 - left[:, 0] - left[:, 2] / 2, 10))


def _takes(frame: Size, shot: Shot, duos: Sequence[_Duo], size: Size) -> list[tuple[Take, Take]]:
    if not duos:
        return [_halves(frame, shot, size)]
    return [_side_by_side(frame, duo, size) for duo in duos]


def _halves(frame: Size, shot: Shot, size: Size) -> tuple[Take, Take]:
    times = grid(shot.start, shot.end)
    top, bottom = (
        take_along(
            times,
            free_aims(
                len(times), centre=(frame.width * share, frame.height / 2), size=size, frame=frame
            ),
            size,
        )
        for share in (0.25, 0.75)
    )
    return top, bottom


def _side_by_side(frame: Size, duo: _Duo, size: Size) -> tuple[Take, Take]:
    times = grid(duo.start, duo.end)
    still = np.zeros(len(times), dtype=np.bool_)
    there = np.all([track.is_there(times) for track in duo.tracks], axis=0)
    top, bottom = (
        take_along(times, face_aims(boxes, there, still, size=size, frame=frame), size)
        for boxes in duo.boxes_at(times)
    )
    return top, bottom


def _turns(duos: Iterable[_Duo]) -> tuple[tuple[Turn, ...], tuple[Turn, ...]]:
    """Whose the left and whose the right panel is; they are ordered by where they mostly are."""
    duos = list(duos)
    left, right = (
        tuple(Turn(duo.start, duo.end, duo.places[side]) for duo in duos) for side in (0, 1)
    )
    return left, right
