"""Captions over HTTP: words of a transcript, what there is to choose, and edits of made clips."""

import asyncio
import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel, ModelPlace
from viralclip.app.caption_preview import CaptionDrawer, DrawingTools
from viralclip.pipeline.tools import in_place
from viralclip.processes.runner import Watchdogs
from viralclip.speech.alignments import Alignments

SRT = "1\n00:00:00,000 --> 00:00:01,000\nHello wörld\n\n2\n00:00:01,500 --> 00:00:02,500\nagain\n"


@pytest.fixture
async def filmed(served, source):
    """A server with a video of three seconds."""
    shutil.copy(source("small"), served.folder / "media" / "talk.mp4")
    return served


async def video_id(client: httpx.AsyncClient) -> str:
    opened = await client.post("/api/videos/files", params={"path": "talk.mp4"})
    return opened.json()["video_id"]


async def words_of(client: httpx.AsyncClient, content: bytes, **query: Any) -> httpx.Response:
    params = {"video_id": await video_id(client), "name": "talk.srt", **query}
    return await client.post("/api/captions/words", params=params, content=content)


async def test_a_transcript_in_any_encoding_becomes_words_in_the_videos_time(filmed):
    async with filmed.client() as client:
        read = (await words_of(client, SRT.encode("cp1252"))).json()
        late = (await words_of(client, SRT.encode(), offset=0.25)).json()

    assert [word["text"] for word in read["words"]] == ["Hello", "wörld", "again"]
    assert read["words"][0]["start"] == 0
    assert read["words"][1]["end"] == pytest.approx(1)
    assert read["origin"] == "talk.srt"
    assert "Windows-1252" in read["notes"][0]
    assert late["words"][0]["start"] == pytest.approx(0.25)


async def test_every_fault_of_a_transcript_is_told_with_its_place(filmed):
    async with filmed.client() as client:
        refused = await words_of(client, b"1\n00:00:02,000 --> 00:00:01,000\nHello\n")
        unknown = await words_of(client, SRT.encode(), video_id="none")

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_transcript")
    assert refused.json()["faults"][0]["place"] == "line 2"
    assert unknown.status_code == 404


async def test_the_looks_and_areas_of_captions_are_listed(filmed):
    async with filmed.client() as client:
        choices = (await client.get("/api/captions/styles")).json()

    assert [style["name"] for style in choices["styles"]][:2] == ["phrase", "pop"]
    assert [area["name"] for area in choices["areas"]] == ["feed", "ads", "full"]
    assert all(each["summary"] for each in choices["styles"] + choices["areas"])
    assert choices["can_recognise"] is False


@pytest.fixture
async def drawing(serve, ffmpeg: Path, tmp_path: Path, yunet: Path | None):
    """A server that draws frames."""
    tools = DrawingTools(
        analyses=Analyses(tmp_path / "analyses", threads=1, limits=Watchdogs()),
        face_model=FaceModel(ModelPlace(tmp_path / "models", named=yunet)),
        source=in_place,
        ffmpeg=lambda: ffmpeg,
        alignments=Alignments(tmp_path / "transcripts"),
    )
    served = await serve(captioned=CaptionDrawer(tools))
    grey = ("-f", "lavfi", "-i", "color=0x808080:s=640x480:r=25:d=3", "-preset", "ultrafast")
    command = [ffmpeg, "-v", "error", *grey, served.folder / "media" / "talk.mp4"]
    await asyncio.to_thread(subprocess.run, command, check=True)
    return served


WORDS = [{"text": "Hello", "start": 0.5, "end": 1.0}, {"text": "there", "start": 1.0, "end": 1.5}]
SCENE = {"start": 0.4, "end": 2.4, "words": WORDS}
FRAME = {"scene": SCENE, "style": "original", "at": 0.75, "area": "full"}


async def drawn(client: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    params = {"video_id": await video_id(client)}
    return await client.post("/api/captions/preview", params=params, json=FRAME | changes)


def pixels(response: httpx.Response) -> NDArray[np.int64]:
    assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
    with av.open(io.BytesIO(response.content), "r") as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)


YELLOW, WHITE = (255, 229, 0), (255, 255, 255)


def middle_of(picture: NDArray[np.int64], colour: tuple[int, int, int]) -> float:
    """Where, from left to right, letters of the colour stand."""
    found = np.abs(picture - colour).max(axis=2) < 40
    assert found.any(), colour
    return float(np.argwhere(found)[:, 1].mean())


async def test_a_frame_shows_the_captions_of_its_moment(drawing):
    async with drawing.client() as client:
        first, second = pixels(await drawn(client)), pixels(await drawn(client, at=1.25))
        early, silent = [
            await drawn(client, at=0.42, scene=SCENE | {"words": words}) for words in (WORDS, [])
        ]

    assert early.content == silent.content
    for picture, said_first in ((first, True), (second, False)):
        said, unsaid = (middle_of(picture, colour) for colour in (YELLOW, WHITE))
        assert (said < unsaid) is said_first
        assert (said + unsaid) / 2 == pytest.approx(320, abs=40)


async def test_words_of_a_line_are_shown_when_they_are_heard_as_in_the_clip(drawing, source):
    shutil.copy(source("small"), drawing.folder / "media" / "talk.mp4")
    # The source has a tone at the beginning of each second.
    line = [word | {"spread": [0.4, 2.4]} for word in WORDS]
    async with drawing.client() as client:
        early, silent, heard, silence = [
            await drawn(client, at=at, scene=SCENE | {"words": words})
            for at in (0.75, 1.05)
            for words in (line, [])
        ]

    assert early.content == silent.content
    assert heard.content != silence.content


async def test_a_style_that_looks_for_people_is_drawn_where_it_would_look(drawing):
    async with drawing.client() as client:
        picture = pixels(await drawn(client, style="intelligent_motion", aspect="1:1"))

    assert picture.shape[0] == picture.shape[1]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"style": "none such"}, "unknown_style"),
        ({"caption_style": "none such"}, "unknown_caption_style"),
        ({"area": "everywhere"}, "invalid_request"),
        ({"aspect": "7:3"}, "invalid_aspect"),
        ({"scene": {"start": 1, "end": 99}}, "invalid_scenes"),
        ({"scene": SCENE | {"words": [{"text": "", "start": 0, "end": 1}]}}, "invalid_scenes"),
    ],
)
async def test_a_frame_that_cannot_be_drawn_is_refused(drawing, changes, code):
    async with drawing.client() as client:
        refused = await drawn(client, **changes)

    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_a_server_that_draws_nothing_says_so(filmed):
    async with filmed.client() as client:
        assert (await drawn(client)).status_code == 404
