"""Finds scenes in a video that has no chapters: whole shots, put together to a clip's length."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from viralclip.media.frames import refine_cuts, sample_frames
from viralclip.media.probe import probe
from viralclip.reframe.moments import LONGEST_S, SHORTEST_S, group_shots
from viralclip.reframe.shots import CutFinder, Times, signature
from viralclip.scenes import Scene

_LONG_SIDE = 160


def find_scenes(
    path: Path,
    *,
    shortest: float = SHORTEST_S,
    longest: float = LONGEST_S,
    on_progress: Callable[[float], None],
) -> tuple[Scene, ...]:
    """Scenes that cover the video and begin on cuts; `on_progress` is given the share looked at.

    SourceMissingError, SourceNotVideoError or SourceUnreadableError.
    """
    duration = probe(path).video.duration
    finder = CutFinder()
    for frame in sample_frames(path, long_side=_LONG_SIDE):
        finder.add(frame.time, signature(frame.image))
        on_progress(min(1.0, frame.time / duration) if duration else 1.0)
    cuts = finder.finish()
    scenes = group_shots(cuts, duration, shortest=shortest, longest=longest)
    exact = _exact(path, cuts, [start for start, _ in scenes])
    on_progress(1.0)
    return tuple(
        Scene(
            id=place, title=f"Scene {place}", start=exact.get(start, start), end=exact.get(end, end)
        )
        for place, (start, end) in enumerate(scenes, 1)
    )


def _exact(path: Path, cuts: Times, starts: list[float]) -> dict[float, float]:
    """The exact time of each cut that a scene begins on."""
    wanted = np.array(sorted(set(starts) & set(cuts.tolist())))
    return dict(zip(wanted.tolist(), refine_cuts(path, wanted).tolist(), strict=True))
