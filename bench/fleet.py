"""What a fleet costs and gains: Redis, PostgreSQL, and workers in processes of their own."""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import psycopg
from redis.asyncio import Redis

from bench.figures import Figure, spread
from bench.rig import BenchError, ffmpeg, viralclip
from viralclip.channel.opening import open_channel
from viralclip.channel.port import ProgressChannel
from viralclip.cli.sample import make_sample
from viralclip.events import Logged, NewEvent
from viralclip.geometry import Size

# The tests know how to start servers and fleets.
sys.path.append(str(Path(__file__).parent.parent / "tests"))

if TYPE_CHECKING:
    from fleet import Fleet

_EVENTS = 5000
_BATCH = 20
_ROUNDS = 3
_CLIP_S = 4
_CLIPS = 32
_WORKERS = (1, 2, 4)
_IDLE_S = 20
_JOBS = 30
_LOOK_S = 0.05
_WEIGHED = 8


def measure(folder: Path, *, short: bool) -> list[Figure]:
    from services import make_postgres, make_redis  # noqa: PLC0415 - see above

    places = [folder / name for name in ("redis", "postgres")]
    for place in places:
        place.mkdir()
    folder.chmod(0o755)
    folder.parent.chmod(0o755)
    with make_redis(places[0]) as redis, make_postgres(places[1]) as postgres:
        return asyncio.run(_measure(folder, redis, postgres, short=short))


async def _measure(folder: Path, redis: Any, postgres: Any, *, short: bool) -> list[Figure]:
    video = make_sample(ffmpeg(), folder / "small.mp4", seconds=60, size=Size(320, 180))
    figures = await _publishing(redis.url, rounds=1 if short else _ROUNDS)

    @asynccontextmanager
    async def fleet(name: str) -> AsyncIterator["Fleet"]:
        from fleet import Fleet  # noqa: PLC0415 - see above

        place = folder / name
        place.mkdir()
        opened = Fleet(place, video, ffmpeg(), redis, postgres, postgres.create_database())
        try:
            yield opened
        finally:
            opened.end()

    figures += await _scaling(fleet, clips=8 if short else _CLIPS)
    async with fleet("idle") as opened:
        figures += await _idling(opened, seconds=3 if short else _IDLE_S)
    async with fleet("latency") as opened:
        await opened.serve()
        figures += _connections(opened, "a server")
        await opened.worker("w1")
        figures += await _latency(opened.address, video, "a fleet", jobs=3 if short else _JOBS)
        figures += await _weights(opened)
    return [*figures, *await _embedded(folder, video, jobs=3 if short else _JOBS)]


async def _publishing(url: str, *, rounds: int) -> list[Figure]:
    figures: list[Figure] = []
    async with open_channel(url) as channel, Redis.from_url(url) as raw:
        for batch in (1, _BATCH):
            ours = [await _publish(channel, f"job-{batch}-{n}", batch) for n in range(rounds)]
            bare = [await _xadd(raw, f"raw-{batch}-{n}", batch) for n in range(rounds)]
            rates = [[_EVENTS / seconds for seconds in each] for each in (ours, bare)]
            ratio = statistics.median(rates[0]) / statistics.median(rates[1])
            raw_words = " / ".join(spread(each, "per s", digits=0) for each in rates)
            what = f"events published / raw XADD, {batch} at a time"
            figures.append(Figure(what, ratio, "", raw_words, at_least=0.8))
    return figures


async def _publish(channel: ProgressChannel, job_id: str, batch: int) -> float:
    drafts = [_draft(job_id, number) for number in range(_EVENTS)]
    began = time.perf_counter()
    for place in range(0, _EVENTS, batch):
        await channel.publish(drafts[place : place + batch])
    return time.perf_counter() - began


async def _xadd(redis: Redis, stream: str, batch: int) -> float:
    """The same bodies, made and sent with nothing around them; a batch is one pipeline."""
    drafts = [_draft(stream, number) for number in range(_EVENTS)]
    began = time.perf_counter()
    for place in range(0, _EVENTS, batch):
        async with redis.pipeline(transaction=False) as pipeline:
            for draft in drafts[place : place + batch]:
                pipeline.xadd(stream, {"e": draft.model_dump_json()})
            await pipeline.execute()
    return time.perf_counter() - began


async def _scaling(fleet: Any, *, clips: int) -> list[Figure]:
    """Clips that take as long as they last and little of the CPU, made by more and more workers."""
    rates: dict[int, float] = {}
    for count in _WORKERS:
        async with fleet(f"{count}-workers") as opened:
            await asyncio.gather(opened.serve(), *(opened.worker(f"w{n}") for n in range(count)))
            spans = [(float(n), float(n + _CLIP_S)) for n in range(clips)]
            began = time.perf_counter()
            job_id = await opened.submit(*spans)
            await _ends(opened.address, job_id)
            rates[count] = 60 * clips / (time.perf_counter() - began)
    return [
        Figure(
            f"clips per minute, {count} workers / 1",
            rates[count] / rates[1],
            "",
            f"{rates[count]:.0f} / {rates[1]:.0f} per minute, {clips} clips of {_CLIP_S} s",
            at_least=0.8 * count,
        )
        for count in _WORKERS[1:]
    ]


