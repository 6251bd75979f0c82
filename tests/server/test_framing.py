"""Where a style would look, asked before anything is rendered."""

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel, ModelPlace
from viralclip.app.preview import Framer
from viralclip.pipeline.tools import in_place
from viralclip.processes.runner import Watchdogs

STRETCH = {"start": 1.0, "end": 3.0, "style": "intelligent"}


def framer(folder: Path, model: Path | None) -> Framer:
    analyses = Analyses(folder / "analyses", threads=1, limits=Watchdogs())
    return Framer(analyses, FaceModel(ModelPlace(folder / "models", named=model)), in_place)


@pytest.fixture
async def served(serve, tmp_path: Path, yunet: Path | None, talk: Path):
    served = await serve(frame=framer(tmp_path, yunet))
    shutil.copy(talk, served.folder / "media" / "talk.mp4")
    return served


async def ask(
    client: httpx.AsyncClient, *, path: str = "talk.mp4", **changes: Any
) -> httpx.Response:
    opened = await client.post("/api/videos/files", params={"path": path})
    address = f"/api/videos/{opened.json()['video_id']}/framing"
    return await client.get(address, params=STRETCH | changes, timeout=60)


async def test_a_window_for_every_frame_and_the_faces_that_led_to_it(served, face_model: Path):
    del face_model
    async with served.client() as client:
        framing = (await ask(client)).json()

    assert framing["detector"] == "yunet"
    assert framing["algorithm"] == "basic"
    assert framing["warnings"] == []
    assert framing["start"] == pytest.approx(1.0)
    (windows,) = framing["panels"]
    assert len(windows) == pytest.approx(2 * framing["fps"], abs=1)
    for x, y, width, height in windows:
        assert x >= 0
        assert y >= 0
        assert x + width <= 1280.1
        assert width / height == pytest.approx(9 / 16, rel=0.01)
    assert framing["faces"]
    for face in framing["faces"]:
        assert all(1.0 <= time <= 3.0 for time in face["times"])
        assert len(face["times"]) == len(face["boxes"])


async def test_windows_of_a_video_with_black_bars_count_from_the_whole_frame(served, ffmpeg: Path):
    source, barred = served.folder / "media" / "talk.mp4", served.folder / "media" / "barred.mp4"
    bars = "scale=160:90,pad=320:90:120:0:black"
    command = [ffmpeg, "-v", "error", "-t", "3", "-i", source, "-vf", bars, "-preset", "ultrafast"]
    await asyncio.to_thread(subprocess.run, [*command, barred], check=True)
    async with served.client() as client:
        cut = (await ask(client, path="barred.mp4", style="intelligent_motion")).json()
        kept = (
            await ask(client, path="barred.mp4", style="intelligent_motion", bars="keep")
        ).json()
        video = (await client.get("/api/videos")).json()[0]

    assert video["active_area"] == {"x": 120, "y": 0, "width": 160, "height": 90}
    for x, _, width, height in cut["panels"][0]:
        assert 120 <= x <= 280 - width + 0.1
        assert height <= 90
    assert len(kept["panels"][0]) == len(cut["panels"][0])


async def test_two_panels_have_a_window_each(served, face_model: Path):
    del face_model
    async with served.client() as client:
        framing = (await ask(client, style="intelligent_split")).json()

    assert len(framing["panels"]) in {1, 2}
    assert {len(windows) for windows in framing["panels"]} == {len(framing["panels"][0])}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"style": "center_focus"}, "stands_still"),
        ({"style": "all"}, "stands_still"),
        ({"style": "none such"}, "unknown_style"),
        ({"aspect": "7:3"}, "invalid_aspect"),
        ({"start": 3.0, "end": 1.0}, "no_such_stretch"),
        ({"start": 0.0, "end": 99999.0}, "no_such_stretch"),
        ({"start": -1.0}, "invalid_request"),
    ],
)
async def test_what_cannot_be_shown_is_refused(served, changes: dict[str, Any], code: str):
    async with served.client() as client:
        refused = await ask(client, **changes)

    assert refused.status_code == 422
    assert refused.json()["code"] == code


async def test_a_video_that_changed_meanwhile_is_a_conflict(served):
    async with served.client() as client:
        opened = await client.post("/api/videos/files", params={"path": "talk.mp4"})
        (served.folder / "media" / "talk.mp4").write_bytes(b"no video any more")
        address = f"/api/videos/{opened.json()['video_id']}/framing"
        refused = await client.get(address, params=STRETCH)

    assert (refused.status_code, refused.json()["code"]) == (409, "source_changed")


async def test_a_look_ends_when_whoever_asked_for_it_leaves(serve, talk: Path, until):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def for_ever(*_: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    served = await serve(frame=for_ever)
    shutil.copy(talk, served.folder / "media" / "talk.mp4")
    async with served.client() as client:
        asking = asyncio.create_task(ask(client))
        await begun.wait()
        asking.cancel()
        await asyncio.wait({asking})

        await until(ended.is_set)
