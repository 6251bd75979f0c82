"""What metrics cost: a scrape with a thousand jobs behind it, and the CPU of a worker's job."""

import asyncio
import signal
import socket
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
import sqlalchemy as sa

from bench.figures import Figure, spread
from bench.rig import BenchError, Job, sample, viralclip
from viralclip.app.request import accept
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.records import JobRecord
from viralclip.channel.opening import open_channel
from viralclip.engine.jobs import Jobs, new_job_id, new_trace_id
from viralclip.engine.opening import open_engine
from viralclip.settings import read_settings
from viralclip.storage.opening import open_storage
from viralclip.workflow_ref import QUEUES

SCRAPE_AT_MOST_MS = 50
CPU_AT_MOST = 1.01
_JOBS, _CLIPS = 1000, 12
_SCRAPES = 100
_ROUNDS = 5
_PATIENCE_S = 300.0
_ACCEPT = "application/openmetrics-text; version=1.0.0"


def measure(folder: Path, *, short: bool) -> list[Figure]:
    return [_scrape(folder, short=short), _cpu(folder, short=short)]


def _scrape(folder: Path, *, short: bool) -> Figure:
    """Of a server whose engine remembers the clips of many jobs, some of which wait."""
    state = folder / "served"
    state.mkdir()
    asyncio.run(_fill(state))
    took: list[float] = []
    with _running(state, "serve", "--no-worker", "--port", str(port := _free_port())):
        address = f"http://127.0.0.1:{port}/metrics"
        series = _scraped(address).count("\n")
        for _ in range(5 if short else _SCRAPES):
            began = time.perf_counter()
            _scraped(address)
            took.append(1000 * (time.perf_counter() - began))
    raw = f"{spread(took, 'ms', digits=1)}, {_JOBS} jobs of {_CLIPS} clips, {series} lines"
    return Figure("GET /metrics, worst", max(took), "ms", raw, SCRAPE_AT_MOST_MS)


async def _fill(state: Path) -> None:
    path = state / "engine.db"
    async with open_engine(f"sqlite:///{path}"):
        pass
    now = int(time.time() * 1000)
    rows = [
        {
            "workflow_uuid": f"{job}.1.1.{clip}",
            "status": "SUCCESS" if job < _JOBS - 10 else "ENQUEUED",
            "queue_name": QUEUES["clip"],
            "name": "clip",
            "created_at": now - job,
            "updated_at": now - job,
            "priority": clip,
        }
        for job in range(_JOBS)
        for clip in range(_CLIPS)
    ]
    table = sa.table("workflow_status", *map(sa.column, rows[0]))
    with sa.create_engine(f"sqlite:///{path}").begin() as db:
        db.execute(sa.insert(table), rows)


def _cpu(folder: Path, *, short: bool) -> Figure:
    """With metrics that are scraped every second, and without, in turns."""
    job = Job(count=1 if short else 3, seconds=2 if short else 6, styles=("center_focus", "split"))
    source = sample(folder)
    on: list[float] = []
    off: list[float] = []
    for turn in range(1 if short else _ROUNDS):
        off.append(_job_cpu_s(job, source, folder / f"off-{turn}", scraped=False))
        on.append(_job_cpu_s(job, source, folder / f"on-{turn}", scraped=True))
    ratio = statistics.median(on) / statistics.median(off)
    raw = f"{spread(on, 's')} / {spread(off, 's')}, CPU of the worker and its FFmpegs"
    return Figure("a job's CPU, metrics on / off", ratio, "", raw, CPU_AT_MOST)


def _job_cpu_s(job: Job, source: Path, state: Path, *, scraped: bool) -> float:
    state.mkdir()
    port = _free_port()
    settings = {"VIRALCLIP_METRICS": f"127.0.0.1:{port}"} if scraped else {}
    address = f"http://127.0.0.1:{port}/metrics" if scraped else None
    with _running(state, "worker", **settings) as process:
        before = _cpu_s(process.pid)
        asyncio.run(_done(job, source, state, address))
        return _cpu_s(process.pid) - before


async def _done(job: Job, source: Path, state: Path, address: str | None) -> None:
    """Have the worker of that state folder do the job."""
    settings = read_settings({"VIRALCLIP_STATE_DIR": str(state)})
    accepted = await accept(job.request(source, state, state / "out"), open_storage)
    async with (
        open_catalog(settings.databases.catalog_url) as catalog,
        open_channel(settings.databases.channel_url) as channel,
        open_engine(settings.databases.service_engine_url) as engine,
    ):
        record = JobRecord(
            job_id=new_job_id(),
            owner="local",
            plan=accepted.plan,
            storage_url=(state / "out").as_uri(),
            engine_url=settings.databases.service_engine_name,
            trace_id=new_trace_id(),
            created_at=datetime.now(UTC),
        )
        await Jobs(catalog=catalog, channel=channel, engine=engine).submit(record)
        async with asyncio.timeout(_PATIENCE_S):
            while (
                found := await catalog.jobs.find(record.job_id)
            ) is None or found.outcome is None:
                await asyncio.sleep(1)
                if address is not None:
                    await asyncio.to_thread(_scraped, address)
    if found.outcome != "succeeded":
        raise BenchError(f"the job {found.outcome}")


@contextmanager
def _running(state: Path, *arguments: str, **settings: str) -> Iterator["subprocess.Popen[str]"]:
    """The command, from when it says that it is ready."""
    process = viralclip(*arguments, state=state, settings=settings)
    assert process.stdout is not None
    try:
        if not any("is at" in line or "Sign-in" in line for line in process.stdout):
            raise BenchError(f"viralclip {arguments[0]} did not start")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _scraped(address: str) -> str:
    request = urllib.request.Request(address, headers={"Accept": _ACCEPT})  # noqa: S310 - http
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        return answer.read().decode()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probing:
        return probing.getsockname()[1]
