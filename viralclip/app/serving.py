"""Serves the API and the page, and renders in the same process."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from viralclip.analysis.models import FaceModel
from viralclip.app.alerting import alerting
from viralclip.app.caption_preview import CaptionDrawer, DrawingTools
from viralclip.app.entrance import open_entrance
from viralclip.app.listening import WAITING, listen
from viralclip.app.lives import LivingWorkers, attended
from viralclip.app.metrics import open_scrape
from viralclip.app.openers import (
    model_place,
    open_alignments,
    open_analyses,
    open_sources,
    storage_opener,
)
from viralclip.app.preview import Framer
from viralclip.app.privacy import open_seal
from viralclip.app.records import Records, open_engine, open_records, open_tables
from viralclip.app.retention import retaining
from viralclip.app.workers import WorkerSpec, find_encoding, run_worker
from viralclip.catalog.sql.webhooks import sql_webhooks
from viralclip.catalog.webhooks import Webhooks
from viralclip.engine.jobs import Jobs
from viralclip.engine.port import Engine
from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.media.fonts import load_fonts
from viralclip.media.probe import identity
from viralclip.media.prober import Prober
from viralclip.server.app import create_app
from viralclip.server.door import Lobby, door, limit_accept_errors, raise_file_limit
from viralclip.server.feed import Feeds
from viralclip.server.identity import LOOPBACK
from viralclip.server.limits import Limits
from viralclip.server.metrics import Scraping
from viralclip.server.parts import Backends, Files, JobDefaults, Probing, ServerParts
from viralclip.server.webhook_delivery import WebhookDelivery
from viralclip.server.websocket_protocol import PreencodedWebSocketProtocol
from viralclip.settings import Settings
from viralclip.storage.objects import Storage
from viralclip.worker.process import new_worker_id

_GRACE_S = 3
_ACCEPTED_AT_ONCE = 8
# What a viewer has to say is nothing; a page that sends more than this is no page of ours.
_FRAME_BYTES = 4096


async def serve(
    settings: Settings, *, with_worker: bool, with_sign_in: bool, announce: Callable[[str], None]
) -> int:
    """Serve until the process is told to stop; `announce` is given where, and who may use it."""
    async with (
        open_tables(settings) as tables,
        open_records(settings, tables=tables) as records,
        open_engine(settings) as engine,
    ):
        tokens = records.catalog.tokens
        entrance = await open_entrance(settings, tokens, with_sign_in=with_sign_in)
        webhooks = await sql_webhooks(tables, seal=open_seal(settings))
        scrape = open_scrape(settings, engine, "server", *(("worker",) if with_worker else ()))
        parts = await _parts(settings, records, engine, webhooks)
        parts = replace(parts, scraping=Scraping(scrape, settings.telemetry.metrics_token))
        app = create_app(
            parts,
            sign_in=entrance.sign_in,
            hosts=(*LOOPBACK, settings.server.host),
            sites=settings.server.hosts,
            any_address=settings.server.host not in LOOPBACK,
            page=_page(announce),
        )
        listening = listen(settings.server.host, settings.server.port)
        async with (
            alerting(settings, engine, renders=with_worker)
            if settings.telemetry.alerts
            else nullcontext(),
            _worker(settings, records, engine, wanted=with_worker),
            _deliveries(parts),
            retaining(settings, records, engine),
        ):
            announce(f"viralclip is at http://{_shown(settings)}")
            announce(entrance.sentence)
            await Server(config(app), parts.backends.feeds).serve(sockets=[listening])
    return 0


class Server(uvicorn.Server):
    """A server whose live views end when it begins to stop: nobody has to be waited for."""

    def __init__(self, settings: uvicorn.Config, feeds: Feeds) -> None:
        super().__init__(settings)
        self._feeds = feeds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        limit_accept_errors(asyncio.get_running_loop())
        await super().startup(sockets)
        for listening in sockets or ():
            # The library has the kernel keep no more than it accepts at once.
            listening.listen(WAITING)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop serving at the first signal. The library would then die of it, before the worker
        has left in good order, and its clips would count as crashed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._feeds.close()
        await super().shutdown(sockets)


async def _parts(
    settings: Settings, records: Records, engine: Engine, webhooks: Webhooks
) -> ServerParts:
    opener = storage_opener(settings)
    channel = attended(settings, records)
    return ServerParts(
        Backends(
            catalog=records.catalog,
            channel=channel,
            jobs=Jobs(catalog=records.catalog, channel=records.channel, engine=engine),
            feeds=Feeds(channel),
            webhooks=webhooks,
        ),
        Files(
            storage_url=settings.storage.url,
            open_storage=opener,
            uploads=settings.state.uploads,
            media_roots=settings.server.media_roots,
            media_origin=await _media_origin(opener(settings.storage.url)),
        ),
        Probing(Prober(), identity, _framer(settings, opener), _drawer(settings, opener)),
        JobDefaults(
            settings.databases.service_engine_name,
            settings.rendering.encoder,
            partial(load_fonts, settings.rendering.fonts),
            settings.speech.language,
            LivingWorkers(settings).ask,
        ),
        limits=Limits(webhooks_anywhere=settings.server.webhooks == "anywhere"),
    )


def _framer(settings: Settings, opener: Callable[[str], Storage]) -> Framer:
    return Framer(
        open_analyses(settings, threads=1),
        FaceModel(model_place(settings)),
        open_sources(settings, opener).hold,
    )


def _drawer(settings: Settings, opener: Callable[[str], Storage]) -> CaptionDrawer:
    return CaptionDrawer(
        DrawingTools(
            analyses=open_analyses(settings, threads=1),
            face_model=FaceModel(model_place(settings)),
            source=open_sources(settings, opener).hold,
            ffmpeg=partial(find_ffmpeg, settings.rendering.ffmpeg),
            alignments=open_alignments(settings),
            fonts=settings.rendering.fonts,
        )
    )


async def _media_origin(storage: Storage) -> str:
    """Where a browser is sent for clips that lie in an object store."""
    if storage.local_path("") is not None:
        return ""
    parts = urlsplit(await storage.signed_url("origin"))
    return f"{parts.scheme}://{parts.netloc}"


@asynccontextmanager
async def _deliveries(parts: ServerParts) -> AsyncIterator[None]:
    webhooks, catalog = parts.backends.webhooks, parts.backends.catalog
    delivery = WebhookDelivery(webhooks, catalog, anywhere=parts.limits.webhooks_anywhere)
    delivering = asyncio.create_task(delivery.run(), name="webhook delivery")
    try:
        yield
    finally:
        delivering.cancel()
        await asyncio.wait({delivering})


@asynccontextmanager
async def _worker(
    settings: Settings, records: Records, engine: Engine, *, wanted: bool
) -> AsyncIterator[None]:
    if not wanted:
        yield
        return
    shift = WorkerSpec(await find_encoding(settings, settings.rendering.encoder), new_worker_id())
    async with run_worker(settings, records, engine, shift):
        yield


def _shown(settings: Settings) -> str:
    host = f"[{settings.server.host}]" if ":" in settings.server.host else settings.server.host
    return f"{host}:{settings.server.port}"


def config(app: object, lobby: Lobby | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType] - any ASGI application
        http=door(lobby or Lobby(raise_file_limit())),
        # So many are accepted in one turn of the loop, before those are read that came before: few,
        # or who has just come has to make room again before it was heard.
        backlog=_ACCEPTED_AT_ONCE,
        ws=PreencodedWebSocketProtocol,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_max_size=_FRAME_BYTES,
        timeout_graceful_shutdown=_GRACE_S,
        log_config=None,
        access_log=False,
        server_header=False,
    )


def _page(announce: Callable[[str], None]) -> Path | None:
    """The built page inside the package, if it is there."""
    folder = Path(__file__).parent.parent / "page"
    if (folder / "index.html").is_file():
        return folder
    announce("The page is not built: run `make page` (needs Node.js). The API works without it.")
    return None
