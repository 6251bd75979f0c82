"""Ticks debounced to a human pace: the latest of each key, at most four times a second."""

from viralclip.events import ClipTick, JobTick
from viralclip.telemetry.metrics import TICKS_CONFLATED

INTERVAL_S = 0.25


class Pace:
    """Holds back ticks until they are due; time is passed in, in seconds of any steady clock."""

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self._interval = interval_s
        self._waiting: dict[tuple[str, str], ClipTick | JobTick] = {}
        self._due_at = 0.0
        self.conflated = 0

    def add(self, tick: ClipTick | JobTick) -> None:
        tick_key = (tick.job_id, tick.tick_key)
        if tick_key in self._waiting:
            self._conflate()
        self._waiting[tick_key] = tick

    def drop(self, job_id: str, tick_key: str) -> None:
        """Forget what waits under the key: something has been said since that makes it untrue."""
        if self._waiting.pop((job_id, tick_key), None) is not None:
            self._conflate()

    def wait(self, now: float) -> float | None:
        """Seconds until the waiting ticks are due, or None when none wait."""
        return max(0.0, self._due_at - now) if self._waiting else None

    def take_due(self, now: float) -> list[ClipTick | JobTick]:
        """The ticks that are due, each slot's latest; they are then no longer waiting."""
        if not self._waiting or now < self._due_at:
            return []
        ticks = list(self._waiting.values())
        self._waiting.clear()
        self._due_at = now + self._interval
        return ticks

    def _conflate(self) -> None:
        self.conflated += 1
        TICKS_CONFLATED.count()
