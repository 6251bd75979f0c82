"""What the page asks of the server for a job of thousands of clips: to open, and as clips end."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from bench.figures import Figure
from bench.page import FLAGS, WAIT_MS, draft, job_record, service
from bench.replay import JOB, PAGE
from viralclip.catalog.records import ClipRecord
from viralclip.channel.port import ProgressChannel
from viralclip.engine.jobs import outline
from viralclip.events import (
    Complete,
    CompleteDetails,
    Event,
    ExtractingSegment,
    ExtractingSegmentDetails,
    JobStarted,
    Queued,
    RenderComplete,
    RenderCompleteDetails,
    Rendering,
    RenderingDetails,
    SceneCompleted,
    SceneStarted,
    UploadComplete,
    UploadCompleteDetails,
    Uploading,
    UploadingDetails,
)
from viralclip.plan import StyleChoice
from viralclip.scenes import Scene

STYLES = ("original", "split", "left_focus", "center_focus", "streamer")
_SCENES = 520
_ENDING = 20
_ENDS_EVERY_S = 0.5
_SETTLE_S = 3.0
_DRAWN = """() => document.querySelectorAll("[role=log] li").length > 5
  && document.querySelector("[aria-label='Finished clips'] li")"""


@dataclass
class Traffic:
    """What went over the network; `spent` is what came since the last look."""

    requests: int = 0
    bytes: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def hear(self, page: Page, network: Any) -> None:
        page.on("request", lambda request: self._asked(request.url))
        network.on("Network.dataReceived", lambda event: self._came(event["dataLength"]))
        network.on(
            "Network.webSocketFrameReceived",
            lambda event: self._came(len(event["response"]["payloadData"])),
        )

    def spent(self) -> "Traffic":
        seen = Traffic(self.requests, self.bytes, self.kinds)
        self.requests, self.bytes, self.kinds = 0, 0, {}
        return seen

    def _asked(self, url: str) -> None:
        if f"/api/jobs/{JOB}" not in url or url.endswith("/thumbnail"):
            return
        kind = url.partition(JOB)[2].partition("?")[0] or "/"
        self.requests += 1
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def _came(self, count: int) -> None:
        self.bytes += count

    @property
    def raw(self) -> str:
        return ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items()))


def measure(folder: Path, *, short: bool, page: Path = PAGE) -> list[Figure]:
    """Nothing where there is no Chromium or the page is not built."""
    chromium = shutil.which("chromium")
    if chromium is None or not (page / "index.html").exists():
        return []
    return asyncio.run(_measure(folder, chromium, page, scenes=20 if short else _SCENES))


async def _measure(folder: Path, chromium: str, page: Path, *, scenes: int) -> list[Figure]:
    async with async_playwright() as playwright, _large(folder, page, scenes) as (address, ends):
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        opened, seconds, ending = await _look(browser, address, ends)
        await browser.close()
    clips = f"{scenes * len(STYLES)} clips"
    return [
        Figure(f"page of {clips}, requests to open", opened.requests, "", opened.raw),
        Figure(f"page of {clips}, bytes to open", opened.bytes / 1e6, "MB", "script included"),
        Figure(f"page of {clips}, time until clips and log are drawn", seconds, "s", ""),
        Figure(f"page of {clips}, requests while {_ENDING} end", ending.requests, "", ending.raw),
        Figure(f"page of {clips}, bytes while {_ENDING} end", ending.bytes / 1e6, "MB", ""),
    ]


async def _look(
    browser: Browser, address: str, ends: AsyncIterator[None]
) -> tuple[Traffic, float, Traffic]:
    page = await browser.new_page(viewport={"width": 1280, "height": 860})
    page.set_default_timeout(WAIT_MS)
    network = await page.context.new_cdp_session(page)
    await network.send("Network.enable")
    traffic = Traffic()
    traffic.hear(page, network)
    began = time.monotonic()
    await page.goto(address)
    await page.wait_for_function(_DRAWN)
    seconds = time.monotonic() - began
    await asyncio.sleep(_SETTLE_S)
    opened = traffic.spent()
    async for _ in ends:
        await asyncio.sleep(_ENDS_EVERY_S)
    await asyncio.sleep(_SETTLE_S)
    return opened, seconds, traffic.spent()


@asynccontextmanager
async def _large(
    folder: Path, page: Path, scenes: int
) -> AsyncIterator[tuple[str, AsyncIterator[None]]]:
    """A job whose clips are made but for the last ones, and a way to let those end, too."""
    async with service(folder, page) as (address, parts):
        catalog, channel = parts.backends.catalog, parts.backends.channel
        listed = [Scene(id=i, title=f"Scene {i}", start=0, end=12) for i in range(1, scenes + 1)]
        job = job_record(parts, listed, [StyleChoice(name=name) for name in STYLES])
        await catalog.jobs.add(job)
        clips = list(await catalog.clips.of(JOB))
        begun = [outline(job, clips), JobStarted(worker="bench", attempt=1)]
        await _publish(channel, begun)
        await _publish(channel, list(_made(clips[:-_ENDING])))
        for clip in clips[:-_ENDING]:
            await catalog.clip_runs.end(_ended(clip))

        async def ends() -> AsyncIterator[None]:
            for clip in clips[-_ENDING:]:
                await catalog.clip_runs.end(_ended(clip))
                await _publish(channel, list(_steps(clip)))
                yield

        yield address, ends()


async def _publish(channel: ProgressChannel, events: list[Event]) -> None:
    for at in range(0, len(events), 100):
        await channel.publish([draft(event) for event in events[at : at + 100]])


def _made(clips: list[ClipRecord]) -> Iterator[Event]:
    for at in range(0, len(clips), len(STYLES)):
        here = clips[at : at + len(STYLES)]
        scene, count = here[0].scene_id, len(here)
        yield SceneStarted(
            scene_id=scene, title=f"Scene {scene}", style_count=count, start_sec=0, duration_sec=12
        )
        for clip in here:
            yield from _steps(clip)
        yield SceneCompleted(
            scene_id=scene, clips_completed=count, clips_failed=0, clips_cancelled=0
        )


def _steps(clip: ClipRecord) -> Iterator[Event]:
    here = {"scene_id": clip.scene_id, "style": clip.style}
    name = f"{clip.scene_id:02}_scene_{clip.style}.mp4"
    yield Queued(**here)
    yield ExtractingSegment(
        **here, details=ExtractingSegmentDetails(start_sec=0, end_sec=12, duration_sec=12)
    )
    yield Rendering(**here, details=RenderingDetails(style=clip.style, encoder="x264"))
    made = RenderCompleteDetails(bytes=3_000_000, duration_sec=12, width=1080, height=1920)
    yield RenderComplete(**here, details=made)
    yield Uploading(**here, details=UploadingDetails(filename=name, bytes=3_000_000))
    yield UploadComplete(**here, details=UploadCompleteDetails(key=f"{JOB}/{name}"))
    done = CompleteDetails(
        clip_id=f"{clip.scene_id}-{clip.style}",
        url=f"/api/jobs/{JOB}/clips/{clip.scene_id}/{clip.style}/file",
        bytes=3_000_000,
        duration_sec=12,
        has_thumbnail=False,
    )
    yield Complete(**here, details=done)


def _ended(clip: ClipRecord) -> ClipRecord:
    key = f"{JOB}/{clip.scene_id:02}_scene_{clip.style}.mp4"
    facts = {"ending": "complete", "key": key, "size": 3_000_000, "duration": 12.0}
    return clip.model_copy(update=facts)
