"""`GET /metrics`: who may read it, what a real run leaves there, and that nothing holds it up."""

import asyncio
import shlex
import threading
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from peers.viewer import frames_of
from scraped import OPENMETRICS, Exposition
from websockets.asyncio.client import connect

from viralclip.engine.port import QueueDepth
from viralclip.server.measuring import PAGE
from viralclip.server.metrics import Scrape
from viralclip.steps import ANALYSIS, Step
from viralclip.styles import STYLES
from viralclip.telemetry import instruments
from viralclip.telemetry.metrics import (
    CLIPS,
    HTTP_REQUEST_SECONDS,
    RENDER_SPEED_RATIO,
    STEP_SECONDS,
    TABLE,
)
from viralclip.telemetry.recorder import PrometheusRecorder

TOKEN = "a-token-for-scrapers-alone"  # noqa: S105 - a test's own
MOST_SERIES = 2000
# Fails a scene that begins at 2 s, which is read from a picture up to a second before that.
FAILING = """#!/bin/sh
case "$*" in *"-ss 1."*|*"-ss 2"*) echo no >&2; exit 1;; esac
exec {ffmpeg} "$@"
"""


@pytest.fixture
def recorder():
    """What this process records; the server under test is a part of it."""
    made = PrometheusRecorder(("server", "worker"))
    instruments.install(made)
    yield made
    instruments.install(None)


def scrape_of(recorder, depth=lambda: QueueDepth(3, 2, 7.5), **places: Path) -> Scrape:
    return Scrape(recorder, depth, places, look_s=0.2)  # pyright: ignore[reportArgumentType]


async def scraped(client: httpx.AsyncClient) -> Exposition:
    answer = await client.get("/metrics", headers={"Accept": OPENMETRICS})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    return Exposition(answer.text)


async def test_a_server_without_sign_in_is_scraped_by_anybody_on_the_machine(
    serve, recorder, tmp_path
):
    served = await serve(scrape=scrape_of(recorder, state=tmp_path))
    async with served.client() as client:
        found = await scraped(client)
        plain = await client.get("/metrics")

    assert found("viralclip_queue_clips", state="waiting") == 3
    assert found("viralclip_queue_clips", state="running") == 2
    assert found("viralclip_queue_oldest_seconds") == 7.5
    assert found("viralclip_disk_free_bytes", place="state") > 0
    assert found("viralclip_build_info") == 1
    assert plain.headers["content-type"].startswith("text/plain")


async def test_where_a_token_is_needed_a_scrape_needs_one_too(serve, recorder):
    served = await serve(tokens=True, scrape=scrape_of(recorder), metrics_token=TOKEN)
    of_a_user = await served.accounts.create("anna")
    answers: list[int] = []
    for token in (None, "wrong", TOKEN[:-1], TOKEN, of_a_user):
        async with served.client(token) as client:
            answers.append((await client.get("/metrics")).status_code)
    async with served.client(TOKEN) as client:
        elsewhere = await client.get("/api/jobs")

    assert answers == [401, 401, 401, 200, 200]
    assert elsewhere.status_code == 401


async def test_a_scrape_waits_for_no_database_and_says_the_rest(serve, recorder):
    stuck = threading.Event()
    served = await serve(scrape=scrape_of(recorder, depth=lambda: stuck.wait(60)))
    try:
        async with served.client() as client:
            began = time.monotonic()
            first, second = await asyncio.gather(scraped(client), scraped(client))
            ready = await client.get("/readyz")
            took = time.monotonic() - began
    finally:
        stuck.set()

    assert took < 10
    assert ready.status_code == 200
    assert first("viralclip_build_info") == second("viralclip_build_info") == 1
    assert "viralclip_queue_clips" not in first.names
    assert first("viralclip_queue_oldest_seconds") != first("viralclip_queue_oldest_seconds")


async def test_requests_are_counted_by_route_and_never_by_what_clients_make_up(
    serve, recorder, tmp_path
):
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<p>page</p>")
    served = await serve(scrape=scrape_of(recorder))
    await served.add("job1")
    async with served.client() as client:
        for path in ("/api/jobs/job1", "/api/jobs/no-such-job", "/api/nothing", "/", "/app.js"):
            await client.get(path)
        await client.request("BREW", "/api/jobs/job1")
        await client.get("/api/jobs", headers={"Host": "evil.example"})
        found = await scraped(client)
    counts = {
        (sample.labels["route"], sample.labels["code"]): sample.value
        for sample in found.samples("viralclip_http_request_seconds_count")
    }

    assert counts == {
        ("GET /api/jobs/{job_id}", "2xx"): 1,
        ("GET /api/jobs/{job_id}", "4xx"): 1,
        (PAGE, "2xx"): 1,
        (PAGE, "4xx"): 3,
        ("other", "4xx"): 1,
    }


