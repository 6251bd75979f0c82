"""`python -m bench.attack [NAME ...] [--short]`: attack servers on loopback, and print a table.

It ends with 1 if an attack got through or a limit did not hold.
"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Collection
from pathlib import Path
from typing import Protocol

import httpx

from bench import machine, rig
from bench.attack import (
    addresses,
    bombs,
    forwarded,
    half_open,
    listings,
    lists,
    made_up_tokens,
    pings,
    previews,
    privacy,
    promises,
    rebinding,
    slow_bodies,
    slow_readers,
    strangers,
    submissions,
    swaps,
    traversal,
    viewers,
)
from bench.attack.claim import Claim
from bench.attack.pictures import marked
from bench.attack.report import Attacked, Report
from bench.attack.server import Server, alone, shared, upload
from bench.attack.witness import Sight, read_sights, watching

_STORED_S = 60.0


class Attack(Protocol):
    def __call__(self, server: Server, *, short: bool) -> Awaitable[list[Claim]]: ...


_DOCS = Path(__file__).parents[2] / "docs" / "how-to" / "expose.md"
_BEGIN, _END = "<!-- attack: begin -->", "<!-- attack: end -->"
# Against a server that somebody is alone with.
ALONE: dict[str, Attack] = {
    "forwarded requests": forwarded.attack,
    "rebinding": rebinding.attack,
    "webhook addresses": addresses.attack,
}
# Against one that people sign in to, while one of them works.
SHARED: dict[str, Attack] = {
    "half-open": half_open.attack,
    "slow bodies": slow_bodies.attack,
    "slow readers": slow_readers.attack,
    "live views": viewers.attack,
    "bombs": bombs.attack,
    "long lists": lists.attack,
    "submissions": submissions.attack,
    "pings": pings.attack,
    "promises": promises.attack,
    "listings": listings.attack,
    "previews": previews.attack,
    "traversal": traversal.attack,
    "swapped files": swaps.attack,
    "strangers": strangers.attack,
    "made-up tokens": made_up_tokens.attack,
    "privacy": privacy.attack,
}


def main() -> None:
    names = [*ALONE, *SHARED]
    parser = argparse.ArgumentParser(prog="python -m bench.attack", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(names)}")
    parser.add_argument("--short", action="store_true", help="to see that it runs, in seconds")
    parser.add_argument("--write-docs", action="store_true", help=f"put it into {_DOCS.name}")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(names):
        parser.error(f"there is no {', '.join(sorted(unknown))}; choose from {', '.join(names)}")
    measured_on = machine.describe(rig.ffmpeg())
    print(*measured_on, sep="\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="viralclip-attack-") as folder:
        report = run(asked.names or names, Path(folder), short=asked.short)
    print(f"\n{report.table()}")
    if asked.write_docs:
        _write_docs(f"{'; '.join(measured_on)}.\n\n{report.markdown()}")
    sys.exit(0 if report.withstood else 1)


def _write_docs(text: str) -> None:
    before, rest = _DOCS.read_text(encoding="utf-8").split(_BEGIN)
    _, after = rest.split(_END)
    _DOCS.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")


def run(names: Collection[str], folder: Path, *, short: bool) -> Report:
    """The attacks of these names, in files of the folder."""
    video = _video(folder)
    attacks: list[Attacked] = []
    sights: list[Sight] = []
    if ALONE.keys() & set(names):
        with alone(folder / "alone") as server:
            shutil.copy(video, server.root / "small.mp4")
            attacks += asyncio.run(_all(ALONE, names, server, short=short))
    if SHARED.keys() & set(names):
        with shared(folder / "shared") as server:
            shutil.copy(video, server.root / "small.mp4")
            own = asyncio.run(_settle_in(server, video))
            with watching(server, own, folder) as seen:
                attacks += asyncio.run(_all(SHARED, names, server, short=short))
            sights += read_sights(seen)
    return Report(tuple(attacks), tuple(sights))


async def _all(
    attacks: dict[str, Attack], names: Collection[str], server: Server, *, short: bool
) -> list[Attacked]:
    return [
        await _one(name, attack, server, short=short)
        for name, attack in attacks.items()
        if name in names
    ]


async def _one(name: str, attack: Attack, server: Server, *, short: bool) -> Attacked:
    print(f"{name} ...", flush=True)
    began = time.monotonic()
    try:
        claims = await attack(server, short=short)
    except (httpx.HTTPError, OSError) as error:
        claims = [Claim("the server answers", holds=False, figure=repr(error))]
    ended = time.monotonic()
    # What the attack has left behind belongs to it, not to the next one.
    await asyncio.sleep(0.2 if short else 1)
    return Attacked(name, tuple(claims), began, ended)


async def _settle_in(server: Server, video: Path) -> str:
    """Mallory has a video of the media root, and Bob has uploaded one, which this names."""
    async with server.client("mallory") as mallory, server.client("bob") as bob:
        opened = await mallory.post("/api/videos/files", params={"path": "small.mp4"})
        opened.raise_for_status()
        uploaded = (await upload(bob, marked(video, b"bob"), "bob.mp4")).raise_for_status()
        place = uploaded.request.url
        async with asyncio.timeout(_STORED_S):
            while "video-id" not in uploaded.headers:  # it takes its time on a crowded machine
                await asyncio.sleep(0.2)
                uploaded = await bob.head(place, headers={"Tus-Resumable": "1.0.0"})
        return uploaded.headers["video-id"]


def _video(folder: Path) -> Path:
    video = folder / "small.mp4"
    source = "testsrc2=s=320x180:r=25:d=3"
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    command = [rig.ffmpeg(), "-v", "error", "-f", "lavfi", "-i", source, *encode, video]
    subprocess.run(command, check=True)
    return video


if __name__ == "__main__":
    main()
