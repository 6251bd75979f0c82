"""The application on a real port in the test's own event loop, and what there is to watch on it."""

import asyncio
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from inspect import isawaitable
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
import pytest
import uvicorn
from pydantic import TypeAdapter

from viralclip.app.listening import drop_stalled_clients, listen
from viralclip.app.serving import Server, config
from viralclip.catalog.database import Database
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.catalog.sealing import Seal
from viralclip.catalog.sql.catalog import sql_catalog
from viralclip.catalog.sql.webhooks import sql_webhooks
from viralclip.catalog.tokens import TokenTable
from viralclip.channel.opening import open_channel
from viralclip.channel.port import ProgressChannel
from viralclip.engine.dbos.client import DbosEngine
from viralclip.engine.jobs import Jobs
from viralclip.engine.opening import open_engine
from viralclip.events import ClipTick, Envelope, JobQueued, JobTick, Logged, NewEvent
from viralclip.media.bars import probe_whole
from viralclip.media.probe import identity
from viralclip.origins import Site
from viralclip.plan import Options, StyleChoice, Video, make_plan
from viralclip.scenes import Scene
from viralclip.server.app import create_app
from viralclip.server.door import Lobby
from viralclip.server.feed import KEEP_EVENTS, Feeds
from viralclip.server.identity import NoSignIn, TokenSignIn
from viralclip.server.limits import Limits, Timeouts
from viralclip.server.metrics import Scrape, Scraping
from viralclip.server.parts import Backends, Files, JobDefaults, Probing, ServerParts
from viralclip.server.pools import Pools
from viralclip.storage.opening import open_storage

Said = NewEvent | ClipTick | JobTick

_LINE: TypeAdapter[Envelope | ClipTick | JobTick] = TypeAdapter(Envelope | ClipTick | JobTick)
_TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
# How soon it is looked again for what is waited for: less often as time goes by, as each look at a
# server keeps it from its work.
_LOOK_S, _LOOK_LATER_S = 0.02, 0.06
# Else every client reads all certificates there are, for a server that speaks no TLS.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True)
class Served:
    """An application that answers on `port`."""

    port: int
    parts: ServerParts
    accounts: TokenTable | None
    tables: Database
    engine: DbosEngine
    folder: Path
    connections: Collection[object]

    @property
    def backends(self) -> Backends:
        return self.parts.backends

    @property
    def files(self) -> Files:
        return self.parts.files

    @property
    def catalog(self) -> Catalog:
        return self.backends.catalog

    @property
    def channel(self) -> ProgressChannel:
        return self.backends.channel

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def client(self, token: str | None = None, **settings: Any) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= settings.pop("headers", {})
        return httpx.AsyncClient(
            base_url=f"http://{self.address}",
            headers=headers,
            trust_env=False,
            timeout=60,
            verify=_NO_TLS,
            **settings,
        )

    def live(self, job_id: str, after: str | None = None) -> str:
        """The address of a job's live view."""
        query = f"?after={after}" if after is not None else ""
        return f"ws://{self.address}/api/jobs/{job_id}/live{query}"

    async def add(self, job_id: str, *, owner: str = "local", **facts: Any) -> JobRecord:
        """A job on record, with a clip of each of two scenes, that nobody works on."""
        job = _job(job_id, owner, self.parts, **facts)
        await self.catalog.jobs.add(job)
        return job

    async def queued(self) -> list[str]:
        """What stands in the engine's queues."""
        found = await self.engine._client.list_workflows_async()
        return [status.workflow_id for status in found]


