"""A path as plain values, to be written as JSON and drawn over a picture."""

from typing import Any

import numpy as np

from viralclip.reframe.footage import Floats
from viralclip.reframe.path import CameraPath, Take
from viralclip.reframe.tracks import Track

_DIGITS = 3


def describe(path: CameraPath) -> dict[str, Any]:
    """Everything a path is made of and came from; times in seconds, places in source pixels."""
    return {
        "frame": [path.frame.width, path.frame.height],
        "algorithm": path.algorithm,
        "doubts": [doubt.value for doubt in path.doubts],
        "cuts": _rounded(path.cuts),
        "tracks": [_track(track) for track in path.tracks],
        "turns": [
            {"start": _rounded(turn.start), "end": _rounded(turn.end), "track": turn.track}
            for turn in path.turns
        ],
        "takes": [_take(take) for take in path.takes],
        "speaker_switches": path.speaker_switches,
    }


def _track(track: Track) -> dict[str, Any]:
    return {
        "shot": track.shot,
        "times": _rounded(track.times),
        "boxes": _rounded(track.boxes),
        "seen": track.seen.tolist(),
        "motion": _rounded(track.motion),
        "opening": _rounded(track.opening),
    }


def _take(take: Take) -> dict[str, Any]:
    return {
        "start": _rounded(take.start),
        "end": _rounded(take.end),
        "width": take.size.width,
        "height": take.size.height,
        "times": _rounded(take.times),
        "centres": _rounded(take.centres),
    }


def _rounded(values: float | Floats) -> Any:
    return np.round(np.asarray(values), _DIGITS).tolist()
