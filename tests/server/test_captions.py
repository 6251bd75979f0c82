"""Captions over HTTP: words of a transcript, what there is to choose, and edits of made clips."""

import shutil
from typing import Any

import httpx
import pytest

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