class _Server(Server):
    """Says when it listens, and leaves the signals to pytest."""

    def __init__(self, settings: uvicorn.Config, feeds: Feeds) -> None:
        super().__init__(settings, feeds)
        self.listening = asyncio.Event()

    def capture_signals(self) -> AbstractContextManager[None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


Serve = Callable[..., Any]


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with empty databases, which take their time to make."""
    folder = tmp_path_factory.mktemp("blank")

    async def make() -> None:
        async with open_catalog(f"sqlite:///{folder / 'catalog.db'}"):
            pass
        async with open_engine(f"sqlite:///{folder / 'engine.db'}"):
            pass

    asyncio.run(make())
    return folder


@pytest.fixture
async def serve(tmp_path: Path, blank: Path) -> AsyncIterator[Serve]:
    """`await serve()` is a server of its own; it has stopped when the test has ended."""
    shutil.copytree(blank, tmp_path, dirs_exist_ok=True)
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Served:
            return await stack.enter_async_context(_served(tmp_path, **settings))

        yield start


@pytest.fixture
async def served(serve: Serve) -> Served:
    return await serve()


@asynccontextmanager
async def _served(
    folder: Path,
    *,
    tokens: bool = False,
    always: bool = True,
    sites: Sequence[Site] = (),
    keep: int = KEEP_EVENTS,
    limits: Limits | None = None,
    pools: Pools | None = None,
    scrape: Scrape | None = None,
    metrics_token: str | None = None,
    channel: ProgressChannel | None = None,
    ws: str | None = None,
    lobby: Lobby | None = None,
    **changes: Any,
) -> AsyncIterator[Served]:
    roots = folder / "media"
    roots.mkdir(exist_ok=True)
    database = f"sqlite:///{folder / 'catalog.db'}"
    engine_url = f"sqlite:///{folder / 'engine.db'}"
    async with AsyncExitStack() as stack:
        tables = await stack.enter_async_context(Database(database))
        catalog = sql_catalog(tables)
        own = await stack.enter_async_context(open_channel(f"sqlite:///{folder / 'events.db'}"))
        engine = await stack.enter_async_context(DbosEngine(engine_url))
        accounts = catalog.tokens if tokens else None
        webhooks = await sql_webhooks(tables, seal=Seal(bytes(32)))
        used = channel or own
        files = Files((folder / "clips").as_uri(), open_storage, folder / "uploads", (roots,))
        # A busy machine takes its time to look into a video.
        timeouts = Timeouts(upload_answer_s=60.0)
        backends = Backends(
            catalog=catalog,
            channel=used,
            jobs=Jobs(catalog=catalog, channel=used, engine=engine),
            feeds=Feeds(used, keep=keep),
            webhooks=webhooks,
        )
        parts = ServerParts(
            _changed(backends, changes),
            _changed(files, changes),
            _changed(Probing(_look_into, identity), changes),
            _changed(JobDefaults(engine_url), changes),
            limits=limits or Limits(),
            timeouts=_changed(timeouts, changes),
            pools=pools or Pools(),
            scraping=Scraping(scrape, metrics_token) if scrape else None,
        )
        assert not changes
        page = folder / "page"
        app = create_app(
            parts,
            sign_in=TokenSignIn(accounts, always=always) if accounts else NoSignIn(),
            sites=sites,
            page=page if page.is_dir() else None,
        )
        listening = _listening(
            app,
            parts.backends.feeds,
            send_timeout_s=parts.timeouts.send_timeout_s,
            ws=ws,
            lobby=lobby,
        )
        port, connections = await stack.enter_async_context(listening)
        yield Served(port, parts, accounts, tables, engine, folder, connections)


T = TypeVar("T", Backends, Files, Probing, JobDefaults, Timeouts)


def _changed(part: T, changes: dict[str, Any]) -> T:
    """The part with those of the changes that are its own, which are taken out."""
    own = {field.name for field in fields(part)} & changes.keys()
    return replace(part, **{name: changes.pop(name) for name in own})


async def _look_into(path: Path) -> Video:
    return (await asyncio.to_thread(probe_whole, path)).video


@asynccontextmanager
async def _listening(
    app: object, feeds: Feeds, *, send_timeout_s: float, ws: str | None, lobby: Lobby | None
) -> AsyncIterator[tuple[int, Collection[object]]]:
    listening = listen("127.0.0.1", 0)
    drop_stalled_clients(listening, send_timeout_s)
    settings = config(app, lobby)
    settings.ws = ws or settings.ws
    server = _Server(settings, feeds)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets=[listening]))
        await server.listening.wait()
        try:
            yield listening.getsockname()[1], server.server_state.connections
        finally:
            server.should_exit = True


def _job(job_id: str, owner: str, parts: ServerParts, **facts: Any) -> JobRecord:
    video = Video(
        name="talk.mp4",
        path=str(parts.files.media_roots[0] / "talk.mp4"),
        width=1280,
        height=720,
        duration=60,
        fps="25/1",
        has_audio=True,
        identity=f"video-of-{owner}",
    )
    scenes = tuple(Scene(id=i, title=f"Scene {i}", start=i, end=i + 2) for i in (1, 2))
    plan = make_plan(video, scenes, [StyleChoice(name="original")], Options())
    given: dict[str, Any] = {"created_at": datetime.now(UTC), "trace_id": "0" * 32} | facts
    return JobRecord(
        job_id=job_id,
        owner=owner,
        plan=plan,
        storage_url=parts.files.storage_url,
        engine_url=parts.defaults.engine_url,
        prefix=f"{job_id}/",
        **given,
    )


@pytest.fixture
def recorded() -> Callable[[str], list[Said]]:
    """`recorded(name)` is what the workers said in that transcript, once each and in order."""
    return _recorded


def _recorded(name: str) -> list[Said]:
    said: list[Said] = []
    seq, run = 0, 0
    for line in (_TRANSCRIPTS / f"{name}.jsonl").read_text().splitlines():
        item = _LINE.validate_python(json.loads(line))
        if not isinstance(item, Envelope):
            said.append(item)
        elif item.seq == seq + 1:
            seq += 1
            if isinstance(item.event, JobQueued):
                run = item.event.run
            said.append(_draft(item, run))
    return said


def _draft(envelope: Envelope, run: int) -> NewEvent:
    return NewEvent(
        job_id=envelope.job_id,
        run=run,
        at=envelope.at,
        trace_id=envelope.trace_id,
        event=cast("Any", envelope.event),
    )


@pytest.fixture
def note() -> Callable[..., NewEvent]:
    """`note(3)` says something that differs from `note(4)` and matters to nobody."""
    return _note


def _note(number: int, job_id: str = "job") -> NewEvent:
    event = Logged(level="info", message=str(number))
    at = datetime(2025, 1, 1, tzinfo=UTC)
    return NewEvent(job_id=job_id, run=1, at=at, trace_id="trace", event=event)


@pytest.fixture
def say() -> Callable[..., Any]:
    """`await say(channel, *items)` publishes drafts and ticks one after the other."""

    async def say(channel: ProgressChannel, *said: Said) -> None:
        for item in said:
            if isinstance(item, NewEvent):
                await channel.publish([item])
            else:
                await channel.tick([item])

    return say


async def _until(true: Callable[[], Any], *, within_s: float = 120.0) -> Any:
    """The first truth that `true` gives; the one place in these tests that waits by asking."""
    deadline, look_s = time.monotonic() + within_s, _LOOK_S
    while not (found := await answer if isawaitable(answer := true()) else answer):
        assert time.monotonic() < deadline, f"still waiting after {within_s} s"
        await asyncio.sleep(look_s)
        look_s = min(look_s * 1.2, _LOOK_LATER_S)
    return found


@pytest.fixture
def until() -> Callable[..., Any]:
    """`await until(found)` waits for a fact: it returns the first truth that `found()` gives."""
    return _until


@dataclass
class Process:
    """`viralclip serve` in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int
    state: Path
    log: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(
            base_url=f"http://{self.address}",
            headers=headers,
            trust_env=False,
            timeout=60,
            verify=_NO_TLS,
        )

    async def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with socket.socket() as probing:
            if probing.connect_ex(("127.0.0.1", self.port)):
                return False
        async with self.client() as client:
            with suppress(httpx.TransportError):
                return (await client.get("/healthz")).status_code == httpx.codes.OK
        return False

    def end(self, number: signal.Signals, *, within_s: float = 10.0) -> int:
        self.process.send_signal(number)
        return self.process.wait(within_s)


@pytest.fixture
def spawn(tmp_path: Path, blank: Path) -> Iterator[Callable[..., Any]]:
    """`await spawn("--no-worker", NAME=value)` runs the command until it answers."""
    shutil.copytree(blank, tmp_path, dirs_exist_ok=True)
    running: list[Process] = []

    async def start(*arguments: str, port: int | None = None, **env: str) -> Process:
        port = port or _free_port()
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("VIRALCLIP_")}
        command = [sys.executable, "-m", "viralclip", "serve", "--port", str(port), *arguments]
        log = tmp_path / f"serve-{len(running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: ASYNC220 - it is quick, and a plain process to kill
                command,
                env={**inherited, "VIRALCLIP_STATE_DIR": str(tmp_path), **env},
                stdout=output,
                stderr=output,
            )
        running.append(Process(process, port, tmp_path, log))
        await _until(running[-1].answers, within_s=180)
        return running[-1]

    yield start
    for each in running:
        each.process.kill()
        each.process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probing:
        return probing.getsockname()[1]
