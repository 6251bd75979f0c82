"""Reads what FFmpeg says on its -progress pipe: key=value lines in blocks."""

from dataclasses import dataclass

_SMOOTHING = 0.2


@dataclass(frozen=True)
class Progress:
    """How far a render is (0 to 1), frames per second, clip seconds per second, seconds left."""

    fraction: float
    fps: float | None = None
    speed: float | None = None
    eta_sec: float | None = None


class Meter:
    """Turns lines into Progress, one per block; the fraction never falls and stays in 0..1."""

    def __init__(self, duration: float) -> None:
        self._duration = duration
        self._block: dict[str, str] = {}
        self._fraction = 0.0
        self._speed: float | None = None
        self._before: tuple[float, float] | None = None
        self.started = False
        self.moved = False

    def read(self, line: str, *, at: float) -> Progress | None:
        """The progress when `line` ends a block; `at` is the time now on any steady clock."""
        key, _, value = line.strip().partition("=")
        self._block[key] = value.strip()
        if key != "progress":
            return None
        block, self._block = self._block, {}
        self.started = True
        return self._progress(block, at)

    def _progress(self, block: dict[str, str], at: float) -> Progress:
        # out_time_us is N/A or negative at first.
        seconds = (_number(block.get("out_time_us")) or 0.0) / 1e6
        before = self._fraction
        self._fraction = max(before, min(1.0, seconds / self._duration))
        self.moved = self._fraction > before
        self._speed = self._measured_speed(at)
        left = (1 - self._fraction) * self._duration
        eta = left / self._speed if self._speed else None
        return Progress(self._fraction, _number(block.get("fps")), self._speed, eta)

    def _measured_speed(self, at: float) -> float | None:
        """FFmpeg's own speed is an average since its start and would hide a slow stretch."""
        done = self._fraction * self._duration
        earlier, self._before = self._before, (at, done)
        if earlier is None or at <= earlier[0]:
            return self._speed
        now = (done - earlier[1]) / (at - earlier[0])
        if self._speed is None:
            return now or None
        return self._speed + _SMOOTHING * (now - self._speed)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