async def _idling(fleet: "Fleet", *, seconds: int) -> list[Figure]:
    worker = await fleet.worker("w1")
    await asyncio.sleep(3)  # what it does once at its start is no idling
    process = psutil.Process(worker.popen.pid)
    before = _spent(process, fleet)
    await asyncio.sleep(seconds)
    after = _spent(process, fleet)
    connections = _connections(fleet, "a worker")
    cpu, queries, commands = (b - a for a, b in zip(before, after, strict=True))
    raw = f"{seconds} s"
    return [
        Figure("CPU of an idle worker", 100 * cpu / seconds, "% of a core", raw),
        Figure("PostgreSQL transactions of an idle worker", queries / seconds, "per s", raw),
        Figure("Redis commands of an idle worker", commands / seconds, "per s", raw),
        *connections,
    ]


def _connections(fleet: "Fleet", whose: str) -> list[Figure]:
    """Those that are open, less the asking ones."""
    with psycopg.connect(fleet.database, autocommit=True) as db:
        query = "select count(*) from pg_stat_activity where datname = current_database()"
        (database,) = db.execute(query).fetchone() or (0,)
    with fleet.redis.client() as client:
        redis = len(client.client_list())
    return [
        Figure(f"PostgreSQL connections of {whose}", database - 1, "", "while nothing happens"),
        Figure(f"Redis connections of {whose}", redis - 1, "", "while nothing happens"),
    ]


async def _weights(fleet: "Fleet") -> list[Figure]:
    """What the history of a clip of ten seconds takes: static style, made as fast as it lasts."""
    job_id = await fleet.submit(*((float(n), n + 10.0) for n in range(_WEIGHED)))
    await _ends(fleet.address, job_id)
    history = await fleet.history(job_id)
    sizes = [len(envelope.model_dump_json()) for envelope in history]
    with fleet.redis.client() as client:
        keys = list(client.scan_iter(match=f"*{job_id}*"))
        kept = sum(int(client.memory_usage(key) or 0) for key in keys)
    raw = f"a job of {_WEIGHED} clips"
    return [
        Figure("events of a clip", len(history) / _WEIGHED, "", raw),
        Figure("bytes of an event", statistics.mean(sizes), "B", raw),
        Figure("Redis memory of a clip", kept / _WEIGHED, "B", f"{raw}, {len(keys)} keys"),
    ]


def _spent(process: psutil.Process, fleet: "Fleet") -> tuple[float, int, int]:
    """Its CPU seconds, and what the servers have done, less the asking."""
    times = process.cpu_times()
    with psycopg.connect(fleet.database, autocommit=True) as db:
        db.execute("select pg_stat_force_next_flush()")
        query = (
            "select xact_commit + xact_rollback from pg_stat_database"
            " where datname = current_database()"
        )
        (queries,) = db.execute(query).fetchone() or (0,)
    with fleet.redis.client() as client:
        commands = int(client.info("stats")["total_commands_processed"])
    return times.user + times.system, queries - 3, commands - 2


async def _embedded(folder: Path, video: Path, *, jobs: int) -> list[Figure]:
    """`viralclip serve`: server and worker in one process, on SQLite."""
    from services import free_port  # noqa: PLC0415 - see above

    port = str(free_port())
    roots = {"VIRALCLIP_MEDIA_ROOTS": str(video.parent)}
    process = viralclip("serve", "--port", port, state=folder / "one", settings=roots)
    try:
        assert process.stdout
        while "viralclip is at" not in (line := await asyncio.to_thread(process.stdout.readline)):
            if not line:
                raise BenchError("viralclip serve has ended")
        return await _latency(f"127.0.0.1:{port}", video, "one process", jobs=jobs)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


async def _latency(address: str, video: Path, mode: str, *, jobs: int) -> list[Figure]:
    """From a job's being accepted until its clip is begun, where nothing else is to be done."""
    waits: list[float] = []
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as client:
        for number in range(jobs):
            request = {
                "source": {"path": str(video)},
                "scenes": [{"title": f"{number}", "start": number, "end": number + 0.5}],
                "styles": ["original"],
                "preset": "fast",
            }
            answer = await client.post("/api/jobs", json=request)
            answer.raise_for_status()
            job_id = answer.json()["job_id"]
            await _ends(address, job_id)
            history = (await client.get(f"/api/jobs/{job_id}/history")).json()["events"]
            at = {e["event"].get("step", e["event"]["type"]): e["at"] for e in reversed(history)}
            waits.append(1000 * (_time(at["extracting_segment"]) - _time(at["job_queued"])))
    cuts = statistics.quantiles(waits, n=100, method="inclusive")
    raw = spread(waits, "ms", digits=0)
    return [
        Figure(f"accepted to begun in {mode}, p50", cuts[49], "ms", raw),
        Figure(f"accepted to begun in {mode}, p99", cuts[98], "ms", raw),
    ]


async def _ends(address: str, job_id: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=60) as client:
        while True:
            answer = (await client.get(f"/api/jobs/{job_id}")).json()
            if outcome := answer["progress"]["outcome"]:
                break
            await asyncio.sleep(_LOOK_S)
    if outcome != "succeeded":
        raise BenchError(f"the job has {outcome}")


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _draft(job_id: str, number: int) -> NewEvent:
    event = Logged(level="info", message=f"Something happened for the {number}th time")
    return NewEvent(job_id=job_id, run=1, at=datetime.now(UTC), trace_id="0" * 32, event=event)
