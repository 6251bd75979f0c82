"""Sends spans to a collector over OTLP/HTTP, as the standard OTEL_* variables say.

Needs the extra `traces`. Nothing here waits for the collector or fails with it: spans go in batches
from a bounded queue in a thread of their own, and a collector that is away costs one warning.
"""

import logging
import os
import threading
from collections.abc import Sequence

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from viralclip import __version__
from viralclip.telemetry.traces import Kind, Span

# A process that is killed takes the spans of so long with it.
_DELAY_MS = 250.0
_FLUSH_S = 2.0
_KINDS: dict[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_SCOPE = InstrumentationScope("viralclip", __version__)

log = structlog.get_logger(__name__)


class OtlpSink:
    """Hands ended spans to a collector; the sampler of OTEL_TRACES_SAMPLER chooses whole traces."""

    def __init__(self) -> None:
        _quieten()
        os.environ.setdefault("OTEL_SERVICE_NAME", "viralclip")
        provider = TracerProvider(shutdown_on_exit=False)
        self._sampler = provider.sampler
        self._resource = provider.resource
        delay = None if "OTEL_BSP_SCHEDULE_DELAY" in os.environ else _DELAY_MS
        self._exporter = _WarnsOnce(OTLPSpanExporter())
        self._batches = BatchSpanProcessor(self._exporter, schedule_delay_millis=delay)

    def take(self, span: Span, /) -> None:
        trace_id = int(span.trace_id, 16)
        decided = self._sampler.should_sample(None, trace_id, span.name)
        if decided.decision is Decision.RECORD_AND_SAMPLE:
            self._batches.on_end(self._readable(span, trace_id))

    def close(self) -> None:
        """Send what waits, for two seconds at most."""
        flushing = threading.Thread(target=self._batches.shutdown, daemon=True)
        flushing.start()
        flushing.join(_FLUSH_S)
        if flushing.is_alive():
            self._exporter.warn(f"no answer within {_FLUSH_S:g} s")

    def _readable(self, span: Span, trace_id: int) -> ReadableSpan:
        def context(span_id: str, *, is_remote: bool = False) -> SpanContext:
            return SpanContext(trace_id, int(span_id, 16), is_remote, _SAMPLED)

        failed = Status(StatusCode.ERROR, span.message) if span.error else Status()
        error = {"error.type": span.error} if span.error else {}
        return ReadableSpan(
            name=span.name,
            context=context(span.span_id),
            parent=context(span.parent_id, is_remote=True) if span.parent_id else None,
            resource=self._resource,
            attributes={**span.attributes, **error},
            links=[Link(context(link, is_remote=True)) for link in span.links],
            kind=_KINDS[span.kind],
            status=failed,
            start_time=span.started_ns,
            end_time=span.ended_ns,
            instrumentation_scope=_SCOPE,
        )


class _WarnsOnce(SpanExporter):
    """Says once that the collector does not take spans, until it has taken some again."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._is_away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._exporter.export(spans)
            why = result.name
        except Exception as error:  # noqa: BLE001 - whatever a library raises, the work goes on
            result, why = SpanExportResult.FAILURE, repr(error)
        if result is SpanExportResult.SUCCESS:
            self._is_away = False
        else:
            self.warn(why)
        return result

    def warn(self, why: str) -> None:
        if not self._is_away:
            self._is_away = True
            log.warning("Traces not delivered; check OTEL_EXPORTER_OTLP_ENDPOINT", error=why)

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _quieten() -> None:
    """The library would print a line for every batch that is not taken."""
    logger = logging.getLogger("opentelemetry")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
