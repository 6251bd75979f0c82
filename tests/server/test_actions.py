"""`viralclip serve` as a whole, with its own worker and FFmpeg: what people do with their jobs."""

import io
import json
import shutil
import signal
import zipfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest
from peers.viewer import frames_of
from websockets.asyncio.client import connect

from viralclip.live import Reset, Snapshot
from viralclip.media.probe import probe
from viralclip.progress import Progress, advance

pytestmark = pytest.mark.timeout(180)

SHORT = (0, 2)
LONG = (0, 250)


@pytest.fixture
async def working(spawn, source, tmp_path):
    """A server that renders one clip at a time, and two videos to cut."""
    root = tmp_path / "media"
    root.mkdir()
    shutil.copy(source("small"), root / "short.mp4")
    shutil.copy(source("five_minutes"), root / "long.mp4")

    async def start(slots: int = 1, port: int | None = None):
        return await spawn("--slots", str(slots), port=port, VIRALCLIP_MEDIA_ROOTS=str(root))

    return start


async def submit(client, *spans, video: str = "short.mp4", **changes) -> str:
    scenes = [
        {"title": f"Scene {place}", "start": start, "end": end}
        for place, (start, end) in enumerate(spans, start=1)
    ]
    asked = {"source": {"path": video}, "scenes": scenes, "styles": ["original"], "preset": "fast"}
    answer = await client.post("/api/jobs", json=asked | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["job_id"]


async def watched(process, job_id: str) -> AsyncGenerator[Progress, None]:
    """The progress after each frame, from now on."""
    progress = Progress(job_id=job_id)
    async with connect(f"ws://{process.address}/api/jobs/{job_id}/live", proxy=None) as socket:
        async for frame in frames_of(socket):
            match frame:
                case Snapshot() | Reset():
                    progress = frame.progress
                case _:
                    item = frame.envelope if frame.kind == "event" else frame.tick
                    progress = advance(progress, item)
            yield progress


async def until_it(process, job_id: str, true) -> Progress:
    async with aclosing(watched(process, job_id)) as seen:
        async for progress in seen:
            if true(progress):
                return progress
    raise AssertionError("the view ended")


async def ended(process, job_id: str) -> Progress:
    return await until_it(process, job_id, lambda p: p.status == "finished")


def steps(progress: Progress) -> dict[tuple[int, str], str]:
    return {
        (scene.scene_id, clip.style): clip.step.value
        for scene in progress.scenes
        for clip in scene.clips
    }


def renders(progress: Progress) -> bool:
    return any(clip.step_fraction for scene in progress.scenes for clip in scene.clips)


async def test_a_job_is_watched_to_its_end_and_its_clips_are_downloaded(working, tmp_path):
    process = await working(slots=2)
    async with process.client() as client:
        job_id = await submit(client, SHORT, (0.5, 1.5), styles=["original", "center_focus"])
        progress = await ended(process, job_id)
        state = (await client.get(f"/api/jobs/{job_id}")).json()
        clips = (await client.get(f"/api/jobs/{job_id}/clips")).json()
        whole = await client.get(clips[0]["file"])
        part = await client.get(clips[0]["file"], headers={"Range": "bytes=100-199"})
        beyond = await client.get(clips[0]["file"], headers={"Range": "bytes=99999999-"})
        saved = await client.get(clips[0]["file"], params={"download": True})
        picture = await client.get(clips[0]["thumbnail"])
        archive = await client.get(f"/api/jobs/{job_id}/clips.zip")

    assert (progress.outcome, progress.fraction) == ("succeeded", 1.0)
    assert (state["job"]["outcome"], state["progress"]["fraction"]) == ("succeeded", 1.0)
    assert len(clips) == 4
    assert {clip["ending"] for clip in clips} == {"complete"}
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert len(whole.content) == clips[0]["bytes"]
    (tmp_path / "clip.mp4").write_bytes(whole.content)
    assert probe(tmp_path / "clip.mp4").video.duration == pytest.approx(2, abs=0.05)
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert beyond.status_code == 416
    assert saved.headers["content-disposition"].startswith("attachment")
    assert picture.content.startswith(b"\xff\xd8")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as packed:
        assert packed.testzip() is None
        assert sorted(packed.namelist()) == sorted(clip["filename"] for clip in clips)
        assert packed.read(clips[0]["filename"]) == whole.content
    assert clips[0]["filename"] in saved.headers["content-disposition"]


SRT = "1\n00:00:00,500 --> 00:00:01,500\nWell, then\n"


async def test_captions_of_a_transcript_are_downloaded_beside_the_clip(working):
    process = await working()
    async with process.client() as client:
        job_id = await submit(client, (0.2, 2), captions={"transcript": SRT, "style": "box"})
        await ended(process, job_id)
        [clip] = (await client.get(f"/api/jobs/{job_id}/clips")).json()
        srt, vtt = await client.get(clip["srt"]), await client.get(clip["vtt"])
        archive = await client.get(f"/api/jobs/{job_id}/clips.zip")
        silent = await submit(client, (0.2, 2))
        await ended(process, silent)
        [without] = (await client.get(f"/api/jobs/{silent}/clips")).json()
        missing = await client.get(f"/api/jobs/{silent}/clips/1/original/captions.srt")
        deleted = await client.delete(f"/api/jobs/{job_id}")

    assert srt.text == "1\n00:00:00,300 --> 00:00:01,300\nWell, then\n"
    assert (vtt.text[:6], vtt.headers["content-type"].partition(";")[0]) == ("WEBVTT", "text/vtt")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as packed:
        endings = [name.rpartition(".")[2] for name in packed.namelist()]
    assert endings == ["mp4", "srt", "vtt"]
    assert (without["srt"], without["vtt"], missing.status_code) == (None, None, 404)
    assert deleted.status_code == 204
    assert not [*process.state.glob(f"clips/{job_id}/*")]


async def test_captions_that_cannot_be_made_are_refused(working):
    scenes = [{"start": 0, "end": 2}]
    asked = {"source": {"path": "short.mp4"}, "scenes": scenes, "styles": ["original"]}
    refused = [
        {"transcript": SRT.replace("01,500", "75,500")},
        {"transcript": SRT.replace("Well", "語")},
        {},
        {"transcript": SRT, "style": "loud"},
    ]
    process = await working()
    async with process.client() as client:
        answers = [
            await client.post("/api/jobs", json=asked | {"captions": captions})
            for captions in refused
        ]

    assert [answer.status_code for answer in answers] == [422] * 4
    assert [answer.json()["code"] for answer in answers] == [
        *["invalid_transcript"] * 3,
        "unknown_caption_style",
    ]
    places = [answer.json()["faults"][0]["place"] for answer in answers[:2]]
    assert [place.partition(" ")[0] for place in places] == ["line", "scene"]


async def test_a_job_that_is_cancelled_ends_and_what_did_not_complete_is_made_by_retry(working):
    process = await working()
    async with process.client() as client:
        job_id = await submit(client, SHORT, LONG, video="long.mp4")
        await until_it(process, job_id, lambda p: p.clips_completed == 1 and renders(p))
        cancelled = await client.post(f"/api/jobs/{job_id}/cancel")
        progress = await ended(process, job_id)

        assert cancelled.status_code == 202
        assert progress.outcome == "cancelled"
        assert steps(progress) == {(1, "original"): "complete", (2, "original"): "cancelled"}
        assert not ffmpegs(process.state)

        retried = await client.post(f"/api/jobs/{job_id}/retry")
        assert (retried.status_code, retried.json()["run"]) == (202, 2)
        await until_it(process, job_id, lambda p: p.run == 2 and p.status == "running")
        await client.post(f"/api/jobs/{job_id}/cancel")
        again = await ended(process, job_id)

    assert (again.run, again.clips_completed) == (2, 1)


async def test_one_clip_is_cancelled_and_its_siblings_go_on(working):
    process = await working()
    async with process.client() as client:
        job_id = await submit(client, LONG, SHORT, (1, 3), video="long.mp4")
        await until_it(process, job_id, renders)
        running = await client.post(f"/api/jobs/{job_id}/clips/1/original/cancel")
        waiting = await client.post(f"/api/jobs/{job_id}/clips/3/original/cancel")
        unknown = await client.post(f"/api/jobs/{job_id}/clips/4/original/cancel")
        progress = await ended(process, job_id)
        late = await client.post(f"/api/jobs/{job_id}/clips/2/original/cancel")

    assert (running.status_code, waiting.status_code) == (202, 202)
    assert (unknown.status_code, late.status_code) == (404, 409)
    assert steps(progress) == {
        (1, "original"): "cancelled",
        (2, "original"): "complete",
        (3, "original"): "cancelled",
    }


async def test_a_job_that_becomes_urgent_overtakes_those_that_wait(working):
    process = await working()
    async with process.client() as client:
        first = await submit(client, (0, 20), video="long.mp4")
        await until_it(process, first, renders)
        waiting = await submit(client, SHORT, (0.5, 1.5), priority="low")
        hurried = await submit(client, SHORT, (0.5, 1.5), priority="low")
        changed = await client.patch(f"/api/jobs/{hurried}", json={"priority": "urgent"})
        done = {job_id: await ended(process, job_id) for job_id in (first, waiting, hurried)}

    assert changed.json()["priority"] == "urgent"
    assert {progress.outcome for progress in done.values()} == {"succeeded"}
    ends = [done[job_id].finished_at for job_id in (hurried, waiting)]
    assert ends == sorted(ends, key=str)


async def test_a_deleted_job_is_gone_with_its_files(working):
    process = await working()
    async with process.client() as client:
        kept, gone = await submit(client, SHORT), await submit(client, SHORT)
        await ended(process, kept)
        await ended(process, gone)
        clip = (await client.get(f"/api/jobs/{gone}/clips")).json()[0]
        deleted = await client.delete(f"/api/jobs/{gone}")

        assert deleted.status_code == 204
        for path in (f"/api/jobs/{gone}", f"/api/jobs/{gone}/events", clip["file"]):
            assert (await client.get(path)).status_code == 404
        listed = (await client.get("/api/jobs")).json()["jobs"]
        assert [row["job"]["job_id"] for row in listed] == [kept]
        (other,) = (await client.get(f"/api/jobs/{kept}/clips")).json()
        assert (await client.get(other["file"])).status_code == 200
    left = {path.parent.name for path in (process.state / "clips").rglob("*") if path.is_file()}
    assert left == {kept}


async def test_a_job_goes_on_after_its_server_was_killed(working):
    process = await working()
    async with process.client() as client:
        job_id = await submit(client, SHORT, (0, 15), (1, 3), video="long.mp4")
        seen = await until_it(process, job_id, lambda p: p.clips_completed == 1 and renders(p))
        cursor = (await client.get(f"/api/jobs/{job_id}")).json()["cursor"]
    process.end(signal.SIGKILL)
    process = await working(port=process.port)
    progress = await ended(process, job_id)
    async with process.client() as client:
        page = (await client.get(f"/api/jobs/{job_id}/events", params={"after": cursor})).json()

    assert progress.outcome == "succeeded"
    assert progress.clips_completed == 3
    assert page["kind"] == "events"
    assert page["events"][0]["seq"] > seen.seq - 1
    kinds = [event["event"]["type"] for event in page["events"]]
    assert kinds.count("job_recovered") == 1
    assert kinds.count("job_finished") == 1
    assert not ffmpegs(process.state)


def ffmpegs(state: Path) -> list[psutil.Process]:
    """Living processes that work on a file in the state folder."""
    work = str(state / "work")
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and any(work in argument for argument in process.info["cmdline"] or ())
    ]


async def test_the_log_of_a_server_holds_no_secret_and_no_traceback(working):
    process = await working()
    async with process.client("vc_secret") as client:
        job_id = await submit(client, SHORT)
        await ended(process, job_id)
        await client.get("/api/jobs/none")
    process.end(signal.SIGTERM)

    said = process.log.read_text()
    assert "vc_secret" not in said
    assert "Traceback" not in said
    for line in said.splitlines():
        if line.startswith("{"):
            assert json.loads(line)["level"] != "error"
