"""One user's downloads that hardly move, more of them than connections are allowed."""

import asyncio

from bench.attack.claim import Claim, counted
from bench.attack.pictures import marked
from bench.attack.server import FILES, HOST, Server, status_of

_SECONDS = 4.0
_AT_ONCE = 16
_SPARE_BYTES = 40_000_000
# Of the connections that there are, half are kept free for others.
_MOST = FILES // 4


async def attack(server: Server, *, short: bool) -> list[Claim]:
    """The user opens a large file of a media root and asks for it again and again."""
    count, seconds = (30, 0.5) if short else (FILES, _SECONDS)
    video_id = await _large(server)
    head = f"GET /api/videos/{video_id}/content HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Authorization: {server.headers('mallory')['Authorization']}\r\n\r\n"
    gate = asyncio.Semaphore(_AT_ONCE)
    readers = await asyncio.gather(*(_begin(server, head.encode(), gate) for _ in range(count)))
    await asyncio.sleep(seconds)
    statuses = [status for status, _ in readers]
    served = statuses.count(200)
    for _, writer in readers:
        writer.close()
    figure = f"{count} asked for: {counted(statuses)}"
    return [Claim("one user's downloads do not take all connections", served <= _MOST, figure)]


async def _large(server: Server) -> str:
    """A video with so much behind it that no decoder asks for."""
    large = server.root / "large.mp4"
    large.write_bytes(marked(server.root / "small.mp4", bytes(_SPARE_BYTES)))
    async with server.client() as client:
        answer = await client.post("/api/videos/files", params={"path": large.name})
    return answer.raise_for_status().json()["video_id"]


async def _begin(
    server: Server, request: bytes, gate: asyncio.Semaphore
) -> tuple[int, asyncio.StreamWriter]:
    """The status of the answer, of which no more is read."""
    async with gate:
        reader, writer = await asyncio.open_connection(HOST, server.port, limit=1024)
        writer.write(request)
        try:
            async with asyncio.timeout(20):
                return status_of(await reader.readline()), writer
        except (TimeoutError, OSError):
            return 0, writer