async def test_viewers_resets_and_lag_are_counted(serve, recorder, note, say, until):
    served = await serve(scrape=scrape_of(recorder), keep=5)
    await served.add("job")
    await say(served.channel, note(1))
    async with served.client() as client:
        async with connect(served.live("job"), proxy=None) as socket:
            frames = frames_of(socket)
            assert (await anext(frames)).kind == "snapshot"
            while_watched = await scraped(client)
            await say(served.channel, note(2))
            assert (await anext(frames)).kind == "event"
        async with connect(served.live("job", after="gone-1"), proxy=None) as socket:
            assert (await anext(frames_of(socket))).kind == "reset"
        page = await client.get("/api/jobs/job/events", params={"after": "gone-1"})
        assert page.json()["kind"] == "reset"
        stream = client.stream(
            "GET", "/api/jobs/job/events", headers={"Accept": "text/event-stream"}
        )
        async with stream as streamed, aclosing(streamed.aiter_lines()) as lines:
            await anext(lines)
            streaming = await scraped(client)

        async def nobody() -> bool:
            return (await scraped(client))("viralclip_viewers") == 0

        await until(nobody)
        found = await scraped(client)

    assert while_watched("viralclip_viewers", transport="websocket") == 1
    assert streaming("viralclip_viewers", transport="sse") == 1
    assert found("viralclip_resets_total", transport="websocket") == 1
    assert found("viralclip_resets_total", transport="poll") == 1
    assert found("viralclip_resets_total", transport="sse") == 0
    # What the viewers caught up on is from 2025; only the second note came while one was there.
    assert found("viralclip_progress_lag_seconds_count") == 1


def test_with_all_styles_everything_that_can_happen_is_within_the_bound(recorder):
    codes = ("render_failed", "render_stalled", "source_changed", "disk_full", "internal")
    for style in STYLES.values():
        CLIPS.count(style=style.name, outcome="complete")
        CLIPS.count(style=style.name, outcome="kept")
        CLIPS.count(style=style.name, outcome="cancelled")
        for code in codes:
            CLIPS.count(style=style.name, outcome="failed", code=code)
        for step in (Step.EXTRACTING_SEGMENT, Step.RENDERING, Step.UPLOADING, *ANALYSIS):
            if style.analysed or step not in ANALYSIS:
                STEP_SECONDS.observe(1, step=step, style=style.name)
        for preset in ("fast", "balanced", "quality"):
            RENDER_SPEED_RATIO.observe(1, style=style.name, preset=preset, encoder="x264")
    for route in range(45):
        for code in (200, 404):
            HTTP_REQUEST_SECONDS.observe(1, route=f"GET /{route}", code=code)
    found = Exposition(recorder.exposition(OPENMETRICS)[0].decode())

    assert len(STYLES) == 13
    assert found.series <= MOST_SERIES


