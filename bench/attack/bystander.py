"""A user who comes again and again while an attack goes on, and how long each answer takes."""

import asyncio
import math
import time
from collections.abc import Coroutine, Iterable
from typing import Any

import httpx

from bench.attack.claim import Claim
from bench.attack.server import Server

# This process is busy itself, and the witness is the better clock.
_WITHIN_S = 3.0
_EVERY_S = 0.2


async def kept_out(
    server: Server, what: str, attackers: Iterable[Coroutine[Any, Any, None]], until: float
) -> Claim:
    """Whether anybody is kept out by the attackers, who go on until then at the same time."""
    answers: list[float] = []
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(attacker) for attacker in attackers]
        while time.monotonic() < until:
            answers.append(await _answered(server))
            await asyncio.sleep(_EVERY_S)
    late = sum(took > _WITHIN_S for took in answers)
    figure = f"{len(tasks)} at once, {len(answers)} answers, the slowest in {max(answers):.2f} s"
    return Claim(f"{what} keep nobody out", late == 0, figure)


async def _answered(server: Server) -> float:
    """Seconds until a user who has just come is answered; infinite if that does not happen."""
    began = time.monotonic()
    try:
        async with server.client("bob") as client:
            (await client.get("/api/me")).raise_for_status()
    except httpx.HTTPError:
        return math.inf
    return time.monotonic() - began
