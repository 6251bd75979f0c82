"""A server that tells a large job to the real page, as fast as any worker could."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from viralclip.app.serving import config
from viralclip.events import (
    ClipOutline,
    ClipTick,
    Envelope,
    Event,
    JobQueued,
    JobStarted,
    Rendering,
    RenderingDetails,
    SceneOutline,
    SceneStarted,
)
from viralclip.live import TickFrame
from viralclip.progress import Progress, fold
from viralclip.server.feed import BATCH
from viralclip.server.live import LINES
from viralclip.steps import Step

JOB = "0123456789ab"
STYLES = ("original", "split", "left_focus", "center_focus", "right_focus", "streamer")
PAGE = Path(__file__).parent.parent / "viralclip" / "page"
_CURSOR = "bench-1"
_SCENE_S = 30.0


@dataclass
class Replay:
    """A job of `scenes` scenes in all styles whose every clip renders; `beat()` moves them all.

    What `beats` beats say is made beforehand: a worker has its own machine.
    """

    scenes: int
    beats: int
    heard: asyncio.Queue[list[str]] = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self._messages = iter([self._beat(number) for number in range(self.beats)])

    def beat(self) -> None:
        """A tick of every clip, at once: a worker holds them back and sends what has gathered."""
        self.heard.put_nowait(next(self._messages))

    def _beat(self, number: int) -> list[str]:
        """The messages that the real server would put them into."""
        frames = [self._tick(number, *clip) for clip in self.clips()]
        parts = range(0, len(frames), BATCH)
        return ["\n".join(frames[first : first + BATCH]) for first in parts]

    def clips(self) -> Iterator[tuple[int, str]]:
        return ((scene, style) for scene in range(1, self.scenes + 1) for style in STYLES)

    def progress(self) -> Progress:
        said = enumerate(self._history(), 1)
        return fold(JOB, (_envelope(seq, event) for seq, event in said))

    def _history(self) -> Iterator[Event]:
        scenes = range(1, self.scenes + 1)
        yield JobQueued(run=1, scenes=tuple(map(_outline, scenes)))
        yield JobStarted(worker="bench", attempt=1)
        for scene in scenes:
            yield SceneStarted(
                scene_id=scene,
                title=f"Scene {scene}",
                style_count=len(STYLES),
                start_sec=_SCENE_S * scene,
                duration_sec=_SCENE_S,
            )
        for scene, style in self.clips():
            details = RenderingDetails(style=style, encoder="x264")
            yield Rendering(scene_id=scene, style=style, attempt=1, details=details)

    def _tick(self, number: int, scene: int, style: str) -> str:
        tick = ClipTick(
            job_id=JOB,
            scene_id=scene,
            style=style,
            attempt=1,
            step=Step.RENDERING,
            fraction=min(number / 400, 1),
            fps=40.0 + (number + scene) % 20,
            speed=1.5 + (number + scene) % 7 / 10,
            eta_sec=max(100.0 - number / 4, 0),
        )
        return TickFrame(cursor=_CURSOR, tick=tick).model_dump_json()


class _Server(uvicorn.Server):
    """Leaves the signals to the bench."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return contextlib.nullcontext()


@asynccontextmanager
async def serving(app: object) -> AsyncIterator[str]:
    """The address of the job's page while the block runs."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = _Server(config(app))
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/#/jobs/{JOB}"
        server.should_exit = server.force_exit = True


def replaying(replay: Replay) -> Starlette:
    """What the page asks the API about one job, and the job's live view."""
    progress = replay.progress().model_dump(mode="json")
    events = {"kind": "events", "events": [], "progress": progress, "cursor": _CURSOR}
    answers: dict[str, Any] = {
        "/api/me": {"user": "bench", "needs_token": False, "version": "0"},
        f"/api/jobs/{JOB}": {"job": _job(), "progress": progress, "cursor": _CURSOR},
        f"/api/jobs/{JOB}/events": events,
        f"/api/jobs/{JOB}/clips": [],
    }

    async def live(socket: WebSocket) -> None:
        await socket.accept(LINES)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                for message in await replay.heard.get():
                    await socket.send_text(message)

    return Starlette(
        routes=[
            *(Route(path, _answering(body)) for path, body in answers.items()),
            WebSocketRoute(f"/api/jobs/{JOB}/live", live),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ]
    )


def _answering(body: object) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def answer(request: Request) -> JSONResponse:
        del request
        return JSONResponse(body)

    return answer


def _job() -> dict[str, object]:
    return {
        "job_id": JOB,
        "video_id": "bench",
        "video_name": "bench.mp4",
        "aspect": "9:16",
        "preset": "fast",
        "priority": "normal",
        "run": 1,
        "outcome": None,
        "created_at": datetime.now(UTC).isoformat(),
        "finished_at": None,
    }


def _outline(scene: int) -> SceneOutline:
    return SceneOutline(
        scene_id=scene,
        title=f"Scene {scene}",
        start_sec=_SCENE_S * scene,
        duration_sec=_SCENE_S,
        clips=tuple(ClipOutline(style=style) for style in STYLES),
    )


def _envelope(seq: int, event: Event) -> Envelope:
    return Envelope(job_id=JOB, seq=seq, at=datetime.now(UTC), trace_id="0" * 32, event=event)
