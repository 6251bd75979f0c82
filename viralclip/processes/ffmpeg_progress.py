"""Reads what FFmpeg says on its -progress pipe: key=value lines in blocks."""

from collections import deque
from dataclasses import dataclass

# Speed is measured over a stretch of time: what was held up in a pipe arrives in bursts.
_SHORTEST_S, _LONGEST_S = 0.5, 5.0
_FEWEST_MARKS = 2


@dataclass(frozen=True)
class FfmpegProgress:
    """How far a render is (0 to 1), frames per second, clip seconds per second, seconds left."""

    fraction: float
    fps: float | None = None
    speed: float | None = None
    eta_sec: float | None = None


class ProgressParser:
    """Turns lines into Progress, one per block; the fraction never falls and stays in 0..1.

    `frames` are those of the output, if it has a picture: FFmpeg's time is that of the stream that
    is furthest, and the sound is. Of a clip of 2 s it was at the end after 7 % of the work.
    """

    def __init__(self, duration: float, *, frames: int | None = None) -> None:
        self._duration = duration
        self._frames = frames
        self._block: dict[str, str] = {}
        self._fraction = 0.0
        self._speed: float | None = None
        self._marks: deque[tuple[float, float]] = deque()
        self.started = False
        self.moved = False

    def read(self, line: str, *, at: float) -> FfmpegProgress | None:
        """The progress when `line` ends a block; `at` is the time now on any steady clock."""
        key, _, value = line.strip().partition("=")
        self._block[key] = value.strip()
        if key != "progress":
            return None
        block, self._block = self._block, {}
        self.started = True
        return self._progress(block, at)

    def _progress(self, block: dict[str, str], at: float) -> FfmpegProgress:
        before = self._fraction
        self._fraction = max(before, min(1.0, self._done(block)))
        self.moved = self._fraction > before
        self._speed = self._measured_speed(at)
        left = (1 - self._fraction) * self._duration
        eta = left / self._speed if self._speed else None
        return FfmpegProgress(self._fraction, _number(block.get("fps")), self._speed, eta)

    def _done(self, block: dict[str, str]) -> float:
        if self._frames:
            return (_number(block.get("frame")) or 0.0) / self._frames
        # It is N/A or negative at first.
        return (_number(block.get("out_time_us")) or 0.0) / 1e6 / self._duration

    def _measured_speed(self, at: float) -> float | None:
        """FFmpeg's own speed is an average since its start and would hide a slow stretch."""
        done = self._fraction * self._duration
        if not done:
            self._marks.clear()
        self._marks.append((at, done))
        while at - self._marks[0][0] > _LONGEST_S and len(self._marks) > _FEWEST_MARKS:
            self._marks.popleft()
        began, had = self._marks[0]
        if at - began < _SHORTEST_S:
            return self._speed
        return (done - had) / (at - began) or None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
