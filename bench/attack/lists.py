"""Scene lists of 60,000 rows over and over, and JSON that is deep or long, four at a time."""

import asyncio
import json
import time

from bench.attack.claim import Claim, all_are
from bench.attack.server import Server

_SECONDS = 10.0
_CONNECTIONS = 4
_ROWS = 60_000
# Refused as invalid or too large, or because the user's others are still being read.
_REFUSED = frozenset({400, 413, 422, 429, 503})


async def attack(server: Server, *, short: bool) -> list[Claim]:
    async with server.client() as client:
        video_id = (await client.get("/api/videos")).json()[0]["video_id"]
    bodies = _bodies(video_id)
    until = time.monotonic() + (0.5 if short else _SECONDS)
    seen: dict[str, int] = {}

    async def post(each: int) -> None:
        number = each
        async with server.client(**{"Content-Type": "application/json"}) as client:
            while time.monotonic() < until:
                name = list(bodies)[number % len(bodies)]
                answer = await client.post("/api/jobs", content=bodies[name])
                seen[f"{name} {number}"] = answer.status_code
                number += _CONNECTIONS + 1

    await asyncio.gather(*(post(each) for each in range(_CONNECTIONS)))
    return [all_are("lists that are too long are refused", _REFUSED, seen)]


def _bodies(video_id: str) -> dict[str, bytes]:
    def job(scenes: object) -> bytes:
        asked = {"source": {"video_id": video_id}, "scenes": scenes, "styles": ["original"]}
        return json.dumps(asked).encode()

    deep = "[" * 400_000 + "]" * 400_000
    return {
        "rows": job([{"start": 0, "end": 1}] * _ROWS),
        "csv": job("start,end\n" + "0,1\n" * _ROWS * 5),
        "captions": job(
            "".join(f"{n}\n00:00:00,000 --> 00:00:01,000\nx\n\n" for n in range(_ROWS // 2))
        ),
        "deep": job([]).replace(b'"scenes": []', f'"scenes": {deep}'.encode()),
        "long title": job([{"start": 0, "end": 1, "title": "x" * 1_500_000}]),
        "digits": job([{"start": 0, "end": 1}]).replace(b"1}", b"9" * 1_000_000 + b"}"),
    }
