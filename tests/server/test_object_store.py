"""A service whose videos and clips lie in an object store: no bytes of theirs go through it."""

import base64
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from peers.relay import Fault
from peers.s3 import SECRET, Bucket

_TUS = {"Tus-Resumable": "1.0.0"}
_KIND = {"Content-Type": "application/offset+octet-stream"}
_STYLE = "original"


@pytest.fixture
def video(source) -> bytes:
    return source("small").read_bytes()


async def _announce(client: httpx.AsyncClient, video: bytes) -> str:
    name = base64.b64encode("töp secret.mp4".encode()).decode()
    headers = {**_TUS, "Upload-Length": str(len(video)), "Upload-Metadata": f"filename {name}"}
    return (await client.post("/api/uploads", headers=headers)).headers["location"]


async def _send(client: httpx.AsyncClient, place: str, video: bytes) -> httpx.Response:
    return await client.patch(place, headers={**_TUS, **_KIND, "Upload-Offset": "0"}, content=video)


async def _upload(client: httpx.AsyncClient, video: bytes, until) -> str:
    place = await _announce(client, video)
    sent = await _send(client, place, video)
    assert sent.status_code == HTTPStatus.NO_CONTENT, sent.text

    async def known() -> str | None:
        return (await client.get(place)).json()["video_id"]

    return await until(known)


def _large_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.mp4") if path.is_file()]


async def test_a_video_that_was_uploaded_is_rendered_from_the_store_and_clips_come_from_there(
    spawn, bucket: Bucket, video: bytes, until
):
    process = await spawn(**bucket.env, VIRALCLIP_STORAGE=bucket.url)
    async with process.client() as client:
        video_id = await _upload(client, video, until)
        assert _large_files(process.state / "uploads") == []
        preview = await client.get(f"/api/videos/{video_id}/content")
        asked = {
            "source": {"video_id": video_id},
            "scenes": [{"title": "a", "start": 0, "end": 1}, {"title": "b", "start": 1, "end": 2}],
            "styles": [_STYLE],
            "preset": "fast",
        }
        created = await client.post("/api/jobs", json=asked)
        job_id = created.json()["job_id"]

        async def finished() -> object:
            state = (await client.get(f"/api/jobs/{job_id}")).json()
            return state["job"]["outcome"]

        outcome = await until(finished, within_s=200)
        clips = (await client.get(f"/api/jobs/{job_id}/clips")).json()
        answers = [await client.get(clip[what]) for clip in clips for what in ("file", "thumbnail")]
        zipped = await client.get(f"/api/jobs/{job_id}/clips.zip")
        policy = zipped.headers["content-security-policy"]
    keys = list(bucket.objects())
    async with httpx.AsyncClient(trust_env=False) as browser:
        seen = await browser.get(answers[0].headers["location"], headers={"Range": "bytes=0-99"})
        previewed = await browser.get(preview.headers["location"])

    assert outcome == "succeeded"
    assert {answer.status_code for answer in (*answers, preview)} == {HTTPStatus.TEMPORARY_REDIRECT}
    assert len(keys) == 5
    assert seen.content == bucket.content(f"clips/{job_id}/{clips[0]['filename']}")[:100]
    assert previewed.content == video
    assert len(zipped.content) > sum(clip["bytes"] for clip in clips)
    assert f"media-src 'self' blob: {bucket.relay.address};" in policy
    assert bucket.relay.count("GET", "secret.mp4") - 1 == 1
    assert SECRET not in process.log.read_text() + answers[0].headers["location"]


async def test_a_store_that_is_away_at_the_last_byte_loses_no_upload(
    serve, bucket: Bucket, video: bytes, until
):
    served = await serve(storage_url=bucket.url, upload_answer_s=60)
    bucket.relay.faults.append(Fault("status", times=99, words=("PUT",)))
    async with served.client() as client:
        place = await _announce(client, video)
        refused = await _send(client, place, video)
        meanwhile = (await client.get(place)).json()
        bucket.relay.faults.clear()

        async def known() -> httpx.Response | None:
            answer = await client.head(place, headers=_TUS)
            return answer if "video-id" in answer.headers else None

        looked = await until(known)
        listed = (await client.get("/api/videos")).json()

    assert (refused.status_code, refused.json()["code"]) == (502, "storage_unavailable")
    assert (meanwhile["state"], meanwhile["problem"]["status"]) == ("storing", 502)
    assert looked.headers["upload-offset"] == str(len(video))
    assert [each["video_id"] for each in listed] == [looked.headers["video-id"]]
    assert listed[0]["name"] == "töp secret.mp4"
    assert len(bucket.objects()) == 1
