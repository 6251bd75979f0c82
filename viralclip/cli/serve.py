"""`viralclip serve`: the API, the page and a worker in one process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from viralclip.catalog.accounts import SqlAccounts
from viralclip.cli.compose import Records, open_records, open_worker
from viralclip.engine import Engine
from viralclip.engine.jobs import Jobs
from viralclip.errors import InvalidRequestError
from viralclip.media.ffmpeg import find_ffmpeg
from viralclip.media.probe import probe
from viralclip.plan import Video
from viralclip.server.app import create_app
from viralclip.server.feed import Feeds
from viralclip.server.guard import LOOPBACK
from viralclip.server.services import Services
from viralclip.settings import Settings
from viralclip.storage import open_storage

# Little waits in the kernel for a viewer that does not read; its place is kept here instead.
_SEND_BUFFER = 64 * 1024
_GRACE_S = 3


class NoTokensError(InvalidRequestError):
    """Only this machine may ask without a token: make one with `viralclip token create NAME`."""

    code = "no_tokens"


class AddressTakenError(InvalidRequestError):
    """Something else listens on {host}:{port}; choose another port with --port."""

    code = "address_taken"


async def serve(settings: Settings, *, with_worker: bool) -> int:
    """Serve until the process is told to stop."""
    async with (
        open_records(settings) as records,
        _engine(settings) as engine,
        _accounts(settings) as accounts,
    ):
        services = _services(settings, records, engine)
        hosts = (*LOOPBACK, settings.host, *settings.hosts)
        app = create_app(services, accounts=accounts, hosts=hosts, page=_page())
        listening = _listen(settings)
        async with _worker(settings, records, engine, wanted=with_worker):
            print(f"viralclip is at http://{settings.host}:{settings.port}", flush=True)
            await uvicorn.Server(_config(app)).serve(sockets=[listening])
    return 0


def _services(settings: Settings, records: Records, engine: Engine) -> Services:
    async def look_into(path: Path) -> Video:
        return (await asyncio.to_thread(probe, path)).video

    return Services(
        catalog=records.catalog,
        channel=records.channel,
        jobs=Jobs(catalog=records.catalog, channel=records.channel, engine=engine),
        feeds=Feeds(records.channel),
        storage_url=settings.storage_url,
        engine_url=settings.service_engine_url,
        open_storage=open_storage,
        probe=look_into,
        media_roots=settings.media_roots,
        uploads=settings.uploads,
        encoder=settings.encoder,
    )


@asynccontextmanager
async def _accounts(settings: Settings) -> AsyncIterator[SqlAccounts | None]:
    """The tokens, where others than this machine's user can reach the server."""
    if settings.host in LOOPBACK:
        yield None
        return
    async with SqlAccounts(settings.catalog_url) as accounts:
        if not await accounts.names():
            raise NoTokensError
        yield accounts


@asynccontextmanager
async def _engine(settings: Settings) -> AsyncIterator[Engine]:
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    async with Engine(settings.service_engine_url) as engine:
        await engine.set_slots(settings.slots)
        yield engine


@asynccontextmanager
async def _worker(
    settings: Settings, records: Records, engine: Engine, *, wanted: bool
) -> AsyncIterator[None]:
    if not wanted:
        yield
        return
    await asyncio.to_thread(find_ffmpeg, settings.ffmpeg)
    url = settings.service_engine_url
    async with open_worker(settings, records, engine, url=url, encoder=settings.encoder):
        yield


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType] - any ASGI application
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=_GRACE_S,
        log_config=None,
        access_log=False,
        server_header=False,
    )


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit it.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        raise AddressTakenError(host=settings.host, port=settings.port) from error
    return listening


def _page() -> Path | None:
    """The built page inside the package, if it is there."""
    folder = Path(__file__).parent.parent / "page"
    if (folder / "index.html").is_file():
        return folder
    print("The page is not built: run `make page` (needs Node.js). The API works without it.")
    return None
