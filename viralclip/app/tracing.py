"""Traces of what a command does, where the standard variables of OpenTelemetry ask for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import structlog

from viralclip.settings import Settings
from viralclip.telemetry import traces

EXTRA = "pip install 'viralclip-scenes[traces]'"
_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")

log = structlog.get_logger(__name__)


@contextmanager
def tracing(settings: Settings) -> Iterator[None]:
    """Send the spans of this process to the collector that the variables name, if they name one."""
    if not settings.telemetry.traced:
        yield
        return
    if not can_trace():
        log.warning("Traces are asked for and cannot be sent", install=EXTRA)
        yield
        return
    from viralclip.telemetry.otlp import OtlpSink

    sink = OtlpSink()
    traces.install(sink)
    try:
        yield
    finally:
        traces.install(None)
        sink.close()


def can_trace() -> bool:
    """Whether what sends traces is installed."""
    try:
        return all(find_spec(package) is not None for package in _PACKAGES)
    except ModuleNotFoundError:  # one of the packages that it is in
        return False
