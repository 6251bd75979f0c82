"""From footage to the path of a camera: the ways to choose who is followed, as one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from viralclip.events import Algorithm
from viralclip.geometry import Rect, crop
from viralclip.reframe.follow import Run, Shot, best_runs, shots_with_tracks
from viralclip.reframe.footage import Flags, Footage
from viralclip.reframe.path import CameraPath, Doubt, Pin, Turn
from viralclip.reframe.pins import pinned_takes
from viralclip.reframe.prominence import prominence
from viralclip.reframe.speakers import speech_start, talking
from viralclip.reframe.speech import Speech, find_speech
from viralclip.reframe.takes import plan_takes
from viralclip.reframe.tracks import Track, find_tracks

# By how much another person must be better, summed over seconds, to be changed to; and for how long
# they stay.
_PROMINENCE_COST, _PROMINENCE_DWELL_S = 1.5, 1.5
_TALK_COST, _TALK_DWELL_S = 0.3, 0.8
# Prominence decides between people who seem to talk alike.
_TIE_BREAK = 0.05


@dataclass(frozen=True)
class _Scene:
    """All that a choice is made from."""

    footage: Footage
    tracks: tuple[Track, ...]
    speech: Speech

    def tracks_of(self, shot: Shot) -> list[Track]:
        return [self.tracks[place] for place in shot.places]


def plan_camera(
    footage: Footage, aspect: float, algorithm: Algorithm, *, pins: Sequence[Pin] = ()
) -> CameraPath:
    """The path of the largest window of `aspect` (width over height) inside the frame.

    With `pins` the window is theirs. What cannot be done is done in a plainer way and told in
    `CameraPath.doubts`: it never raises.
    """
    if pins:
        takes = pinned_takes(footage, aspect, pins)
        return CameraPath(footage.size, algorithm, footage.cuts, takes, (), ())
    scene = _Scene(footage, find_tracks(footage), find_speech(footage.loudness))
    algorithm, doubts = _possible(algorithm, scene)
    turns = _turns(scene, _CHOICES[algorithm])
    size = crop(Rect(0, 0, footage.size.width, footage.size.height), aspect).size
    holds = scene.speech if algorithm == "audio_aware" else None
    takes = plan_takes(footage, scene.tracks, turns, size=size, speech=holds)
    return CameraPath(footage.size, algorithm, footage.cuts, takes, scene.tracks, turns, doubts)


def _possible(algorithm: Algorithm, scene: _Scene) -> tuple[Algorithm, tuple[Doubt, ...]]:
    """The algorithm that can be done, and why it is another than the one asked for."""
    if algorithm == "motion":
        return algorithm, ()
    if not scene.tracks:
        return "motion", (Doubt.NO_FACES,)
    if algorithm in {"audio_aware", "speaker_aware"} and not scene.speech.heard:
        return "basic", (Doubt.NO_SOUND,)
    return algorithm, ()


_Choice = Callable[[_Scene, Shot], list[Run]]


def _turns(scene: _Scene, choose: _Choice) -> tuple[Turn, ...]:
    return tuple(
        Turn(run.start, run.end, shot.places[run.choice])
        for shot in shots_with_tracks(scene.footage, scene.tracks)
        if shot.places
        for run in choose(scene, shot)
    )


def _nobody(scene: _Scene, shot: Shot) -> list[Run]:  # noqa: ARG001 - a choice like the others
    return []


def _most_prominent(scene: _Scene, shot: Shot, may_switch: Flags | None = None) -> list[Run]:
    return best_runs(
        prominence(scene.tracks_of(shot), shot.times, scene.footage.size),
        shot,
        switch_cost=_PROMINENCE_COST,
        dwell_s=_PROMINENCE_DWELL_S,
        may_switch=may_switch,
    )


def _most_prominent_at_onsets(scene: _Scene, shot: Shot) -> list[Run]:
    """A change of person waits until someone begins to speak."""
    onsets = np.array([onset.time for onset in scene.speech.onsets])
    rows = np.searchsorted(shot.times, onsets)
    return _most_prominent(scene, shot, np.isin(np.arange(len(shot.times)), rows))


def _speaking(scene: _Scene, shot: Shot) -> list[Run]:
    tracks = scene.tracks_of(shot)
    likely = _TIE_BREAK * prominence(tracks, shot.times, scene.footage.size)
    return best_runs(
        talking(tracks, shot.times, scene.speech) + likely,
        shot,
        switch_cost=_TALK_COST,
        dwell_s=_TALK_DWELL_S,
        moment=lambda time: speech_start(time, scene.speech),
    )


_CHOICES: dict[Algorithm, _Choice] = {
    "basic": _most_prominent,
    "motion": _nobody,
    "audio_aware": _most_prominent_at_onsets,
    "speaker_aware": _speaking,
}
