"""Servers that die, freeze and come back in the middle of a job: nothing is lost or made twice."""

import asyncio
from pathlib import Path

import pytest
from fleet import Fleet, check
from services import make_postgres, make_redis

pytestmark = pytest.mark.timeout(240)

_PAUSE_S = 10.0


async def test_a_server_killed_while_workers_render(fleet: Fleet, submit):
    server, _ = await asyncio.gather(fleet.serve(), fleet.worker("w1"))
    job = await submit((0, 6), (6, 12))
    await job.rendering()
    server.kill()
    await fleet.serve()
    await job.ends()

    await check(job)


@pytest.mark.parametrize(
    "writing", [("--appendonly", "yes", "--appendfsync", "everysec"), ()], ids=["aof", "nothing"]
)
async def test_a_redis_that_is_killed(
    fleet: Fleet, submit, server_folder: Path, writing: tuple[str, ...]
):
    """What it had not written to its disk is told again by who said it."""
    with make_redis(server_folder, *writing) as fleet.redis:
        await asyncio.gather(fleet.serve(), fleet.worker("w1"))
        job = await submit((0, 6), (6, 12))
        await job.rendering()
        fleet.redis.kill()
        fleet.redis.start()
        await job.ends()

        assert writing or job.viewer.resets
        await check(job, lossless=False)


async def test_a_redis_that_answers_nobody_for_ten_seconds(
    fleet: Fleet, submit, server_folder: Path
):
    with make_redis(server_folder) as fleet.redis:
        await asyncio.gather(fleet.serve(), fleet.worker("w1"))
        job = await submit((0, 3), (3, 9), (9, 15))
        await job.rendering()
        fleet.redis.freeze()
        await asyncio.sleep(_PAUSE_S)
        fleet.redis.wake()
        await job.ends()

        await check(job)


async def test_a_postgres_that_is_restarted(fleet: Fleet, submit, server_folder: Path):
    with make_postgres(server_folder) as fleet.postgres:
        fleet.database = fleet.postgres.create_database()
        await asyncio.gather(fleet.serve(), fleet.worker("w1"))
        job = await submit((0, 6), (6, 12), (12, 18))
        await job.rendering()
        fleet.postgres.restart()
        await job.ends()

        await check(job)
