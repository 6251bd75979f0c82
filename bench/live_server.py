"""Run as a script: a server of ours, or one of python-socketio, that tells when it is asked to."""

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import socketio
import uvicorn

from bench.parts import open_parts
from viralclip.app.listening import drop_stalled_clients
from viralclip.app.serving import Server, config
from viralclip.catalog.records import JobRecord
from viralclip.events import Envelope, Logged, NewEvent
from viralclip.live import EventFrame
from viralclip.plan import Options, StyleChoice, Video, make_plan
from viralclip.scenes import Scene
from viralclip.server.app import create_app
from viralclip.server.identity import NoSignIn
from viralclip.server.limits import Limits
from viralclip.server.parts import ServerParts

JOB = "bench"
_PADDING = "x" * 60
Tell = Callable[[int], Awaitable[None]]


async def main(kind: str, folder: Path) -> None:
    opened = _ours if kind == "ours" else _socketio
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    drop_stalled_clients(listening, 60)
    async with opened(folder) as (server, path, tell):
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        port = listening.getsockname()[1]
        print(f"ws://127.0.0.1:{port}{path}", flush=True)
        await _obey(tell)
        server.should_exit = True
        await serving


async def _obey(tell: Tell) -> None:
    """Each line asks for so many events, so many a second, or with 0 as fast as they are taken."""
    number = 0
    while line := await asyncio.to_thread(sys.stdin.readline):
        count, rate = map(int, line.split())
        began = time.monotonic_ns()
        for place in range(count):
            if rate:
                due = began / 1e9 + place / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            number += 1
            await tell(number)
        print(json.dumps({"began_ns": began}), flush=True)


def _draft(number: int) -> NewEvent:
    event = Logged(level="info", message=f"{number} {time.monotonic_ns()} {_PADDING}")
    return NewEvent(job_id=JOB, run=1, at=datetime.now(UTC), trace_id="0" * 32, event=event)


@asynccontextmanager
async def _ours(folder: Path) -> AsyncIterator[tuple[uvicorn.Server, str, Tell]]:
    """The application of `viralclip serve`, and a worker's way to speak in the same process."""
    async with open_parts(folder, Limits(viewers_per_user=10_000)) as parts:
        await parts.backends.catalog.jobs.add(_job(parts))

        async def tell(number: int) -> None:
            await parts.backends.channel.publish([_draft(number)])

        server = Server(config(create_app(parts, sign_in=NoSignIn())), parts.backends.feeds)
        yield server, f"/api/jobs/{JOB}/live", tell


@asynccontextmanager
async def _socketio(folder: Path) -> AsyncIterator[tuple[uvicorn.Server, str, Tell]]:  # noqa: ARG001 - it keeps nothing
    """The same frames sent to everybody by python-socketio, on the same server."""
    sio = socketio.AsyncServer(async_mode="asgi")

    async def tell(number: int) -> None:
        envelope = Envelope.model_validate(_draft(number).numbered(number), from_attributes=True)
        frame = EventFrame(cursor=f"{JOB}-{number}", envelope=envelope)
        await sio.emit("frame", frame.model_dump(mode="json"))

    server = uvicorn.Server(config(socketio.ASGIApp(sio)))
    yield server, "/socket.io/?EIO=4&transport=websocket", tell


def _job(parts: ServerParts) -> JobRecord:
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
        job_id=JOB,
        owner="local",
        plan=make_plan(video, scenes, [StyleChoice(name="original")], Options()),
        storage_url=parts.files.storage_url,
        engine_url=parts.defaults.engine_url,
        trace_id="0" * 32,
        created_at=datetime.now(UTC),
    )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
