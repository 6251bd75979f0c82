"""What cannot be done is refused by the right problem, and leaves nothing behind."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from viralclip.server.limits import Limits

LONG = "a" * 5000


@pytest.fixture
async def rooted(served, source, tmp_path):
    """A server with one video in its media root, and another that a link points to from there."""
    root = tmp_path / "media"
    (tmp_path / "secret").mkdir()
    shutil.copy(source("small"), root / "talk.mp4")
    shutil.copy(source("small"), tmp_path / "secret" / "other.mp4")
    (root / "link.mp4").symlink_to(tmp_path / "secret" / "other.mp4")
    (root / "inner.mp4").symlink_to(root / "talk.mp4")
    (root / "folder.mp4").mkdir()
    (root / "loop.mp4").symlink_to(root / "loop.mp4")
    return served


def new_job(**changes) -> dict:
    scenes = [{"title": "One", "start": 0, "end": 1}]
    return {
        "source": {"path": "talk.mp4"},
        "scenes": scenes,
        "styles": ["original"],
        "preset": "fast",
    } | changes


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert problem["detail"]
    return answer.status_code, problem["code"]


async def nothing_left(served) -> bool:
    return await served.catalog.jobs.latest() == [] and await served.queued() == []


@pytest.mark.parametrize(
    "path",
    [
        "../secret/other.mp4",
        "..",
        ".",
        "",
        "/etc/passwd",
        "/dev/zero",
        "link.mp4",
        "loop.mp4",
        "folder.mp4",
        "talk.mp4/../../secret/other.mp4",
        "missing.mp4",
        "talk.mp4\x00",
        "\x00",
        "a/" * 2000,
        "a" * 300,
        "~/x.mp4",
        "file:talk.mp4",
        "http://127.0.0.1/x.mp4",
        "concat:talk.mp4|talk.mp4",
    ],
)
async def test_a_path_that_does_not_lie_in_a_media_root_is_not_there(rooted, path, tmp_path):
    async with rooted.client() as client:
        opened = await client.post("/api/videos/files", params={"path": path})
        asked = await client.post("/api/jobs", json=new_job(source={"path": path}))
        absolute = str(tmp_path / "secret" / "other.mp4")
        outside = await client.post("/api/jobs", json=new_job(source={"path": absolute}))

    assert code_of(opened) == code_of(asked) == (404, "not_found")
    assert code_of(outside) == (404, "not_found")
    assert await rooted.queued() == []


async def test_the_files_of_the_media_roots_are_listed_and_opened(rooted):
    async with rooted.client() as client:
        listed = (await client.get("/api/videos/files")).json()
        opened = (await client.post("/api/videos/files", params={"path": "inner.mp4"})).json()
        content = await client.get(
            f"/api/videos/{opened['video_id']}/content", headers={"Range": "bytes=4-7"}
        )

    assert [file["path"] for file in listed] == ["inner.mp4", "talk.mp4"]
    assert (content.status_code, content.content) == (206, b"ftyp")
    assert content.headers["content-type"] == "video/mp4"


async def test_every_media_root_is_looked_into(serve, source, tmp_path):
    (tmp_path / "second").mkdir()
    shutil.copy(source("small"), tmp_path / "second" / "there.mp4")
    served = await serve(media_roots=(tmp_path / "media", tmp_path / "second"))
    async with served.client() as client:
        opened = await client.post("/api/videos/files", params={"path": "there.mp4"})

    assert opened.json()["name"] == "there.mp4"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"styles": ["nonsense"]}, (422, "unknown_style")),
        ({"styles": []}, (422, "invalid_request")),
        ({"styles": ["original"] * 51}, (422, "invalid_request")),
        ({"styles": [LONG]}, (422, "invalid_request")),
        ({"styles": "original"}, (422, "invalid_request")),
        ({"aspect": "3:17"}, (422, "invalid_aspect")),
        ({"aspect": LONG}, (422, "invalid_request")),
        ({"preset": "slow"}, (422, "invalid_request")),
        ({"priority": "now"}, (422, "invalid_request")),
        ({"source": {"path": LONG}}, (422, "invalid_request")),
        ({"source": {"video_id": "none"}}, (404, "not_found")),
        ({"source": {"video_id": "no\x00ne"}}, (422, "invalid_request")),
        ({"source": {}}, (422, "invalid_request")),
        ({"source": {"path": "talk.mp4", "video_id": "x"}}, (422, "invalid_request")),
        ({"source": "talk.mp4"}, (422, "invalid_request")),
        ({"scenes": []}, (422, "invalid_scenes")),
        ({"scenes": ""}, (422, "invalid_scenes")),
        ({"scenes": 7}, (422, "invalid_request")),
        ({"scenes": [7]}, (422, "invalid_request")),
        ({"scenes": [{"title": "x", "start": 5, "end": 1}]}, (422, "invalid_scenes")),
        ({"scenes": [{"title": "x", "start": 0, "end": 9999}]}, (422, "invalid_scenes")),
        ({"scenes": [{"title": "\ud800", "start": 0, "end": 1}]}, (422, "invalid_scenes")),
        ({"scenes": [{"title": LONG, "start": 0, "end": 1}]}, (422, "invalid_scenes")),
        ({"scenes": "\ud800"}, (422, "invalid_scenes")),
        ({"unknown": 1}, (422, "invalid_request")),
        ({"\ud800": 1}, (422, "invalid_request")),
        ({"loudness": "loud"}, (422, "invalid_request")),
        ({"audio_track": "mic"}, (422, "invalid_request")),
        ({"audio_track": "9"}, (422, "unknown_audio_track")),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
async def test_a_request_with_faults_is_refused_and_nothing_is_queued(rooted, changes, expected):
    body = json.dumps(new_job(**changes))
    async with rooted.client() as client:
        answer = await client.post(
            "/api/jobs", content=body, headers={"Content-Type": "application/json"}
        )

    assert code_of(answer) == expected
    assert await nothing_left(rooted)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b'{"a":' * 20_000,
        b"[" * 100_000,
        b'{"scenes": 1e999}',
        b'{"scenes": NaN}',
        b"1" * 10_000,
    ],
    ids=lambda body: body[:12].decode(errors="replace"),
)
async def test_a_body_that_is_not_the_json_of_a_job_is_refused(rooted, body):
    async with rooted.client() as client:
        answer = await client.post(
            "/api/jobs", content=body, headers={"Content-Type": "application/json"}
        )

    assert code_of(answer)[0] in (400, 422)
    assert await nothing_left(rooted)


async def test_ten_thousand_scenes_are_refused_with_the_reason(rooted):
    rows = [{"title": str(i), "start": 0, "end": 1} for i in range(10_000)]
    text = "title,start,end\n" + "\n".join(f"{i},0,1" for i in range(10_000))
    broken = "title,start,end\n" + "\n".join(f"{i},x,y" for i in range(10_000))
    async with rooted.client() as client:
        for scenes in (rows, text, broken):
            answer = await client.post("/api/jobs", json=new_job(scenes=scenes))

            assert code_of(answer) == (422, "invalid_scenes")
            assert 1 <= len(answer.json()["faults"]) <= 200
            assert len(answer.content) < 200_000
    assert await nothing_left(rooted)


async def test_a_body_over_the_limit_is_refused_whether_it_says_its_length_or_not(serve):
    served = await serve(limits=Limits(body_bytes=10_000))

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 1000

    async with served.client() as client:
        said = await client.post("/api/jobs", content=b" " * 10_001)
        unsaid = await client.post(
            "/api/jobs", content=chunks(), headers={"Content-Type": "application/json"}
        )
        upload = await client.post(
            "/api/uploads", content=b" " * 10_001, headers={"Tus-Resumable": "1.0.0"}
        )

    assert code_of(said) == (413, "too_large")
    assert code_of(unsaid) == (413, "too_large")
    assert code_of(upload) == (413, "too_large")


@pytest.mark.parametrize("length", ["99999999999999999999999", "-1", "1e3", "٣", "9" * 5000])
async def test_a_length_that_is_none_is_refused(served, length):
    request = (
        f"POST /api/jobs HTTP/1.1\r\nHost: {served.address}\r\nContent-Length: {length}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(request.encode())
    async with asyncio.timeout(10):
        answer = await reader.read(4096)
    writer.close()

    assert answer.split()[1] in (b"400", b"413")


@pytest.mark.parametrize("job_id", ["none", "..", "%2e%2e", "%00", "a" * 64, "a b", "%ff", "'--"])
async def test_a_job_that_is_not_there_is_not_found(served, job_id):
    async with served.client() as client:
        for method, path in (
            ("GET", ""),
            ("GET", "/events"),
            ("GET", "/clips"),
            ("GET", "/clips.zip"),
            ("GET", "/clips/1/original/file"),
            ("POST", "/cancel"),
            ("POST", "/retry"),
            ("DELETE", ""),
        ):
            url = httpx.URL(f"http://{served.address}").copy_with(
                raw_path=f"/api/jobs/{job_id}{path}".encode()
            )
            answer = await client.send(client.build_request(method, url))
            assert answer.status_code in (404, 405), (method, path)
            assert code_of(answer)[1] in ("not_found", "method_not_allowed")


@pytest.mark.parametrize(
    "cursor", ["x", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01"]
)
async def test_any_moment_or_none_is_a_page_of_jobs_or_a_problem(served, cursor):
    async with served.client() as client:
        answer = await client.get("/api/jobs", params={"cursor": cursor})

    assert answer.status_code in (200, 422)


async def test_jobs_come_in_pages_with_each_job_once(served):
    for number in range(7):
        await served.add(f"job{number}")
    seen, cursor = [], None
    async with served.client() as client:
        while True:
            params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/api/jobs", params=params)).json()
            seen += [row["job"]["job_id"] for row in page["jobs"]]
            if (cursor := page["next"]) is None:
                break

    assert seen == [f"job{number}" for number in reversed(range(7))]


FRAMES = [
    b"\x81\x05hello",  # not masked
    b"\xff\x80\x00\x00\x00\x00",  # reserved bits and an unknown kind
    b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff" + b"\x00" * 4,  # longer than anything
    b"\x81\x82\x00\x00\x00\x00\xff\xff",  # not text
    b"\x89\xfe\x01\x00" + b"\x00" * 260,  # a ping that is too long
    b"\x80\x80\x00\x00\x00\x00",  # goes on with nothing
    b"GET / HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
async def test_a_malformed_frame_ends_that_view_and_no_other(served, frame, note):
    await served.add("job")
    async with asyncio.timeout(10), connect(served.live("job"), proxy=None) as good:
        await good.recv()
        async with connect(served.live("job"), proxy=None) as bad:
            await bad.recv()
            bad.transport.write(frame)
            with suppress(ConnectionClosed):
                while await bad.recv():
                    pass
            await bad.wait_closed()
        await served.channel.publish([note(1)])

        assert '"kind":"event"' in str(await good.recv())


@pytest.mark.parametrize("message", ["", "hello", '{"kind":"event"}', b"\x00\xff", "x" * 4000])
async def test_what_a_viewer_says_is_ignored(served, message, note):
    await served.add("job")
    async with asyncio.timeout(10), connect(served.live("job"), proxy=None) as viewer:
        await viewer.recv()
        for _ in range(20):
            await viewer.send(message)
        await served.channel.publish([note(1)])

        assert '"kind":"event"' in str(await viewer.recv())


async def test_a_view_that_is_cut_off_during_its_handshake_leaves_nothing(served, until):
    await served.add("job")
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port)) as sock:
            sock.sendall(f"GET /api/jobs/job/live HTTP/1.1\r\nHost: {served.address}\r\n".encode())

    await until(lambda: not served.connections)
    assert served.backends.feeds._feeds == {}


async def test_a_repeated_request_with_the_same_key_gets_the_same_job(rooted):
    key = {"Idempotency-Key": "k1"}
    async with rooted.client() as client:
        first = await client.post("/api/jobs", json=new_job(), headers=key)
        again = await client.post("/api/jobs", json=new_job(), headers=key)
        other = await client.post("/api/jobs", json=new_job(styles=["split"]), headers=key)
        fresh = await client.post("/api/jobs", json=new_job(), headers={"Idempotency-Key": "k2"})

    assert first.status_code == again.status_code == fresh.status_code == 201
    assert first.json() == again.json() != fresh.json()
    assert code_of(other) == (409, "conflict")
    assert len(await rooted.catalog.jobs.latest()) == len(await rooted.queued()) == 2


async def test_a_refused_request_does_not_use_up_its_key(rooted):
    key = {"Idempotency-Key": "k1"}
    async with rooted.client() as client:
        refused = await client.post("/api/jobs", json=new_job(styles=["no"]), headers=key)
        corrected = await client.post("/api/jobs", json=new_job(), headers=key)

    assert (refused.status_code, corrected.status_code) == (422, 201)


async def test_requests_with_one_key_at_the_same_time_make_one_job(rooted):
    key = {"Idempotency-Key": "k1"}
    async with rooted.client() as client:
        answers = await asyncio.gather(
            *(client.post("/api/jobs", json=new_job(), headers=key) for _ in range(10))
        )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    job = await rooted.catalog.jobs.find(answers[0].json()["job_id"])
    assert len(await rooted.catalog.jobs.latest()) == 1
    assert job.prefix == f"{job.job_id}/"
    assert len(await rooted.queued()) == 1


async def test_a_key_whose_first_request_was_cut_short_still_makes_its_job(rooted):
    """The server died between the claim and the job."""
    key = {"Idempotency-Key": "k1"}
    async with rooted.client() as client:
        first = await client.post("/api/jobs", json=new_job(), headers=key)
        job_id = first.json()["job_id"]
        await rooted.catalog.jobs.delete(job_id)
        again = await client.post("/api/jobs", json=new_job(), headers=key)

    assert again.json()["job_id"] == job_id
    assert (await rooted.catalog.jobs.find(job_id)).prefix == f"{job_id}/"


async def test_one_job_too_many_is_refused_even_if_all_are_asked_for_at_once(
    serve, source, tmp_path
):
    served = await serve(limits=Limits(jobs_per_user=2))
    shutil.copy(source("small"), tmp_path / "media" / "talk.mp4")
    async with served.client() as client:
        key = {"Idempotency-Key": "k1"}
        first = await client.post("/api/jobs", json=new_job(), headers=key)
        answers = await asyncio.gather(*(client.post("/api/jobs", json=new_job()) for _ in "12345"))
        again = await client.post("/api/jobs", json=new_job(), headers=key)

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201, 429, 429, 429, 429]
    assert code_of(next(a for a in answers if a.status_code == 429)) == (429, "too_many")
    assert again.json() == first.json()
    assert len(await served.catalog.jobs.latest()) == 2


async def test_actions_on_a_job_that_has_ended_or_still_runs_are_conflicts(served):
    await served.add("runs")
    await served.add("ended")
    await served.catalog.runs.finish(
        "ended", 1, "succeeded", (await served.catalog.jobs.find("ended")).created_at
    )
    async with served.client() as client:
        for method, path in (
            ("DELETE", "/api/jobs/runs"),
            ("POST", "/api/jobs/runs/retry"),
            ("POST", "/api/jobs/ended/cancel"),
            ("POST", "/api/jobs/ended/clips/1/original/cancel"),
            ("POST", "/api/jobs/ended/retry"),
            ("PATCH", "/api/jobs/ended"),
        ):
            body = {"priority": "low"} if method == "PATCH" else None
            answer = await client.request(method, path, json=body)

            assert answer.status_code == 409, path
            assert code_of(answer)[1] in ("conflict", "job_busy")
        assert code_of(await client.get("/api/jobs/ended/clips.zip")) == (404, "not_found")
        assert code_of(await client.get("/api/jobs/ended/clips/9/original/file")) == (
            404,
            "not_found",
        )
        assert code_of(await client.get("/api/jobs/ended/clips/1/original/no")) == (
            422,
            "invalid_request",
        )
