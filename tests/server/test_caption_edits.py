"""Edits of the captions of made clips, with a worker and FFmpeg: what is made again, what stays."""

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from viralclip.catalog.records import ClipRecord
from viralclip.plan import CaptionOptions

pytestmark = pytest.mark.timeout(300)

SRT = "1\n00:00:00,200 --> 00:00:00,900\nHelo there\n\n2\n00:00:01,500 --> 00:00:02,400\nagain\n"
SCENES = [{"start": 0, "end": 1.2}, {"start": 1.2, "end": 2.6}]
Until = Callable[..., Any]


@pytest.fixture
async def working(spawn, ffmpeg: Path, tmp_path: Path) -> Any:
    """`await working()` is a server with a worker and a grey video; it can be started again."""
    root = tmp_path / "media"
    root.mkdir()
    grey = ("-f", "lavfi", "-i", "color=0x808080:s=640x480:r=25:d=3", "-preset", "ultrafast")
    command = [ffmpeg, "-v", "error", *grey, root / "talk.mp4"]
    await asyncio.to_thread(subprocess.run, command, check=True)

    async def start() -> Any:
        return await spawn("--slots", "2", VIRALCLIP_MEDIA_ROOTS=str(root))

    return start


async def submit(client: httpx.AsyncClient, **changes: Any) -> str:
    asked = {
        "source": {"path": "talk.mp4"},
        "scenes": SCENES,
        "styles": ["original", "center_focus"],
        "preset": "fast",
        "captions": {"transcript": SRT},
    }
    answer = await client.post("/api/jobs", json=asked | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()["job_id"]


async def over(client: httpx.AsyncClient, job_id: str, until: Until, *, run: int = 1) -> str:
    """How the run of the job ended."""

    async def ended() -> str | None:
        progress = (await client.get(f"/api/jobs/{job_id}")).json()["progress"]
        return progress["outcome"] if progress["run"] == run else None

    return await until(ended)


async def words_of(client: httpx.AsyncClient, job_id: str, scene: int = 1) -> list[dict[str, Any]]:
    return (await client.get(f"/api/jobs/{job_id}/scenes/{scene}/words")).json()["words"]


def corrected(words: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [word | {"text": word["text"].replace("Helo", "Hello")} for word in words]


async def edit(client: httpx.AsyncClient, job_id: str, **edits: Any) -> httpx.Response:
    return await client.post(f"/api/jobs/{job_id}/captions", json=edits)


async def files(client: httpx.AsyncClient, job_id: str) -> dict[tuple[int, str], bytes]:
    clips = (await client.get(f"/api/jobs/{job_id}/clips")).json()
    return {
        (clip["scene_id"], clip["style"]): (await client.get(clip["file"])).content
        for clip in clips
    }


async def made_in(client: httpx.AsyncClient, job_id: str, run: int) -> set[tuple[int, str]]:
    """The clips that the run made, and did not keep."""
    events = (await client.get(f"/api/jobs/{job_id}/events")).json()["events"]
    starts = [at for at, each in enumerate(events) if each["event"]["type"] == "job_queued"]
    told = [each["event"] for each in events[starts[run - 1] :]]
    return {
        (each["scene_id"], each["style"])
        for each in told
        if each.get("step") == "complete" and not each["details"]["kept"]
    }


async def srt_of(client: httpx.AsyncClient, job_id: str, scene: int, style: str) -> str:
    return (await client.get(f"/api/jobs/{job_id}/clips/{scene}/{style}/captions.srt")).text


async def test_one_changed_word_makes_again_the_clips_that_show_it_and_no_others(working, until):
    server = await working()
    async with server.client() as client:
        job_id = await submit(client)
        assert await over(client, job_id, until) == "succeeded"
        before, words = await files(client, job_id), await words_of(client, job_id)
        edited = await edit(client, job_id, scenes={1: corrected(words)})
        assert (edited.status_code, edited.json()["run"]) == (202, 2)
        assert await over(client, job_id, until, run=2) == "succeeded"
        after = await files(client, job_id)
        again = await edit(client, job_id, scenes={1: corrected(words)})
        state = (await client.get(f"/api/jobs/{job_id}")).json()

        assert [word["text"] for word in words] == ["Helo", "there"]
        assert await made_in(client, job_id, 2) == {(1, "original"), (1, "center_focus")}
        changed = {place for place, content in after.items() if content != before[place]}
        assert changed == {(1, "original"), (1, "center_focus")}
        assert "Hello there" in await srt_of(client, job_id, 1, "original")
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
        assert state["has_captions"] is True
        assert state["progress"]["clips_completed"] == 4

    server = await working()
    async with server.client() as client:
        assert [word["text"] for word in await words_of(client, job_id)] == ["Hello", "there"]
        scenes = [
            scene | {"words": await words_of(client, job_id, place)}
            for place, scene in enumerate(SCENES, 1)
        ]
        other = await submit(client, scenes=scenes, styles=["split"], aspect="1:1", captions={})
        assert await over(client, other, until) == "succeeded"
        assert "Hello there" in await srt_of(client, other, 1, "split")


async def test_another_look_makes_every_clip_again_that_has_captions(working, until):
    server = await working()
    async with server.client() as client:
        scenes = [*SCENES, {"start": 2.6, "end": 3}]
        job_id = await submit(client, scenes=scenes, styles=["original"])
        await over(client, job_id, until)
        unknown = await edit(client, job_id, style="none such")
        assert (await edit(client, job_id, style="plain", area="full")).status_code == 202
        assert await over(client, job_id, until, run=2) == "succeeded"
        shown = (await client.get(f"/api/jobs/{job_id}/scenes/2/words")).json()

        assert unknown.json()["code"] == "unknown_caption_style"
        assert await made_in(client, job_id, 2) == {(1, "original"), (2, "original")}
        assert (shown["caption_style"], shown["area"]) == ("plain", "full")


async def test_edits_survive_a_run_that_is_cancelled_and_retried(working, until):
    server = await working()
    async with server.client() as client:
        job_id = await submit(client, styles=["original"])
        await over(client, job_id, until)
        words = corrected(await words_of(client, job_id))
        await edit(client, job_id, scenes={1: words})
        await client.post(f"/api/jobs/{job_id}/cancel")
        run = 2
        if await over(client, job_id, until, run=run) != "succeeded":
            run = (await client.post(f"/api/jobs/{job_id}/retry")).json()["run"]

        assert await over(client, job_id, until, run=run) == "succeeded"
        assert "Hello there" in await srt_of(client, job_id, 1, "original")


async def test_a_frame_that_is_drawn_before_is_the_one_that_is_made(working, until, tmp_path):
    server = await working()
    async with server.client() as client:
        job_id = await submit(client)
        await over(client, job_id, until)
        shown = (await client.get(f"/api/jobs/{job_id}/scenes/1/words")).json()
        ask = {name: shown[name] for name in ("aspect", "bars", "area", "caption_style")}
        ask |= {"style": "center_focus", "at": 0.72}
        ask["scene"] = {name: shown[name] for name in ("start", "end", "words")}
        query = {"video_id": shown["video_id"]}
        drawn = await client.post("/api/captions/preview", params=query, json=ask)
        clip = (await files(client, job_id))[1, "center_focus"]
    (tmp_path / "frame.jpg").write_bytes(drawn.content)
    (tmp_path / "clip.mp4").write_bytes(clip)
    frame, made = picture(tmp_path / "frame.jpg"), picture(tmp_path / "clip.mp4", at=18)

    assert frame.shape == made.shape
    assert np.abs(frame - made).mean() < 2
    assert np.abs(frame - 128).max() > 100


def picture(path: Path, at: int = 0) -> NDArray[np.int64]:
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == at:
                return frame.to_ndarray(format="rgb24").astype(int)
    raise AssertionError(f"no frame {at}")


async def test_edits_of_what_is_not_there_are_refused(working, until):
    server = await working()
    async with server.client() as client:
        job_id = await submit(client, styles=["original"])
        early = await edit(client, job_id, area="full")
        await over(client, job_id, until)
        word = {"text": "Hi", "start": 0, "end": 1}
        unknown = await edit(client, job_id, scenes={9: [word]})
        boxes = await edit(client, job_id, scenes={1: [word | {"text": "\U00010400"}]})
        missing = await client.get(f"/api/jobs/{job_id}/scenes/9/words")
        nobody = await edit(client, "none", area="full")
        shutil.rmtree(server.state / "media")
        gone = await edit(client, job_id, area="full")
        left = await files(client, job_id)

    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    assert unknown.json()["faults"] == [
        {"place": "scenes.9", "problem": "the job has no such scene"}
    ]
    assert boxes.json()["faults"][0]["place"] == "scene 1"
    assert (missing.status_code, nobody.status_code) == (404, 404)
    assert (gone.status_code, gone.json()["code"]) == (409, "source_changed")
    assert all(left.values())


async def test_words_that_were_heard_are_those_beside_the_clip(served):
    plan = (await served.add("none")).plan
    captions = CaptionOptions(mode="auto")
    options = plan.options.model_copy(update={"captions": captions})
    facts = {"job_id": "heard", "prefix": "heard/"}
    facts |= {"plan": plan.model_copy(update={"options": options})}
    first = await served.catalog.jobs.find("none")
    job = first.model_copy(update=facts)
    await served.catalog.jobs.add(job)
    clip = job.plan.clip(2, "original")
    key = f"{job.prefix}{clip.filename}"
    beside = served.folder / "clips" / job.prefix / clip.filename.replace(".mp4", ".vtt")
    beside.parent.mkdir(parents=True)
    beside.write_text("WEBVTT\n\n00:00:00.500 --> 00:00:01.000\nHeard\n")
    record = ClipRecord(
        job_id="heard",
        scene_id=2,
        style="original",
        digest=clip.digest,
        run=1,
        ending="complete",
        key=key,
        captions=True,
    )
    await served.catalog.clip_runs.end(record)
    async with served.client() as client:
        heard, other = await words_of(client, "heard", 2), await words_of(client, "heard", 1)

    assert [(word["text"], word["start"]) for word in heard] == [("Heard", 2.5)]
    assert other == []


async def test_a_corrected_file_is_given_back_and_makes_again_the_clips_of_its_scene(
    working, until
):
    server = await working()
    async with server.client() as client:
        job_id = await submit(client)
        early = await put(client, job_id, 1, b"")
        await over(client, job_id, until)
        text, other = [await srt_of(client, job_id, scene, "original") for scene in (1, 2)]
        same = await put(client, job_id, 1, text.encode())
        bad = await put(client, job_id, 1, text.replace(",900", ",100").encode())
        missing = await put(client, job_id, 9, text.encode())
        back = await put(client, job_id, 1, text.replace("Helo", "Hello").encode("utf-16"))
        assert (back.status_code, back.json()["run"]) == (202, 2)
        assert await over(client, job_id, until, run=2) == "succeeded"
        words = await words_of(client, job_id)

        assert [each.status_code for each in (early, same, bad, missing)] == [409, 409, 422, 404]
        assert [each["place"] for each in bad.json()["faults"]] == ["captions.srt, line 2"]
        assert [word["text"] for word in words] == ["Hello", "there"]
        assert await made_in(client, job_id, 2) == {(1, "original"), (1, "center_focus")}
        assert "Hello there" in await srt_of(client, job_id, 1, "center_focus")
        assert await srt_of(client, job_id, 2, "original") == other


async def test_files_of_several_scenes_come_back_at_once_by_their_names(working, until):
    server = await working()
    async with server.client() as client:
        job_id = await submit(client)
        await over(client, job_id, until)
        one, two = [await srt_of(client, job_id, scene, "original") for scene in (1, 2)]
        names = [f"0{scene}_scene-{scene}_original.srt" for scene in (1, 2)]
        files = {names[0]: one.replace("Helo", "Hello"), names[1]: two}
        strange = await edit(client, job_id, files=files | {"talk.srt": one})
        differ = await edit(
            client, job_id, files=files | {"01_scene-1_center_focus.srt": one.replace("Helo", "Hi")}
        )
        twice = await edit(client, job_id, files=files, scenes={1: []})
        assert (await edit(client, job_id, files=files)).status_code == 202
        assert await over(client, job_id, until, run=2) == "succeeded"
        captions = {"files": {names[1]: two.replace("again", "once more")}, "transcript": SRT}
        other = await submit(client, styles=["split"], captions=captions)
        await over(client, other, until)

        refusals = [each.json()["faults"] for each in (strange, differ, twice)]
        places = [[fault["place"] for fault in faults] for faults in refusals]
        assert places == [["talk.srt"], [names[0]], ["scenes.1"]]
        assert await made_in(client, job_id, 2) == {(1, "original"), (1, "center_focus")}
        assert [word["text"] for word in await words_of(client, other, 2)] == ["once", "more"]
        assert [word["text"] for word in await words_of(client, other, 1)] == ["Helo", "there"]


async def put(client: httpx.AsyncClient, job_id: str, scene: int, content: bytes) -> httpx.Response:
    return await client.put(f"/api/jobs/{job_id}/scenes/{scene}/captions.srt", content=content)
