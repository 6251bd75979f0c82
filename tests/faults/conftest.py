"""A fleet for each test, which may break anything of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from fleet import Fleet, Job, Viewer
from services import PostgresServer, RedisServer

from viralclip.progress import Progress


@pytest.fixture
def fleet(
    tmp_path: Path,
    ffmpeg: Path,
    source: Callable[[str], Path],
    redis_server: RedisServer,
    redis_url: str,
    postgres_server: PostgresServer,
    postgres_url: str,
) -> Iterator[Fleet]:
    video = source("five_minutes")
    fleet = Fleet(tmp_path, video, ffmpeg, redis_server, postgres_server, postgres_url)
    yield fleet
    fleet.end()


@pytest.fixture
async def submit(fleet: Fleet) -> AsyncIterator[Callable[..., Awaitable[Job]]]:
    """Submits a job that is watched from then on."""
    watching: list[asyncio.Task[Progress]] = []

    async def submit(*spans: tuple[float, float], styles: tuple[str, ...] = ("original",)) -> Job:
        job_id = await fleet.submit(*(spans or [(0, 3), (3, 6)]), styles=styles)
        viewer = Viewer(fleet.address, job_id)
        task = asyncio.create_task(viewer.watch())
        watching.append(task)
        return Job(fleet, job_id, viewer, task)

    yield submit
    for task in watching:
        task.cancel()
    if watching:
        await asyncio.wait(watching)
