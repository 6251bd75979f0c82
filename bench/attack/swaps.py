"""Files and folders that are swapped for links after they were opened, also while they are read."""

import asyncio
import shutil
import threading
from pathlib import Path

import httpx

from bench.attack.claim import Claim
from bench.attack.pictures import marked
from bench.attack.server import Server

_SECRET = b"a file that nobody has opened to others"


async def attack(server: Server, *, short: bool) -> list[Claim]:
    outside = server.root.parent / "outside"
    outside.mkdir()
    (outside / "talk.mp4").write_bytes(_SECRET * 100_000)
    sample = server.root / "small.mp4"
    async with server.client() as client:
        swapped = [
            await _swap_file(client, sample, server.root / "swapped-file", outside),
            await _swap_folder(client, sample, server.root / "swapped-folder", outside),
        ]
        asked = 10 if short else 50
        raced = await _race(client, sample, server.root / "raced", outside, asked)
    leaks = swapped.count(True)
    return [
        Claim("a file swapped for a link is not served", not leaks, f"{leaks} of 2 were served"),
        Claim("nor while it is being swapped", not raced, f"{raced} of {asked} reads"),
    ]


async def _open(client: httpx.AsyncClient, sample: Path, folder: Path) -> str:
    """Where the video of its own in the new folder is served."""
    folder.mkdir()  # noqa: ASYNC240 - nothing else is going on
    (folder / "talk.mp4").write_bytes(marked(sample, folder.name.encode()))
    opened = await client.post("/api/videos/files", params={"path": f"{folder.name}/talk.mp4"})
    place = f"/api/videos/{opened.raise_for_status().json()['video_id']}/content"
    (await client.get(place)).raise_for_status()
    return place


async def _swap_file(client: httpx.AsyncClient, sample: Path, folder: Path, outside: Path) -> bool:
    """Whether what lies behind the link is served."""
    place = await _open(client, sample, folder)
    (folder / "talk.mp4").unlink()
    (folder / "talk.mp4").symlink_to(outside / "talk.mp4")
    return _SECRET in (await client.get(place)).content


async def _swap_folder(
    client: httpx.AsyncClient, sample: Path, folder: Path, outside: Path
) -> bool:
    place = await _open(client, sample, folder)
    shutil.rmtree(folder)
    folder.symlink_to(outside)  # noqa: ASYNC240
    return _SECRET in (await client.get(place)).content


async def _race(
    client: httpx.AsyncClient, sample: Path, folder: Path, outside: Path, count: int
) -> int:
    """How many of so many reads show what lies behind a link that comes and goes."""
    place = await _open(client, sample, folder)
    path, beside, kept = folder / "talk.mp4", folder / "beside", folder / "kept"
    shutil.copy(path, kept)
    stop = threading.Event()

    def swap() -> None:
        while not stop.wait(0.001):
            beside.symlink_to(outside / "talk.mp4")
            beside.replace(path)
            beside.hardlink_to(kept)
            beside.replace(path)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        answers = [await client.get(place) for _ in range(count)]
    finally:
        stop.set()
        await asyncio.to_thread(swapping.join)
    return sum(_SECRET in answer.content for answer in answers)
