"""Renders what is asked for at a server, on any number of machines."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from viralclip.app.records import open_engine, open_records
from viralclip.app.workers import WorkerSpec, find_encoding, run_worker
from viralclip.engine.port import Engine
from viralclip.settings import MetricsTokenMissingError, Settings
from viralclip.worker.process import new_worker_id


async def serve_queues(
    settings: Settings, *, name: str | None, grace_s: float, announce: Callable[[str], None]
) -> int:
    """Work until the process is told to stop; clips that run then have the grace to end."""
    address = settings.telemetry.metrics
    if address is not None and not address.is_loopback and settings.telemetry.metrics_token is None:
        raise MetricsTokenMissingError
    shift = WorkerSpec(
        await find_encoding(settings, settings.rendering.encoder), name or new_worker_id(), grace_s
    )
    async with (
        open_records(settings) as records,
        open_engine(settings) as engine,
        _scraped(settings, engine),
        _alerting(settings, engine),
        run_worker(settings, records, engine, shift),
    ):
        stopping = _stop_signal()
        announce(f"viralclip worker {shift.worker} is at work")
        await stopping.wait()
    return 0


@asynccontextmanager
async def _scraped(settings: Settings, engine: Engine) -> AsyncIterator[None]:
    """Record metrics, and answer whoever scrapes them, where that is wanted."""
    if settings.telemetry.metrics is None:
        yield
        return
    from viralclip.app.metrics import metrics_port

    async with metrics_port(settings, settings.telemetry.metrics, engine):
        yield


@asynccontextmanager
async def _alerting(settings: Settings, engine: Engine) -> AsyncIterator[None]:
    """Send alerts where VIRALCLIP_ALERTS says."""
    if not settings.telemetry.alerts:
        yield
        return
    from viralclip.app.alerting import alerting

    async with alerting(settings, engine, renders=True):
        yield


def _stop_signal() -> asyncio.Event:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping
