"""A viewer that never reads costs little, disturbs nobody, and is left in the end."""

import asyncio
import base64
import os
import signal
import socket
import statistics
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import psutil
from peers.viewer import frames_of
from websockets.asyncio.client import ClientConnection, connect

from viralclip.catalog.opening import open_catalog
from viralclip.catalog.records import JobRecord
from viralclip.channel.opening import open_channel
from viralclip.channel.port import ProgressChannel
from viralclip.events import ClipTick, JobTick, Logged, NewEvent
from viralclip.live import EventFrame, Frame, Reset, Snapshot
from viralclip.plan import Options, StyleChoice, Video, make_plan
from viralclip.scenes import Scene
from viralclip.steps import Step

STUCK = 20
EVENTS = 3000
_AT_ONCE = 20
_TEXT = "x" * 900


def note(number: int) -> NewEvent:
    return NewEvent(
        job_id="job",
        run=1,
        at=datetime(2025, 1, 1, tzinfo=UTC),
        trace_id="trace",
        event=Logged(level="info", message=f"{number} {_TEXT}"),
    )


def ticks(number: int) -> list[ClipTick | JobTick]:
    return [
        ClipTick(
            job_id="job",
            scene_id=scene,
            style="original",
            attempt=1,
            step=Step.RENDERING,
            fraction=number / EVENTS,
        )
        for scene in (1, 2)
    ]


async def tell(channel: ProgressChannel, numbers: range = range(1, EVENTS + 1)) -> None:
    for first in numbers[::_AT_ONCE]:
        await channel.publish([note(number) for number in range(first, first + _AT_ONCE)])
        await channel.tick(ticks(first))


def never_reading(port: int, path: str) -> socket.socket:
    """A viewer whose handshake is complete, and that reads nothing after it."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(10)
    sock.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
    ]
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = sock.recv(64)
    assert answer.startswith(b"HTTP/1.1 101"), answer
    return sock


def never_streaming(port: int, path: str) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(10)
    sock.connect(("127.0.0.1", port))
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: text/event-stream"]
    sock.sendall("\r\n".join([*lines, "", ""]).encode())
    assert sock.recv(12) == b"HTTP/1.1 200"
    return sock


async def stuck_viewers(stack: AsyncExitStack, port: int, count: int) -> None:
    """Half of them by WebSocket, half by event stream."""
    for number in range(count):
        open_one, where = (never_reading, "live") if number % 2 else (never_streaming, "events")
        path = f"/api/jobs/job/{where}"
        stack.enter_context(await asyncio.to_thread(open_one, port, path))


async def latencies(served, watching, numbers: range) -> list[float]:
    """Seconds from publishing to a viewer's having it, one event after the other."""
    took = []
    for number in numbers:
        began = time.perf_counter()
        await served.channel.publish([note(number)])
        while f'"message":"{number} ' not in await watching.recv():
            pass
        took.append(time.perf_counter() - began)
    return took


async def test_viewers_that_never_read_do_not_delay_the_others(served):
    await served.add("job")
    async with (
        AsyncExitStack() as stack,
        connect(served.live("job"), proxy=None, compression=None) as watching,
    ):
        await watching.recv()
        before = await latencies(served, watching, range(1, 101))
        await stuck_viewers(stack, served.port, STUCK)
        # What fills up all that is kept for a viewer, on its way and here.
        await told_and_heard(served.channel, watching, range(101, 1101))
        after = await latencies(served, watching, range(1101, 1201))

    assert statistics.median(after) < 5 * statistics.median(before)


async def test_a_viewer_that_never_reads_is_left(serve, until):
    served = await serve(send_timeout_s=1.0)
    await served.add("job")
    async with AsyncExitStack() as stack:
        await stuck_viewers(stack, served.port, 2)
        assert len(served.connections) == 2
        await tell(served.channel)

        await until(lambda: not served.connections, within_s=30)
        assert not served.backends.feeds._feeds


async def test_viewers_that_never_read_cost_less_than_a_megabyte_each(spawn, until):
    process = await spawn("--no-worker")
    async with AsyncExitStack() as stack:
        channel = await recorded_in(process, stack)
        address = f"ws://{process.address}/api/jobs/job/live"
        watching = await stack.enter_async_context(connect(address, proxy=None, compression=None))
        await watching.recv()
        await told_and_heard(channel, watching, range(1, EVENTS + 1))
        before = psutil.Process(process.process.pid).memory_info().rss
        await stuck_viewers(stack, process.port, STUCK)
        await told_and_heard(channel, watching, range(EVENTS + 1, 2 * EVENTS + 1))
        after = psutil.Process(process.process.pid).memory_info().rss

    assert (after - before) / STUCK < 1_000_000


async def told_and_heard(channel: ProgressChannel, watching, numbers: range) -> None:
    """Tell while somebody reads along, to the last; on a busy machine it may be told anew."""
    async with asyncio.timeout(300), asyncio.TaskGroup() as group:
        group.create_task(tell(channel, numbers))
        async for frame in frames_of(watching):
            if last_heard(frame) >= numbers[-1]:
                break


def last_heard(frame: Frame) -> int:
    """The number of the event that a frame brings, or that its whole state stands at."""
    match frame:
        case EventFrame(envelope=envelope):
            return envelope.seq
        case Snapshot(progress=progress) | Reset(progress=progress):
            return progress.seq
    return 0


async def recorded_in(process, stack: AsyncExitStack) -> ProgressChannel:
    """The channel of a server that knows one job."""
    catalog = await stack.enter_async_context(open_catalog(f"sqlite:///{process.state}/catalog.db"))
    await catalog.jobs.add(idle_job(process.state))
    url = f"sqlite:///{process.state}/events.db"
    return await stack.enter_async_context(open_channel(url))


def idle_job(state: Path) -> JobRecord:
    video = Video(
        name="talk.mp4",
        path="talk.mp4",
        width=1280,
        height=720,
        duration=60,
        fps="25/1",
        has_audio=True,
        identity="video",
    )
    scenes = (Scene(id=1, title="Scene", start=0, end=2),)
    return JobRecord(
        job_id="job",
        owner="local",
        plan=make_plan(video, scenes, [StyleChoice(name="original")], Options()),
        storage_url=(state / "clips").as_uri(),
        engine_url=f"sqlite:///{state}/engine.db",
        trace_id="0" * 32,
        created_at=datetime.now(UTC),
    )


async def test_a_server_that_is_told_to_stop_does_not_wait_for_its_viewers(spawn):
    process = await spawn("--no-worker")
    async with AsyncExitStack() as stack:
        await recorded_in(process, stack)
        address = f"ws://{process.address}/api/jobs/job/live"
        sockets = [
            await stack.enter_async_context(connect(address, proxy=None)) for _ in range(STUCK)
        ]
        client = await stack.enter_async_context(process.client())
        headers = {"Accept": "text/event-stream"}
        streams = [
            await stack.enter_async_context(
                client.stream("GET", "/api/jobs/job/events", headers=headers)
            )
            for _ in range(STUCK)
        ]
        await stuck_viewers(stack, process.port, 2)
        began = time.monotonic()
        code = await asyncio.to_thread(process.end, signal.SIGTERM, within_s=60)
        took = time.monotonic() - began
        closed = [await last_of(socket) for socket in sockets]

        assert code in (0, -signal.SIGTERM)
        assert took < 10  # with a busy machine allowed for; the grace itself is 3 s
        assert closed == [1012] * STUCK
        for stream in streams:
            await stream.aread()  # came to a proper end: a cut stream would raise


async def last_of(socket: ClientConnection) -> int | None:
    """The code that a socket is closed with, after all that was sent on it."""
    await socket.wait_closed()
    return socket.close_code
