"""Requests whose bodies do not come, more of them than connections are allowed, without a token,
with one that is made up, and with a user's; and connections that are kept busy with nothing."""

import asyncio
import time

from bench.attack.bystander import kept_out
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
    claims: list[Claim] = []
    for kind, said in _kinds(server).items():
        until = time.monotonic() + seconds
        lingering = [_linger(server, *said, until) for _ in range(count)]
        claims.append(await kept_out(server, kind, lingering, until))
    grown = server.megabytes() - before_mb
    return [*claims, Claim("they cost little memory", grown < _MOST_MB, f"{grown:+.0f} MB")]


async def _linger(server: Server, first: bytes, again: bytes, until: float) -> None:
    """A connection that says something now and then, and is made anew when it is ended."""
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
