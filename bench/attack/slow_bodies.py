"""Requests whose bodies do not come, more of them than connections are allowed, without a token,
with one that is made up, and with a user's; and connections that are kept busy with nothing."""

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


def _kinds(server: Server) -> dict[str, tuple[bytes, bytes]]:
    """What is asked first, and what is said every few seconds from then on."""
    made_up = _with_token(_SLOW, "m" * len(server.tokens["mallory"]))
    own = _with_token(_SLOW, server.tokens["mallory"])
    return {
        "bodies that do not come": (_SLOW, b" "),
        "bodies that do not come, with a made-up token": (made_up, b" "),
        "bodies of one user that do not come": (own, b" "),
        # An answer leaves the connection open, and the next request begins on it.
        "bodies that do not come after an answer": (_BUSY + own, b" "),
        "requests for nothing": (_BUSY, _BUSY),
        "live views that are refused": (_LIVE, b"\x8a\x80\0\0\0\0"),
    }


def _with_token(request: bytes, token: str) -> bytes:
    line, _, rest = request.partition(b"\r\n")
    return b"\r\n".join([line, f"Authorization: Bearer {token}".encode(), rest])


async def attack(server: Server, *, short: bool) -> list[Claim]:
    count, seconds = (30, 1.0) if short else (FILES, _SECONDS)
    before_mb = server.megabytes()
    claims = [
        await _hold(server, kind, said, count, seconds) for kind, said in _kinds(server).items()
    ]
    grown = server.megabytes() - before_mb
    return [*claims, Claim("they cost little memory", grown < _MOST_MB, f"{grown:+.0f} MB")]


async def _hold(
    server: Server, kind: str, said: tuple[bytes, bytes], count: int, seconds: float
) -> Claim:
    """So many connections, each of which is made anew when it is ended, say something now and then;
    a signed-in user comes in between."""
    until = time.monotonic() + seconds
    answers: list[float] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(_linger(server, *said, until))
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
