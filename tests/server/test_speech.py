"""A job whose captions are heard is accepted where a living worker can listen."""

import shutil
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from viralclip.abilities import NO_WORKER, Abilities, SpeechModel

ENGLISH = Abilities(speech=SpeechModel(engine="faster-whisper", name="tiny.en", languages=("en",)))
DEAF = Abilities(problem="The package faster-whisper is missing.")


@pytest.fixture
async def working(serve, source):
    """`await working(...)`: a server with a video, beside workers that can do that."""

    async def start(*workers: Abilities) -> Any:
        async def living() -> Sequence[Abilities]:
            return workers

        server = await serve(workers=living)
        shutil.copy(source("small"), server.folder / "media" / "talk.mp4")
        return server

    return start


async def submit(client: httpx.AsyncClient, **captions: Any) -> httpx.Response:
    asked = {"source": {"path": "talk.mp4"}, "scenes": [{"start": 0, "end": 1}]}
    captions = {"mode": "auto", "burn": False, **captions}
    return await client.post(
        "/api/jobs", json={**asked, "styles": ["original"], "captions": captions}
    )


async def test_a_job_is_refused_if_no_living_worker_can_listen(working):
    server = await working(DEAF)
    async with server.client() as client:
        refused = await submit(client)
        choices = (await client.get("/api/captions/styles")).json()

    assert (refused.status_code, refused.json()["code"]) == (422, "speech_unavailable")
    assert "no worker can do it now: The package faster-whisper" in refused.json()["detail"]
    assert choices["can_recognise"] is False


async def test_a_language_is_refused_that_no_worker_knows_and_kept_if_one_does(working):
    server = await working(ENGLISH)
    async with server.client() as client:
        german, no_tag = await submit(client, language="de"), await submit(client, language="7")
        english = await submit(client, language="en-GB")
        choices = (await client.get("/api/captions/styles")).json()
    job = await server.catalog.jobs.find(english.json()["job_id"])

    assert [each.json()["code"] for each in (german, no_tag)] == ["unknown_language"] * 2
    assert english.status_code == 201, english.text
    assert job.plan.options.captions.language == "en"
    assert choices["can_recognise"] is True


async def test_without_a_worker_it_is_accepted_and_said(working):
    server = await working()
    async with server.client() as client:
        accepted = await submit(client)

    assert accepted.json()["notes"] == [NO_WORKER]
