"""Requests of strangers whose bodies do not come, more of them than connections are allowed; and
connections of strangers that are kept busy with nothing."""

import asyncio
import math
import time

import httpx

from bench.attack.claim import Claim
from bench.attack.server import FILES, HOST, UPGRADE, Server

_SLOW = (
    b"POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1000000\r\n\r\n{"
)
_BUSY = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
_SECONDS = 6.0
# Kept-alive connections have five seconds, and live connections need no more than this.
_EVERY_S = 4.0
# This process is busy itself, and the witness is the better clock.
_WITHIN_S = 3.0
_MOST_MB = 150


_LIVE = "\r\n".join(["GET /api/jobs/x/live HTTP/1.1", "Host: localhost", *UPGRADE, "", ""]).encode()
# What is asked first, and what is said every few seconds from then on.
_KINDS = {
    "bodies that do not come": (_SLOW, b" "),
    "requests for nothing": (_BUSY, _BUSY),
    "live views that are refused": (_LIVE, b"\x8a\x80\0\0\0\0"),
}


async def attack(server: Server, *, short: bool) -> list[Claim]:
    count, seconds = (30, 1.0) if short else (FILES, _SECONDS)
    before_mb = server.megabytes()
    claims = [await _hold(server, kind, count, seconds) for kind in _KINDS]
    grown = server.megabytes() - before_mb
    return [*claims, Claim("they cost little memory", grown < _MOST_MB, f"{grown:+.0f} MB")]


async def _hold(server: Server, kind: str, count: int, seconds: float) -> Claim:
    """So many connections, each of which is made anew when it is ended, say something now and then;
    a signed-in user comes in between."""
    until = time.monotonic() + seconds
    answers: list[float] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(_linger(server, *_KINDS[kind], until))
        while time.monotonic() < until:
            answers.append(await _answered(server))
            await asyncio.sleep(0.2)
    late = sum(took > _WITHIN_S for took in answers)
    figure = f"{count} connections, {len(answers)} answers, the slowest in {max(answers):.2f} s"
    return Claim(f"{kind} keep nobody out", late == 0, figure)


async def _answered(server: Server) -> float:
    """Seconds until a user who has just come is answered; infinite if that does not happen."""
    began = time.monotonic()
    try:
        async with server.client("bob") as client:
            (await client.get("/api/me")).raise_for_status()
    except httpx.HTTPError:
        return math.inf
    return time.monotonic() - began


async def _linger(server: Server, first: bytes, again: bytes, until: float) -> None:
    while time.monotonic() < until:
        try:
            _, writer = await asyncio.open_connection(HOST, server.port)
            writer.write(first)
            while time.monotonic() < until:
                await asyncio.sleep(min(_EVERY_S, max(0.0, until - time.monotonic())))
                writer.write(again)
                await writer.drain()
            writer.close()
        except OSError:
            await asyncio.sleep(1)
