"""Small files that take much, several at once, and texts that send FFmpeg to other files."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench import rig
from bench.attack.claim import Claim, counted
from bench.attack.pictures import picture_video, png
from bench.attack.server import Server, upload

# What the server itself may grow by, and what it may take together with those that look into files
# for it: two at a time, of a gigabyte each.
_MOST_MB, _MOST_TOGETHER_MB = 300, 2_600
_AT_ONCE = 4
_WEIGH_EVERY_S = 0.1
_PATIENCE_S = 130.0


@dataclass
class Heaviest:
    """The most that was seen, in megabytes: of the server, and with its children."""

    own: float = 0.0
    together: float = 0.0


async def attack(server: Server, *, short: bool) -> list[Claim]:
    folder = server.root.parent / "bombs"
    folder.mkdir()
    files = await asyncio.to_thread(_bombs, folder, server.root / "small.mp4", short=short)
    before = server.megabytes()
    began = time.monotonic()
    async with server.client() as client, _weighed(server) as heaviest:
        gate = asyncio.Semaphore(_AT_ONCE)
        outcomes = await asyncio.gather(*(_outcome(client, file, gate) for file in files))
    took = time.monotonic() - began
    accepted = [file.name for file, code in zip(files, outcomes, strict=True) if code == "ready"]
    figure = f"{len(files)} files in {took:.0f} s: {counted(outcomes)}"
    if accepted:
        figure += f"; accepted: {', '.join(accepted)}"
    grown, together = heaviest.own - before, heaviest.together
    return [
        Claim("every bomb is refused", not {"ready", "late"} & set(outcomes), figure),
        Claim("the server itself takes little memory", grown < _MOST_MB, f"{grown:+.0f} MB"),
        Claim("nor do its processes", together < _MOST_TOGETHER_MB, f"{together:,.0f} MB in all"),
    ]


async def _outcome(client: httpx.AsyncClient, file: Path, gate: asyncio.Semaphore) -> str:
    """The code of the refusal; `ready` if it was accepted, `late` if neither came in time."""
    async with gate:
        answer = await upload(client, await asyncio.to_thread(file.read_bytes), file.name)
        if answer.is_error:
            return answer.json()["code"]
        address = str(answer.request.url)
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            state = (await client.get(address)).json()
            if state["state"] == "ready":
                return "ready"
            if state["state"] == "refused":
                return state["problem"]["code"]
            await asyncio.sleep(0.3)
    return "late"


@asynccontextmanager
async def _weighed(server: Server) -> AsyncIterator[Heaviest]:
    heaviest = Heaviest()

    async def weigh() -> None:
        while True:
            own = server.megabytes()
            heaviest.own = max(heaviest.own, own)
            heaviest.together = max(
                heaviest.together, own + await asyncio.to_thread(_children, server)
            )
            await asyncio.sleep(_WEIGH_EVERY_S)

    weighing = asyncio.create_task(weigh())
    try:
        yield heaviest
    finally:
        weighing.cancel()
        await asyncio.wait({weighing})


def _children(server: Server) -> float:
    total = 0.0
    for child in server.process.children(recursive=True):
        try:
            total += child.memory_info().rss / 1e6
        except psutil.NoSuchProcess:
            continue
    return total


def _bombs(folder: Path, video: Path, *, short: bool) -> list[Path]:
    ffmpeg = rig.ffmpeg()
    wide, high, bits, colour = (9_000, 8_000, 8, 0) if short else (15_000, 10_000, 16, 6)
    files = [
        picture_video(ffmpeg, png(wide, high, colour=colour, bits=bits), folder / "pixels.mkv"),
        _streams(ffmpeg, video, folder / "streams.mkv"),
        *_texts(folder, video),
    ]
    if not short:
        files.append(picture_video(ffmpeg, png(16_000, 15_900), folder / "grey.mkv"))
    still = folder / "still.mp4"
    still.write_bytes(png(64, 64))
    return [*files, still]


def _streams(ffmpeg: Path, video: Path, target: Path) -> Path:
    maps = ["-map", "0:v"] * 300
    command = [ffmpeg, "-v", "error", "-y", "-i", video, *maps, "-c", "copy", "-t", "1", target]
    subprocess.run(command, check=True)
    return target


def _texts(folder: Path, video: Path) -> list[Path]:
    """Lists that FFmpeg would follow to other files if it took them for what they are."""
    texts = {
        "ffconcat": f"ffconcat version 1.0\nfile '{video}'\n",
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nfile://{video}\n#EXT-X-ENDLIST\n",
        "hls-concat": "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\n"
        f"concat:http://127.0.0.1:1/x|file://{video}\n#EXT-X-ENDLIST\n",
        "dash": "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'>"
        "<Period><AdaptationSet mimeType='video/mp4'><Representation id='1' bandwidth='1'>"
        f"<BaseURL>{video}</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='file://{video}'/></svg>",
        "rtsp": "RTSPtext\nrtsp://127.0.0.1:1/x\n",
        "text": "hello\n" * 1000,
    }
    files = []
    for name, text in texts.items():
        files.append(folder / f"{name}.mp4")
        files[-1].write_text(text)
    return files
