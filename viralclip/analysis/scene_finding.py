"""Finds scenes in a video that has no chapters: whole shots, put together to a clip's length."""

from collections.abc import Callable
from pathlib import Path

from viralclip.analysis.frames import sample_frames
from viralclip.media.probe import probe
from viralclip.reframe.moments import LONGEST_S, SHORTEST_S, group_shots
from viralclip.reframe.shots import CutFinder, signature
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
        finder.add(frame.time, signature(frame.image), frame.between())
        on_progress(min(1.0, frame.time / duration) if duration else 1.0)
    scenes = group_shots(finder.finish(), duration, shortest=shortest, longest=longest)
    on_progress(1.0)
    return tuple(
        Scene(id=place, title=f"Scene {place}", start=start, end=end)
        for place, (start, end) in enumerate(scenes, 1)
    )
