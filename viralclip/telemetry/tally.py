"""Counts what alerts are made of, in a process that nobody scrapes."""

from collections.abc import Iterator

from viralclip.telemetry.alerts import Figures
from viralclip.telemetry.instruments import Metric, Recorder
from viralclip.telemetry.metrics import (
    ANOMALIES,
    CLIPS,
    EVENTS_BUFFERED,
    RETRIES,
    SLOTS,
    WORKER_ACCEPTING,
)
from viralclip.telemetry.thresholds import BAD_SOURCE, STALLS

_WANTED = frozenset({ANOMALIES, CLIPS, EVENTS_BUFFERED, RETRIES, SLOTS, WORKER_ACCEPTING})
_Series = tuple[Metric[...], tuple[str, ...]]


class Tally:
    """A recorder that keeps a few sums, and hands everything on to the one that was there."""

    def __init__(self, onward: Recorder | None) -> None:
        self._onward = onward
        self._values: dict[_Series, float] = {}

    def add(self, metric: Metric[...], labels: tuple[str, ...], amount: float) -> None:
        if metric in _WANTED:
            self._values[metric, labels] = self._values.get((metric, labels), 0.0) + amount
        if self._onward is not None:
            self._onward.add(metric, labels, amount)

    def set(self, metric: Metric[...], labels: tuple[str, ...], value: float) -> None:
        if metric in _WANTED:
            self._values[metric, labels] = value
        if self._onward is not None:
            self._onward.set(metric, labels, value)

    def observe(self, metric: Metric[...], labels: tuple[str, ...], value: float) -> None:
        if self._onward is not None:
            self._onward.observe(metric, labels, value)

    def clear(self, metric: Metric[...]) -> None:
        if self._onward is not None:
            self._onward.clear(metric)

    def figures(self, at: float) -> Figures:
        """What was recorded until now; what has to be asked for is not known here."""
        clips = [
            (labels, count)
            for labels, count in self._of(CLIPS)
            if labels["outcome"] in {"complete", "failed"}
            and not labels["code"].startswith(BAD_SOURCE)
        ]
        troubled = (*self._of(CLIPS), *self._of(RETRIES))
        return Figures(
            at=at,
            accepting=self._value(WORKER_ACCEPTING) > 0,
            slots_busy=int(self._value(SLOTS, "busy")),
            slots_free=int(self._value(SLOTS, "free")),
            events_buffered=int(self._value(EVENTS_BUFFERED)),
            clips_ended=int(sum(count for _, count in clips)),
            clips_failed=int(sum(n for labels, n in clips if labels["outcome"] == "failed")),
            stalls=int(sum(count for labels, count in troubled if labels["code"] in STALLS)),
            anomalies=int(sum(count for _, count in self._of(ANOMALIES))),
        )

    def _value(self, metric: Metric[...], *labels: str) -> float:
        return self._values.get((metric, labels), 0.0)

    def _of(self, metric: Metric[...]) -> Iterator[tuple[dict[str, str], float]]:
        """Every series of the metric, with its labels by name."""
        for (each, labels), value in list(self._values.items()):
            if each is metric:
                yield dict(zip(metric.labels, labels, strict=True)), value
