"""What a page of a long job costs against one of a short job, in one run.

A request must not cost more as the job grows: a page of clips, one thumbnail, and a page of events
are asked for in a job of 2,600 clips and in one of 26, in turn.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx

from bench.figures import Figure
from bench.parts import open_parts
from viralclip.catalog.records import JobRecord
from viralclip.engine.jobs import outline
from viralclip.events import NewEvent, SceneStarted
from viralclip.plan import Options, StyleChoice, Video, make_plan
from viralclip.scenes import Scene
from viralclip.server.app import create_app
from viralclip.server.identity import LOCAL, NoSignIn
from viralclip.server.parts import ServerParts

SIZES = (26, 2600)
_STYLES = ("split", "original")
_AT = datetime(2026, 1, 1, tzinfo=UTC)
_ASKS = {
    "a page of clips": "/api/jobs/{job}/clips?limit=20",
    "one thumbnail": "/api/jobs/{job}/clips/2/split/thumbnail",
    "a page of events": "/api/jobs/{job}/events?limit=5&after={after}",
}
_ROUNDS = 30
_MOST = 1.5


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """How many times what a request takes in a short job it takes in a long one."""
    figures: list[Figure] = []
    for name, (few, many) in asyncio.run(_measured(folder, 3 if short else _ROUNDS)).items():
        raw = f"{few:.2f} ms of {SIZES[0]}, {many:.2f} ms of {SIZES[1]}"
        figures.append(Figure(f"{name}, long job / short job", many / few, "", raw, _MOST))
    return figures


async def _measured(folder: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """The median milliseconds of each request, in the short job and in the long one."""
    async with open_parts(folder) as parts:
        for size in SIZES:
            await _add(parts, size)
        app = create_app(parts, sign_in=NoSignIn())
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return {name: await _both(client, ask, rounds) for name, ask in _ASKS.items()}


async def _both(client: httpx.AsyncClient, ask: str, rounds: int) -> tuple[float, float]:
    """In turn: what else the machine does meanwhile slows both."""
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    paths = {size: ask.format(job=_name(size), after=await _begun(client, size)) for size in SIZES}
    for _ in range(rounds):
        for size in SIZES:
            times[size].append(await _timed(lambda s=size: client.get(paths[s])))
    short, long = (statistics.median(times[size]) for size in SIZES)
    return short, long


async def _begun(client: httpx.AsyncClient, size: int) -> str:
    """Where the first event of a job ends, which names every clip that is to be made."""
    answer = await client.get(f"/api/jobs/{_name(size)}/events?limit=1")
    return answer.json()["cursor"]


async def _timed(ask: Callable[[], Awaitable[httpx.Response]]) -> float:
    began = time.perf_counter()
    answer = await ask()
    took = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    return took


async def _add(parts: ServerParts, size: int) -> None:
    """A job whose clips are complete; all of them are the same file."""
    job = _job(parts, size)
    backends = parts.backends
    await backends.catalog.jobs.add(job)
    clips = await backends.catalog.clips.of(job.job_id)
    queued = NewEvent(
        job_id=job.job_id, run=1, at=_AT, trace_id="0" * 32, event=outline(job, clips)
    )
    await backends.channel.publish(
        [queued, *(_started(job, scene) for scene in job.plan.scenes[:13])]
    )
    storage = parts.files.open_storage(parts.files.storage_url)
    file = storage.local_path(f"{job.job_id}/clip.jpg")
    assert file is not None
    file.parent.mkdir(parents=True)
    file.write_bytes(b"picture")
    done = {"ending": "complete", "key": "clip.mp4", "thumbnail": f"{job.job_id}/clip.jpg"}
    await backends.catalog.clip_runs.end_all([clip.model_copy(update=done) for clip in clips])


def _started(job: JobRecord, scene: Scene) -> NewEvent:
    event = SceneStarted(
        scene_id=scene.id,
        title=scene.title,
        style_count=len(_STYLES),
        start_sec=scene.start,
        duration_sec=scene.duration,
    )
    return NewEvent(job_id=job.job_id, run=1, at=_AT, trace_id="0" * 32, event=event)


def _name(size: int) -> str:
    return f"job{size}"


def _job(parts: ServerParts, size: int) -> JobRecord:
    video = Video(
        name="talk.mp4",
        path="/media/talk.mp4",
        width=1280,
        height=720,
        duration=20_000.0,
        fps="25",
        has_audio=True,
        identity="video",
    )
    scenes = [
        Scene(id=i, title=f"Scene {i}", start=i * 10.0, end=i * 10.0 + 5)
        for i in range(1, size // len(_STYLES) + 1)
    ]
    return JobRecord(
        job_id=_name(size),
        owner=LOCAL,
        plan=make_plan(video, scenes, [StyleChoice(name=name) for name in _STYLES], Options()),
        storage_url=parts.files.storage_url,
        engine_url=parts.defaults.engine_url,
        prefix=f"{_name(size)}/",
        trace_id="0" * 32,
        created_at=_AT,
    )
