"""Metrics of a process: recorded from its start, and where they are scraped."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI

from viralclip.app.listening import listen
from viralclip.app.places import places
from viralclip.engine.port import QueueOverview
from viralclip.server.door import Lobby, door
from viralclip.server.metrics import Scrape, metrics_app
from viralclip.settings import Address, Settings
from viralclip.telemetry import instruments
from viralclip.telemetry.instruments import Role
from viralclip.telemetry.recorder import PrometheusRecorder

# Scrapers are few.
_CONNECTIONS = 64
_GRACE_S = 1


def open_scrape(settings: Settings, engine: QueueOverview, *roles: Role) -> Scrape:
    """Record what a process of these roles says, from now on, and answer scrapes with it."""
    recorder = PrometheusRecorder(roles)
    instruments.install(recorder)
    return Scrape(recorder, engine.depth, places(settings))


@asynccontextmanager
async def metrics_port(
    settings: Settings, address: Address, engine: QueueOverview
) -> AsyncIterator[None]:
    """A worker's own port, for as long as the context is open; AddressTakenError."""
    listening = listen(address.host, address.port, how="in VIRALCLIP_METRICS")
    scrape = open_scrape(settings, engine, "worker")
    server = _Server(_config(metrics_app(scrape, token=settings.telemetry.metrics_token)))
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="metrics")
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({serving})


class _Server(uvicorn.Server):
    """A server that leaves signals to the worker."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=door(Lobby(_CONNECTIONS)),
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_S,
        log_config=None,
        access_log=False,
        server_header=False,
    )
