"""A busy day in minutes: more clips than can be made, and workers that die, leave, freeze, and
have no room.

`make soak` runs it; for how many minutes is in SOAK_MINUTES, and without that it is left out.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import psutil
import psycopg
import pytest
from fleet import Fleet, Job, Process, Viewer, check, full

_MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
_WORKERS = 3
# Clips that wait for each one that can be made at once.
_OVERLOAD = 4
_SLOTS = 2 * _WORKERS
# One less than a user may have at once.
_MOST_JOBS = 19
_CLIP_S = 1.0
_BETWEEN_HARMS_S = (5.0, 15.0)
_FROZEN_S = 8.0
_FULL_S = 8.0
# Room for the clips that a worker makes at once, and little enough to be filled in no time.
_DISK_KB = 64 * 1024
_REST_S = 300.0
_GROWTH = 1.25
# What a process may hold at most, however long it has been at work; the channel has two pools.
_CONNECTIONS = 16
_REDIS_CLIENTS = 16 + 8

pytestmark = [
    pytest.mark.skipif(not _MINUTES, reason="SOAK_MINUTES is not set; `make soak` sets it"),
    pytest.mark.timeout(_MINUTES * 60 + 1200),
]


@dataclass(frozen=True)
class Held:
    """What the service holds at a moment."""

    connections: int
    redis_clients: int
    server_mb: float

    def __str__(self) -> str:
        mb = f"{self.server_mb:.0f} MB in the server"
        return f"{self.connections} database and {self.redis_clients} Redis connections, {mb}"


@dataclass
class Soak:
    """The fleet under load, and what was done to it."""

    fleet: Fleet
    server: Process
    chance: random.Random
    until: float
    workers: dict[str, Process] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    clips: list[int] = field(default_factory=list)
    harms: Counter[str] = field(default_factory=Counter[str])

    @property
    def goes_on(self) -> bool:
        return time.monotonic() < self.until

    async def work(self, name: str) -> None:
        self.workers[name] = await self.fleet.worker(name, VIRALCLIP_FFMPEG=str(self.fleet.ffmpeg))

    async def submit(self) -> None:
        """Keep so many clips waiting that the workers are never done."""
        while self.goes_on:
            made = [job.watching.done() for job in self.jobs]
            unmade = [clips for clips, done in zip(self.clips, made, strict=True) if not done]
            if sum(unmade) < (_OVERLOAD + 1) * _SLOTS and len(unmade) < _MOST_JOBS:
                await self._submit_one()
            else:
                await asyncio.sleep(0.2)

    async def _submit_one(self) -> None:
        starts = [self.chance.uniform(0, 200) for _ in range(self.chance.randint(1, 3))]
        spans = [(start, start + _CLIP_S) for start in starts]
        job_id = await self.fleet.submit(*spans, priority=self.chance.choice(_PRIORITIES))
        viewer = Viewer(self.fleet.address, job_id)
        watching = asyncio.create_task(viewer.watch())
        self.jobs.append(Job(self.fleet, job_id, viewer, watching))
        self.clips.append(len(spans))

    async def harm(self) -> None:
        """Every few seconds something happens to a worker; its machine starts it again."""
        while self.goes_on:
            await asyncio.sleep(self.chance.uniform(*_BETWEEN_HARMS_S))
            name = self.chance.choice(list(self.workers))
            what = self.chance.choice(list(_HARMS))
            self.harms[what] += 1
            await _HARMS[what](self, name)

    async def kill(self, name: str) -> None:
        self.workers[name].kill()
        await self.work(name)

    async def stop(self, name: str) -> None:
        await self.workers[name].stop()
        await self.work(name)

    async def freeze(self, name: str) -> None:
        self.workers[name].freeze()
        await asyncio.sleep(_FROZEN_S)
        self.workers[name].wake()

    async def fill(self, name: str) -> None:
        """The disk of its state is full for a while."""
        with full(self.fleet.folder / name):
            await asyncio.sleep(_FULL_S)

    def held(self) -> Held:
        with psycopg.connect(self.fleet.database, autocommit=True) as db:
            count = "select count(*) from pg_stat_activity where datname = current_database()"
            (connections,) = db.execute(count).fetchone() or (0,)
        with self.fleet.redis.client() as client:
            clients = len(client.client_list())
        # The process is the leash's child as well as ours.
        processes = [psutil.Process(self.server.popen.pid)]
        processes += processes[0].children(recursive=True)
        server_mb = sum(process.memory_info().rss for process in processes) / 1e6
        return Held(connections, clients, server_mb)

    def unended(self) -> int:
        """Workflows that are neither done nor given up."""
        with psycopg.connect(self.fleet.database, autocommit=True) as db:
            query = (
                "select count(*) from dbos.workflow_status where status in ('PENDING', 'ENQUEUED')"
            )
            (count,) = db.execute(query).fetchone() or (0,)
        return count


_PRIORITIES = ("urgent", "normal", "normal", "low")
_HARMS: dict[str, Callable[[Soak, str], Awaitable[None]]] = {
    "kill": Soak.kill,
    "stop": Soak.stop,
    "freeze": Soak.freeze,
    "fill": Soak.fill,
}


async def test_nothing_is_lost_stuck_or_left_behind(fleet: Fleet, small_disk):
    names = [f"w{number}" for number in range(_WORKERS)]
    for name in names:
        small_disk(fleet.folder / name, _DISK_KB)
    server = await fleet.serve()
    seed = random.SystemRandom().randrange(10**6)
    chance = random.Random(seed)  # noqa: S311 - so that a bad day can be had again
    soak = Soak(fleet, server, chance, time.monotonic() + _MINUTES * 60)
    _say(f"seed {seed}")
    await asyncio.gather(*(soak.work(name) for name in names))
    submitting = asyncio.create_task(soak.submit())
    harming = asyncio.create_task(soak.harm())
    await asyncio.sleep(_MINUTES * 60 / 4)
    early = soak.held()
    await asyncio.gather(submitting, harming)
    async with asyncio.timeout(_REST_S):
        await asyncio.gather(*(job.watching for job in soak.jobs))
    late = soak.held()
    failures: Counter[str] = Counter()
    for job in soak.jobs:
        clips_of = [clip for scene in job.viewer.progress.scenes for clip in scene.clips]
        failed = [clip.failure.code for clip in clips_of if clip.failure]
        failures.update(failed)
        await check(job, failed=len(failed))
    clips = sum(job.viewer.progress.clips_total for job in soak.jobs)
    _say(f"{len(soak.jobs)} jobs, {clips} clips, {dict(soak.harms)}, failed: {dict(failures)}")
    _say(f"at a quarter: {early}\nat the end:   {late}")

    # Who was killed three times in a row is given up, by chance, and rightly.
    assert failures["worker_crashed"] <= clips / 50
    # Clips come to a worker that has no room as they do to others, and fail there.
    assert failures["disk_full"] <= clips / 5
    assert set(failures) <= {"worker_crashed", "disk_full"}
    assert soak.unended() == 0
    assert fleet.ffmpegs() == []
    assert late.connections <= _CONNECTIONS * (_WORKERS + 1)
    assert late.redis_clients <= _REDIS_CLIENTS * (_WORKERS + 1)
    assert late.server_mb <= early.server_mb * _GROWTH


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
