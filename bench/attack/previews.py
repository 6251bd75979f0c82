"""Many previews of framings at once: each looks for faces in a scene."""

import asyncio
import time

from bench.attack.claim import Claim, counted
from bench.attack.server import Server

_SECONDS = 5.0


async def attack(server: Server, *, short: bool) -> list[Claim]:
    """Some have ended after a while; whoever asked leaves without waiting for the rest."""
    count, seconds = (2, 3.0) if short else (12, _SECONDS)
    statuses: list[int | str] = []
    async with server.client("mallory") as client:
        video_id = (await client.get("/api/videos")).json()[0]["video_id"]

        async def look(number: int) -> None:
            ask = {"start": number / 100, "end": 2, "style": "intelligent_motion"}
            answer = await client.get(f"/api/videos/{video_id}/framing", params=ask)
            statuses.append(answer.status_code)

        tasks = [asyncio.create_task(look(number)) for number in range(count)]
        await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        began = time.monotonic()
        await client.get("/api/me")
    left = count - len(statuses)
    figure = f"{counted(statuses) or 'none'} in {seconds:.0f} s, {left} left unanswered"
    good = all(status in (200, 429, 503) for status in statuses)
    return [Claim("previews wait for their turn", good and time.monotonic() - began < 1, figure)]
