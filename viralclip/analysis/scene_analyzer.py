"""Looks at a scene once: faces, cuts, motion and sound of a stretch of a source."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from viralclip.analysis.faces import FaceDetector
from viralclip.analysis.frames import LONG_SIDE, SAMPLE_FPS, SampledFrame, sample_frames
from viralclip.analysis.sound import listen
from viralclip.geometry import Rect, Size
from viralclip.media.stretch import Stretch
from viralclip.processes.memory import trim_heap
from viralclip.reframe.faces import FaceRecorder
from viralclip.reframe.footage import Floats, Footage
from viralclip.reframe.shots import THRESHOLD, CutFinder, Signature, difference, signature

# Motion is judged on pictures this wide or high; changes below so many levels are noise.
_MOTION_SIDE = 160
_NOISE = 12.0
_BLUR = (5, 5)
# Faces are looked for anew where half as much of the picture changes as at a cut.
_ANOTHER = THRESHOLD / 2
_TIDY_EVERY = 20

_Grey = NDArray[np.float32]
_Motion = tuple[float, float, float]


def analyze_scene(
    stretch: Stretch,
    *,
    model: Path | None,
    threads: int,
    on_progress: Callable[[float, int], None],
    area: Rect | None = None,
) -> Footage:
    """The footage of the stretch; without a model there are no faces in it.

    With an `area` only that part of the picture is looked at, and what is told is in its pixels.

    `on_progress` is given the fraction done and the samples so far. Memory grows with what is
    found, some kilobytes a second, not with the pictures that pass through.
    """
    cv2.setNumThreads(threads)
    size = area.size if area else stretch.source.video.size
    analyzer = _SceneAnalyzer(size, FaceDetector(model, source=size) if model else None)
    frames = sample_frames(
        stretch.source.path,
        start=stretch.start,
        end=stretch.start + stretch.duration,
        fps=SAMPLE_FPS,
        long_side=LONG_SIDE,
        region=area,
        threads=threads,
    )
    for place, frame in enumerate(frames):
        analyzer.add(frame)
        if place % _TIDY_EVERY == 0:
            trim_heap()  # the detector takes some for every size of picture it is shown
        on_progress(min(frame.time / stretch.duration, 1), len(analyzer.times))
    return analyzer.footage(stretch)


class _SceneAnalyzer:
    """Takes samples one after another and keeps what footage is made of."""

    def __init__(self, size: Size, detector: FaceDetector | None) -> None:
        self._size = size
        self._detector = detector
        self._finder = CutFinder()
        self._seen: Signature | None = None
        self._last: _Grey | None = None
        self._faces = FaceRecorder()
        self._motion: list[_Motion] = []
        self.times: list[float] = []

    def add(self, frame: SampledFrame) -> None:
        self.times.append(frame.time)
        seen = signature(frame.image)
        anew = self._seen is None or difference(self._seen, seen) > _ANOTHER
        self._seen = seen
        self._finder.add(frame.time, seen, frame.between())
        self._faces.add(self._detector.find(frame.image, anew=anew) if self._detector else ())
        grey = _small_grey(frame.image)
        self._motion.append(_motion(self._last, grey, self._size))
        self._last = grey

    def footage(self, stretch: Stretch) -> Footage:
        times = np.array(self.times)
        cuts = self._finder.finish()
        return Footage(
            size=self._size,
            duration=stretch.duration,
            times=times,
            faces=self._faces.faces(),
            motion=self._motion_within_shots(times, cuts),
            cuts=cuts,
            loudness=listen(stretch.source, start=stretch.start, duration=stretch.duration),
        )

    def _motion_within_shots(self, times: Floats, cuts: Floats) -> Floats:
        """A cut changes the whole picture, and nothing has moved."""
        motion = np.array(self._motion).reshape(-1, 3)
        motion[np.searchsorted(times, cuts)] = _nothing(self._size)
        return motion


def _small_grey(image: NDArray[np.uint8]) -> _Grey:
    height, width = image.shape[:2]
    share = min(1.0, _MOTION_SIDE / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), _BLUR), np.float32)


def _motion(before: _Grey | None, now: _Grey, size: Size) -> _Motion:
    """The centre of what changed, and the share of the picture that did, weighted by how much."""
    if before is None:
        return _nothing(size)
    change = np.clip(np.abs(now - before) - _NOISE, 0, None)
    total = float(change.sum())
    if not total:
        return _nothing(size)
    height, width = change.shape
    x = float((change.sum(axis=0) * (np.arange(width) + 0.5)).sum() / total)
    y = float((change.sum(axis=1) * (np.arange(height) + 0.5)).sum() / total)
    moved = float((change > 0).mean())
    return x * size.width / width, y * size.height / height, moved


def _nothing(size: Size) -> _Motion:
    return size.width / 2, size.height / 2, 0.0
