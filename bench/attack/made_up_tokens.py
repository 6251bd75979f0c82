"""A flood of tokens that nobody was given, each of them another: all have to be looked up."""

import secrets
import time

import httpx

from bench.attack.bystander import kept_out
from bench.attack.claim import Claim, all_are
from bench.attack.server import Server

_AT_ONCE = 64
_SECONDS = 8.0
_MOST_MB = 50
_MOST_LOGGED = 1_000_000


async def attack(server: Server, *, short: bool) -> list[Claim]:
    until = time.monotonic() + (1.0 if short else _SECONDS)
    before_mb, before_bytes = server.megabytes(), server.logged()
    seen: dict[str, int] = {}
    guessing = [_guess(server, seen, until) for _ in range(8 if short else _AT_ONCE)]
    nobody = await kept_out(server, "guesses", guessing, until)
    grown, written = server.megabytes() - before_mb, server.logged() - before_bytes
    return [
        all_are("a token that was made up opens nothing", frozenset({401}), seen),
        nobody,
        Claim("they cost little memory", grown < _MOST_MB, f"{grown:+.0f} MB"),
        Claim("they fill no log", written < _MOST_LOGGED, f"{written:,} bytes"),
    ]


async def _guess(server: Server, seen: dict[str, int], until: float) -> None:
    async with httpx.AsyncClient(base_url=server.address, trust_env=False, timeout=60) as client:
        while time.monotonic() < until:
            token = secrets.token_urlsafe(32)
            answer = await client.get("/api/me", headers={"Authorization": f"Bearer {token}"})
            seen[token] = answer.status_code
