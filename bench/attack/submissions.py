"""Far more submissions than a user may have running."""

import asyncio
import time

from bench.attack.claim import Claim, counted
from bench.attack.server import Server, a_job

_ALLOWED = 20
_CONNECTIONS = 8
_SECONDS = 12.0


async def attack(server: Server, *, short: bool) -> list[Claim]:
    until = time.monotonic() + (1 if short else _SECONDS)
    async with server.client() as client:
        video_id = (await client.get("/api/videos")).json()[0]["video_id"]
        running: list[int] = []
        statuses: list[int] = []

        async def submit() -> None:
            while time.monotonic() < until:
                answer = await client.post("/api/jobs", json=a_job(video_id))
                statuses.append(answer.status_code)

        async def count_running() -> None:
            while True:
                jobs = (await client.get("/api/jobs", params={"limit": 100})).json()["jobs"]
                running.append(sum(each["job"]["outcome"] is None for each in jobs))
                await asyncio.sleep(0.3)

        counting = asyncio.create_task(count_running())
        await asyncio.gather(*(submit() for _ in range(_CONNECTIONS)))
        counting.cancel()
        jobs = (await client.get("/api/jobs", params={"limit": 100})).json()["jobs"]
        for each in jobs:
            if each["job"]["outcome"] is None:
                await client.post(f"/api/jobs/{each['job']['job_id']}/cancel")
    most = max(running, default=0)
    holds = most <= _ALLOWED and set(statuses) <= {201, 429}
    figure = f"{counted(statuses)}; at most {most} running"
    return [Claim("a user has so many jobs running and no more", holds, figure)]
