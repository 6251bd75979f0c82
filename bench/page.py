"""How smoothly the page shows a large job, and how soon it shows what a worker has said."""

import asyncio
import math
import shutil
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import psutil
from playwright.async_api import Browser, Page, async_playwright

from bench.figures import Figure, spread
from bench.parts import open_parts
from bench.replay import JOB, PAGE, STYLES, Replay, replaying, serving
from viralclip.catalog.records import JobRecord
from viralclip.channel.port import ProgressChannel
from viralclip.engine.jobs import outline
from viralclip.events import Event, Logged, NewEvent
from viralclip.plan import Options, StyleChoice, Video, make_plan
from viralclip.scenes import Scene
from viralclip.server.app import create_app
from viralclip.server.identity import NoSignIn
from viralclip.server.parts import ServerParts

SCENES = 200
_ORIGINAL = (StyleChoice(name="original"),)
_BEAT_S = 0.25
_WINDOW_S = 10.0
# For what comes before the window and between.
_MARGIN_S = 5.0
WAIT_MS = 120_000
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_WATCH_FRAMES = """() => {
  window.frames_at = [];
  window.long_tasks = [];
  const next = (at) => { window.frames_at.push(at); requestAnimationFrame(next); };
  requestAnimationFrame(next);
  new PerformanceObserver((list) => window.long_tasks.push(...list.getEntries()))
    .observe({ type: "longtask" });
}"""
_TAKE_FRAMES = """() => {
  const longTasks = window.long_tasks.map((task) => task.duration);
  const taken = { frames: window.frames_at, longTasks };
  window.frames_at = [];
  window.long_tasks = [];
  return taken;
}"""
_WATCH_TEXT = """() => {
  window.shown_at = {};
  const look = () => {
    const text = document.querySelector("[role=log]").textContent;
    for (const [, number] of text.matchAll(/said (\\d+)!/g))
      window.shown_at[number] ??= performance.timeOrigin + performance.now();
  };
  new MutationObserver(look)
    .observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


@dataclass(frozen=True)
class Window:
    """What was seen of the page in some seconds."""

    frame_ms: list[float]
    long_tasks: list[float]
    main_cpu: float
    seconds: float

    @property
    def rate(self) -> float:
        return 1000 / statistics.fmean(self.frame_ms)

    @property
    def raw(self) -> str:
        return (
            f"{self.rate:.1f} frames/s, longest {max(self.frame_ms):.0f} ms, "
            f"{len(self.long_tasks)} long tasks in {self.seconds:.0f} s"
        )


def measure(folder: Path, *, short: bool) -> list[Figure]:
    """Nothing where there is no Chromium or the page is not built."""
    chromium = shutil.which("chromium")
    if chromium is None or not (PAGE / "index.html").exists():
        return []
    return asyncio.run(_measure(folder, chromium, short=short))


async def _measure(folder: Path, chromium: str, *, short: bool) -> list[Figure]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        smooth = await _smoothness(browser, 2.0 if short else _WINDOW_S)
        soon = await _latency(browser, folder, 20 if short else 200)
        await browser.close()
    return [*smooth, *soon]


async def _smoothness(browser: Browser, seconds: float) -> list[Figure]:
    replay = Replay(SCENES, beats=math.ceil((seconds + _MARGIN_S) / _BEAT_S))
    async with serving(replaying(replay)) as address:
        page = await _open(browser, address)
        await page.evaluate(_WATCH_FRAMES)
        idle = await _window(page, seconds)
        beating = asyncio.create_task(_beat(replay))
        await _window(page, 1.0)
        busy = await _window(page, seconds)
        beating.cancel()
        await page.context.close()
    size = f"{SCENES} scenes x {len(STYLES)} styles"
    return [
        Figure(
            f"page, time per frame while all rows move at 4 Hz ({size})",
            statistics.fmean(busy.frame_ms),
            "ms",
            f"{busy.raw}; standing still: {idle.raw}",
            at_most=1000 / 59.5,
        ),
        Figure(
            "page, time per frame, rows moving / standing still",
            statistics.fmean(busy.frame_ms) / statistics.fmean(idle.frame_ms),
            "",
            f"{busy.rate:.1f} and {idle.rate:.1f} frames/s",
            at_most=1.02,
        ),
        Figure(
            "page, CPU time of its main thread while all rows move",
            busy.main_cpu / busy.seconds,
            "s per s",
            f"standing still {idle.main_cpu / idle.seconds:.3f}",
        ),
    ]


async def _beat(replay: Replay) -> None:
    due = time.monotonic()
    while True:
        replay.beat()
        due += _BEAT_S
        await asyncio.sleep(max(due - time.monotonic(), 0))


async def _window(page: Page, seconds: float) -> Window:
    await page.evaluate(_TAKE_FRAMES)
    cpu, began = _main_cpu(), time.monotonic()
    await asyncio.sleep(seconds)
    cpu, took = _main_cpu() - cpu, time.monotonic() - began
    seen = await page.evaluate(_TAKE_FRAMES)
    frames = seen["frames"]
    gaps = [after - before for before, after in pairwise(frames)]
    return Window(gaps or [took * 1000], seen["longTasks"], cpu, took)


def _main_cpu() -> float:
    """CPU seconds of the main threads of all renderers; the busy one is the page's."""
    renderers = (
        child
        for child in psutil.Process().children(recursive=True)
        if "--type=renderer" in child.cmdline()
    )
    return sum(
        thread.user_time + thread.system_time
        for renderer in renderers
        for thread in renderer.threads()
        if thread.id == renderer.pid
    )


