"""A media root with 60,000 other files, and somebody who types into the field that searches it."""

import asyncio
import shutil
import time
from pathlib import Path

from bench.attack.claim import Claim, all_are
from bench.attack.server import Server

_TYPED = "holiday videos"
_WITHIN_S = 10.0


async def attack(server: Server, *, short: bool) -> list[Claim]:
    folder = server.root / "archive"
    await asyncio.to_thread(_fill, folder, 1_000 if short else 60_000)
    began = time.monotonic()
    async with server.client() as client:

        async def search(text: str) -> int:
            answer = await client.get("/api/videos/files", params={"contains": text})
            return answer.status_code

        texts = [_TYPED[: end + 1] for end in range(len(_TYPED))]
        statuses = await asyncio.gather(*(search(text) for text in texts))
    took = time.monotonic() - began
    await asyncio.to_thread(shutil.rmtree, folder)
    seen = dict(zip(texts, statuses, strict=True))
    return [
        all_are("every search is answered", frozenset({200}), seen),
        Claim("in good time", took < _WITHIN_S, f"{len(texts)} searches in {took:.1f} s"),
    ]


def _fill(folder: Path, files: int) -> None:
    for number in range(files // 1000):
        inside = folder / f"d{number}"
        inside.mkdir(parents=True)
        for each in range(1000):
            (inside / f"f{each}.jpg").touch()