@pytest.mark.timeout(180)
async def test_a_real_run_leaves_its_figures_and_no_ids(spawn, source, ffmpeg, tmp_path, until):
    root = tmp_path / "media"
    root.mkdir()
    for name in ("small", "five_minutes"):
        (root / f"{name}.mp4").write_bytes(source(name).read_bytes())
    broken = tmp_path / "ffmpeg-that-fails"
    broken.write_text(FAILING.format(ffmpeg=shlex.quote(str(ffmpeg))))
    broken.chmod(0o755)
    process = await spawn(
        "--slots", "1", VIRALCLIP_MEDIA_ROOTS=str(root), VIRALCLIP_FFMPEG=str(broken)
    )
    async with process.client() as client:
        made = await _submit(client, "small", (0, 1), (2, 3), styles=["original", "center_focus"])
        async with connect(f"ws://{process.address}/api/jobs/{made}/live", proxy=None) as socket:
            async for frame in frames_of(socket):
                if frame.kind == "event" and frame.envelope.event.type == "job_finished":
                    break
        stopped = await _submit(client, "five_minutes", (0, 250), styles=["split"])
        await until(lambda: _is_rendering(client, stopped))
        during = await scraped(client)
        await client.post(f"/api/jobs/{stopped}/cancel")
        await until(lambda: _has_ended(client, stopped))
        found = await scraped(client)
    stored = [path.stat().st_size for path in (tmp_path / "clips").rglob("*") if path.is_file()]
    one = {"preset": "fast", "encoder": "x264"}
    expected: dict[str, list[tuple[float, dict[str, str]]]] = {
        "viralclip_clips_total": [
            (5, {}),
            (1, {"style": "original", "outcome": "complete", "code": ""}),
            (1, {"style": "center_focus", "outcome": "complete", "code": ""}),
            (2, {"outcome": "failed", "code": "render_failed"}),
            (1, {"style": "split", "outcome": "cancelled", "code": ""}),
        ],
        "viralclip_step_seconds_count": [
            (5, {"step": "extracting_segment"}),
            (2, {"step": "rendering"}),
            (1, {"step": "uploading", "style": "original"}),
        ],
        "viralclip_clip_seconds_count": [(2, {})],
        "viralclip_scene_seconds_count": [(3, {})],
        "viralclip_job_seconds_count": [(2, {})],
        "viralclip_schedule_to_start_seconds_count": [(2, {"priority": "normal"})],
        "viralclip_slot_wait_seconds_count": [(5, {})],
        "viralclip_render_speed_ratio_count": [(2, one), (1, one | {"style": "original"})],
        "viralclip_slots": [(0, {"state": "busy"}), (1, {"state": "free"})],
        "viralclip_worker_accepting": [(1, {})],
        "viralclip_queue_clips": [(0, {"state": "waiting"}), (0, {"state": "running"})],
        "viralclip_queue_oldest_seconds": [(0, {})],
        "viralclip_events_buffered": [(0, {})],
        "viralclip_events_lost_total": [(0, {})],
        "viralclip_retries_total": [(0, {})],
        "viralclip_takeovers_total": [(0, {})],
        "viralclip_viewers": [(0, {})],
        "viralclip_resets_total": [(0, {})],
        "viralclip_upload_bytes_total": [(sum(stored), {})],
        "viralclip_http_request_seconds_count": [
            (2, {"route": "POST /api/jobs", "code": "2xx"}),
            (1, {"route": "POST /api/jobs/{job_id}/cancel", "code": "2xx"}),
        ],
        "viralclip_build_info": [(1, {})],
    }

    assert {
        (name, str(labels)): found(name, **labels)
        for name, values in expected.items()
        for _, labels in values
    } == {
        (name, str(labels)): value for name, values in expected.items() for value, labels in values
    }
    assert during("viralclip_slots", state="busy") == 1
    assert during("viralclip_queue_clips", state="running") == 1
    assert found("viralclip_events_published_total") > 30
    assert found("viralclip_progress_lag_seconds_count") > 5
    assert found("viralclip_disk_free_bytes", place="clips") > 0
    traced = [s.exemplar for s in found.samples("viralclip_clip_seconds_bucket") if s.exemplar]
    assert {len(exemplar.labels["trace_id"]) for exemplar in traced} == {32}
    text = str(found.families)
    assert not any(each in text for each in (made, stopped, str(tmp_path), "small.mp4"))
    named = {metric.name for metric in TABLE}
    shown = {family.name + "_total" * (family.type == "counter") for family in found.families}
    assert named <= shown


async def _submit(client: httpx.AsyncClient, video: str, *spans: Any, styles: list[str]) -> str:
    scenes = [
        {"title": f"Scene {place}", "start": start, "end": end}
        for place, (start, end) in enumerate(spans, start=1)
    ]
    asked = {"source": {"path": f"{video}.mp4"}, "scenes": scenes, "styles": styles}
    answer = await client.post("/api/jobs", json=asked | {"preset": "fast"})
    assert answer.status_code == 201, answer.text
    return answer.json()["job_id"]


async def _is_rendering(client: httpx.AsyncClient, job_id: str) -> bool:
    progress = (await client.get(f"/api/jobs/{job_id}")).json()["progress"]
    return any(clip["step_fraction"] for scene in progress["scenes"] for clip in scene["clips"])


async def _has_ended(client: httpx.AsyncClient, job_id: str) -> bool:
    return (await client.get(f"/api/jobs/{job_id}")).json()["job"]["outcome"] is not None
