"""Many messages to a receiver that never answers, while another user waits for one."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from bench.attack.claim import Claim, counted
from bench.attack.server import HOST, Server

_COUNT = 120
_WITHIN_S = 5.0


async def attack(server: Server, *, short: bool) -> list[Claim]:
    came = asyncio.Event()
    async with (
        _receiver(asyncio.Event()) as silent,
        _receiver(came) as listening,
        server.client("mallory") as mallory,
        server.client("bob") as bob,
    ):
        theirs, own = await _webhook(mallory, silent), await _webhook(bob, listening)
        pings = [await _ping(mallory, theirs) for _ in range(10 if short else _COUNT)]
        await asyncio.sleep(0 if short else 2)
        began = time.monotonic()
        await _ping(bob, own)
        try:
            async with asyncio.timeout(60):
                await came.wait()
        except TimeoutError:
            pass
        took = time.monotonic() - began
        await mallory.delete(f"/api/webhooks/{theirs}")
        await bob.delete(f"/api/webhooks/{own}")
    figure = f"came in {took:.1f} s; pings: {counted(pings)}"
    holds = came.is_set() and took < _WITHIN_S
    return [Claim("another user's message does not wait", holds, figure)]


async def _webhook(client: httpx.AsyncClient, url: str) -> str:
    answer = await client.post("/api/webhooks", json={"url": url})
    return answer.raise_for_status().json()["webhook_id"]


async def _ping(client: httpx.AsyncClient, webhook_id: str) -> int:
    return (await client.post(f"/api/webhooks/{webhook_id}/ping")).status_code


@asynccontextmanager
async def _receiver(came: asyncio.Event) -> AsyncIterator[str]:
    """An address that takes messages and answers none."""
    writers: list[asyncio.StreamWriter] = []

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        came.set()

    server = await asyncio.start_server(take, HOST, 0)
    try:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}/"
    finally:
        for writer in writers:
            writer.close()
        server.close()
