"""Connections that never finish saying what they want: heads that stop, and heads that trickle."""

import asyncio
import time

from bench.attack.claim import Claim
from bench.attack.server import FILES, HOST, Server

_HALF = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nX-a: b\r\n"
_DROP = b"x"
# A head has ten seconds; a busy machine may be late.
_GONE_WITHIN_S = 15.0
_MOST_MB = 100
_MOST_LOGGED = 100_000


async def attack(server: Server, *, short: bool) -> list[Claim]:
    count = 50 if short else 2 * FILES
    before_mb, before_log = server.megabytes(), server.logged()
    began = time.monotonic()
    came = [await _come(server) for _ in range(count)]
    trickling = [writer for _, writer in came[-count // 10 :]]
    async with asyncio.TaskGroup() as group:
        dropping = group.create_task(_trickle(trickling))
        ends = await asyncio.gather(*(_ended(reader) for reader, _ in came))
        dropping.cancel()
    took = time.monotonic() - began
    grown_mb, logged = server.megabytes() - before_mb, server.logged() - before_log
    for _, writer in came:
        writer.close()
    ended = f"{sum(ends)} of {count} ended, the last after {took:.0f} s"
    return [
        Claim("half-open connections end", all(ends), ended),
        Claim("they cost little memory", grown_mb < _MOST_MB, f"{grown_mb:+.0f} MB"),
        Claim("they fill no log", logged < _MOST_LOGGED, f"{logged:,} bytes"),
    ]


async def _come(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(_HALF)
    return reader, writer


async def _trickle(writers: list[asyncio.StreamWriter]) -> None:
    while True:
        for writer in writers:
            writer.write(_DROP)
        await asyncio.sleep(0.5)


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(_GONE_WITHIN_S):
            await reader.read()
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True
