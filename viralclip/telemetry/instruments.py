"""What code calls to record a metric: counters, histograms and gauges.

Until a recorder is installed a call records nothing and imports nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import ClassVar, Generic, Literal, ParamSpec, Protocol

P = ParamSpec("P")

Kind = Literal["counter", "histogram", "gauge"]
Role = Literal["server", "worker"]


class Recorder(Protocol):
    """Keeps what is recorded until somebody scrapes it; it never raises and never waits."""

    def add(self, metric: "Metric[...]", labels: tuple[str, ...], amount: float) -> None: ...

    def set(self, metric: "Metric[...]", labels: tuple[str, ...], value: float) -> None: ...

    def observe(self, metric: "Metric[...]", labels: tuple[str, ...], value: float) -> None: ...

    def clear(self, metric: "Metric[...]") -> None: ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Metric(Generic[P]):
    """One row of the table.

    `labels_of` makes the values of its labels, and its parameters name them. `from_start` are the
    label values that are shown as zero before anything happened. `traced` observations carry the
    trace id of what was going on as an exemplar.
    """

    kind: ClassVar[Kind]
    name: str
    help: str
    labels_of: Callable[P, tuple[str, ...]]
    roles: frozenset[Role]
    buckets: tuple[float, ...] = ()
    from_start: tuple[tuple[str, ...], ...] = ()
    traced: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(signature(self.labels_of).parameters)


class Counter(Metric[P]):
    """Only grows, until its process ends."""

    kind = "counter"

    def count(self, *args: P.args, **kwargs: P.kwargs) -> None:
        if _recorder is not None:
            _recorder.add(self, self.labels_of(*args, **kwargs), 1.0)

    def add(self, amount: float, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if _recorder is not None:
            _recorder.add(self, self.labels_of(*args, **kwargs), amount)


class Histogram(Metric[P]):
    """Counts what it is given by size."""

    kind = "histogram"

    def observe(self, value: float, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if _recorder is not None:
            _recorder.observe(self, self.labels_of(*args, **kwargs), value)


class Gauge(Metric[P]):
    """Says what is so now."""

    kind = "gauge"

    def set(self, value: float, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if _recorder is not None:
            _recorder.set(self, self.labels_of(*args, **kwargs), value)

    def add(self, amount: float, /, *args: P.args, **kwargs: P.kwargs) -> None:
        if _recorder is not None:
            _recorder.add(self, self.labels_of(*args, **kwargs), amount)

    def clear(self) -> None:
        """Say nothing: an old value would be taken for a true one."""
        if _recorder is not None:
            _recorder.clear(self)


_recorder: Recorder | None = None


def install(recorder: Recorder | None) -> None:
    """Record from now on in this process; None records nothing again."""
    global _recorder  # noqa: PLW0603 - as structlog's configuration is the process's
    _recorder = recorder


def installed() -> Recorder | None:
    """What records in this process now."""
    return _recorder