async def _latency(browser: Browser, folder: Path, count: int) -> list[Figure]:
    """From before an event is published until its line stands in the page, on one clock."""
    async with service(folder, PAGE) as (address, parts):
        catalog, channel = parts.backends.catalog, parts.backends.channel
        job = job_record(parts, [Scene(id=1, title="Scene 1", start=0, end=10)], _ORIGINAL)
        await catalog.jobs.add(job)
        await channel.publish([draft(outline(job, await catalog.clips.of(JOB)))])
        page = await _open(browser, address)
        await page.evaluate(_WATCH_TEXT)
        waits = [await _published(page, channel, number) for number in range(count)]
        await page.context.close()
    waits.sort()
    raw = spread(waits, "ms", digits=1)
    return [
        Figure("page, publish to DOM, median", statistics.median(waits), "ms", raw),
        Figure("page, publish to DOM, p99", waits[int(len(waits) * 0.99)], "ms", raw),
    ]


async def _published(page: Page, channel: ProgressChannel, number: int) -> float:
    began = time.time() * 1000
    await channel.publish([draft(Logged(level="info", message=f"said {number}!"))])
    shown = await page.wait_for_function("(number) => window.shown_at[number]", arg=number)
    return await shown.json_value() - began


@asynccontextmanager
async def service(folder: Path, page: Path) -> AsyncIterator[tuple[str, ServerParts]]:
    """The whole server, with the page of that folder and no job; its address is that of `JOB`."""
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(open_parts(folder))
        app = create_app(parts, sign_in=NoSignIn(), page=page)
        yield await stack.enter_async_context(serving(app)), parts


def job_record(
    parts: ServerParts, scenes: Sequence[Scene], styles: Sequence[StyleChoice]
) -> JobRecord:
    video = Video(
        name="bench.mp4",
        path="/bench.mp4",
        width=1280,
        height=720,
        duration=60,
        fps="25/1",
        has_audio=True,
        identity="bench",
    )
    return JobRecord(
        job_id=JOB,
        owner="local",
        plan=make_plan(video, scenes, styles, Options()),
        storage_url=parts.files.storage_url,
        engine_url=parts.defaults.engine_url,
        prefix=f"{JOB}/",
        created_at=datetime.now(UTC),
        trace_id="0" * 32,
    )


def draft(event: Event) -> NewEvent:
    return NewEvent(job_id=JOB, run=1, at=datetime.now(UTC), trace_id="0" * 32, event=event)


async def _open(browser: Browser, address: str) -> Page:
    page = await browser.new_page(viewport={"width": 1280, "height": 860})
    page.set_default_timeout(WAIT_MS)
    await page.goto(address)
    await page.locator("[data-connection=live]").wait_for()
    return page
