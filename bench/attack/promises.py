"""Uploads that promise more than there is room for, or more of them than a user may have."""

import shutil

import httpx

from bench.attack.claim import Claim, counted
from bench.attack.server import Server, announce, give_up

_LARGEST = 20 * 1024**3
_SPARE = 100_000_000
_ALLOWED = 20


async def attack(server: Server, *, short: bool) -> list[Claim]:  # noqa: ARG001 - it is quick
    free = shutil.disk_usage(server.state).free
    large = min(free - _SPARE, _LARGEST)
    async with server.client("mallory") as mallory, server.client("bob") as bob:
        # Two that fill what is there, then ever smaller ones.
        sizes = [max(large >> half, 1_000_000) for half in range(_ALLOWED)]
        answers = [await announce(mallory, size) for size in sizes]
        others = await announce(bob, 10_000_000)
        for answer in (*answers, others):
            if answer.status_code == httpx.codes.CREATED:
                await give_up(bob if answer is others else mallory, answer)
        small = [await announce(mallory, 1_000) for _ in range(_ALLOWED + 5)]
        for answer in small:
            if answer.status_code == httpx.codes.CREATED:
                await give_up(mallory, answer)
    pairs = zip(sizes, answers, strict=True)
    promised = sum(size for size, answer in pairs if answer.status_code == httpx.codes.CREATED)
    statuses = [answer.status_code for answer in small]
    return [
        Claim("no more is promised than there is", promised <= free, _shares(promised, free)),
        Claim(
            "another user finds room",
            others.status_code == httpx.codes.CREATED,
            f"10 MB: {others.status_code}",
        ),
        Claim(
            "a user has so many unfinished uploads and no more",
            statuses.count(httpx.codes.CREATED) == _ALLOWED,
            counted(statuses),
        ),
    ]


def _shares(promised: int, free: int) -> str:
    return f"{promised / 1e9:.1f} GB promised, {free / 1e9:.1f} GB free"
