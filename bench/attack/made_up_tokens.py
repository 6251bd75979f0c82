"""A flood of tokens that nobody was given, each of them another: all have to be looked up."""

import asyncio
import math
import secrets
import time

import httpx

from bench.attack.claim import Claim, all_are
from bench.attack.server import Server

_AT_ONCE = 64
_SECONDS = 8.0
# This process is busy itself, and the witness is the better clock.
_WITHIN_S = 3.0
_MOST_MB = 50
_MOST_LOGGED = 1_000_000


async def attack(server: Server, *, short: bool) -> list[Claim]:
    until = time.monotonic() + (1.0 if short else _SECONDS)
    before_mb, before_bytes = server.megabytes(), server.logged()
    seen: dict[str, int] = {}
    answers: list[float] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(8 if short else _AT_ONCE):
            group.create_task(_guess(server, seen, until))
        while time.monotonic() < until:
            answers.append(await _answered(server))
            await asyncio.sleep(0.2)
    late = sum(took > _WITHIN_S for took in answers)
    grown, written = server.megabytes() - before_mb, server.logged() - before_bytes
    return [
        all_are("a token that was made up opens nothing", frozenset({401}), seen),
        Claim("they keep nobody out", late == 0, f"the slowest answer in {max(answers):.2f} s"),
        Claim("they cost little memory", grown < _MOST_MB, f"{grown:+.0f} MB"),
        Claim("they fill no log", written < _MOST_LOGGED, f"{written:,} bytes"),
    ]


async def _guess(server: Server, seen: dict[str, int], until: float) -> None:
    async with httpx.AsyncClient(base_url=server.address, trust_env=False, timeout=60) as client:
        while time.monotonic() < until:
            token = secrets.token_urlsafe(32)
            answer = await client.get("/api/me", headers={"Authorization": f"Bearer {token}"})
            seen[token] = answer.status_code


async def _answered(server: Server) -> float:
    """Seconds until a user who has just come is answered; infinite if that does not happen."""
    began = time.monotonic()
    try:
        async with server.client("bob") as client:
            (await client.get("/api/me")).raise_for_status()
    except httpx.HTTPError:
        return math.inf
    return time.monotonic() - began
