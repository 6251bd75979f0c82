"""Keeps the metrics of this process, and writes them as Prometheus reads them."""

import math
from collections.abc import Collection
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics import disable_created_metrics
from structlog.contextvars import get_contextvars

from viralclip import __version__
from viralclip.telemetry.instruments import Metric, Role
from viralclip.telemetry.metrics import BUILD_INFO, TABLE

_Kept = Counter | Gauge | Histogram


class PrometheusRecorder:
    """The metrics that processes of these roles say; what other processes say is not kept."""

    def __init__(self, roles: Collection[Role]) -> None:
        # When each series began would be as many series again.
        disable_created_metrics()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        mine = [metric for metric in TABLE if metric.roles & set(roles)]
        self._kept = {metric: _kept(metric, self._registry) for metric in mine}
        self.set(BUILD_INFO, (__version__,), 1.0)

    def add(self, metric: Metric[...], labels: tuple[str, ...], amount: float) -> None:
        if (series := self._series(metric, labels)) is not None:
            series.inc(amount)

    def set(self, metric: Metric[...], labels: tuple[str, ...], value: float) -> None:
        if (series := self._series(metric, labels)) is not None:
            series.set(value)

    def observe(self, metric: Metric[...], labels: tuple[str, ...], value: float) -> None:
        if (series := self._series(metric, labels)) is not None:
            series.observe(value, _exemplar() if metric.traced else None)

    def clear(self, metric: Metric[...]) -> None:
        kept = self._kept.get(metric)
        if kept is None:
            return
        if metric.labels:
            kept.clear()
        else:
            self.set(metric, (), math.nan)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Everything as text, and its media type: OpenMetrics where it is asked for."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type

    def _series(self, metric: Metric[...], labels: tuple[str, ...]) -> Any:
        kept = self._kept.get(metric)
        return kept.labels(*labels) if kept is not None and labels else kept


def _kept(metric: Metric[...], registry: CollectorRegistry) -> _Kept:
    about = (metric.name, metric.help, metric.labels)
    match metric.kind:
        case "counter":
            kept = Counter(*about, registry=registry)
        case "gauge":
            kept = Gauge(*about, registry=registry)
        case "histogram":
            kept = Histogram(*about, registry=registry, buckets=metric.buckets)
    for values in metric.from_start:
        kept.labels(*values)
    return kept


def _exemplar() -> dict[str, str] | None:
    """What was going on when this was observed; a trace leads to the logs of the clip."""
    trace_id = get_contextvars().get("trace_id")
    return {"trace_id": str(trace_id)} if trace_id else None
