"""Uploads by the tus protocol, as a small client of its own sends them."""

import asyncio
import base64
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Self

import httpx
import pytest

from bench.attack.pictures import png
from viralclip.media.probe import probe
from viralclip.plan import Video
from viralclip.server import partial_upload
from viralclip.server.limits import Limits
from viralclip.server.partial_upload import safe_name
from viralclip.server.partial_uploads import EXPIRES_S, PartialUploads

TUS = {"Tus-Resumable": "1.0.0"}
KIND = {"Content-Type": "application/offset+octet-stream"}


def tus(served, token: str | None = None) -> httpx.AsyncClient:
    return served.client(token, headers=TUS)


async def announce(client: httpx.AsyncClient, length: int, name: str = "talk.mp4") -> str:
    """The address of a new upload."""
    encoded = base64.b64encode(name.encode()).decode()
    headers = {"Upload-Length": str(length), "Upload-Metadata": f"filename {encoded},other"}
    answer = await client.post("/api/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert "upload-expires" in answer.headers
    return answer.headers["location"]


async def send(client: httpx.AsyncClient, place: str, offset: int, content) -> httpx.Response:
    headers = {**KIND, "Upload-Offset": str(offset)}
    return await client.patch(place, headers=headers, content=content)


async def offset_of(client: httpx.AsyncClient, place: str) -> int:
    answer = await client.head(place)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


async def becomes(client: httpx.AsyncClient, place: str, until) -> dict:
    """What the upload is in the end: ready, or refused."""

    async def settled() -> dict | None:
        found = (await client.get(place)).json()
        return found if found["state"] in ("ready", "refused") else None

    return await until(settled)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def video(source) -> bytes:
    return source("small").read_bytes()


async def test_a_file_sent_in_pieces_becomes_a_video(served, video):
    async with tus(served) as client:
        described = await client.request("OPTIONS", "/api/uploads")
        place = await announce(client, len(video))
        sent = None
        for start in range(0, len(video), 50_000):
            sent = await send(client, place, start, video[start : start + 50_000])
            assert sent.status_code == 204
            assert int(sent.headers["upload-offset"]) == min(start + 50_000, len(video))
        assert sent is not None
        video_id = sent.headers["video-id"]
        found = (await client.get(f"/api/videos/{video_id}")).json()
        content = await client.get(f"/api/videos/{video_id}/content")
        listed = (await client.get("/api/videos")).json()

    assert described.headers["tus-version"] == "1.0.0"
    assert set(described.headers["tus-extension"].split(",")) >= {"creation", "termination"}
    assert (found["name"], found["width"]) == ("talk.mp4", 640)
    assert content.content == video
    assert [each["video_id"] for each in listed] == [video_id]


async def test_an_uploaded_video_can_be_cut(served, video):
    async with tus(served) as client:
        place = await announce(client, len(video))
        video_id = (await send(client, place, 0, video)).headers["video-id"]
        asked = {
            "source": {"video_id": video_id},
            "scenes": "title,start,end\nOne,0,1\n",
            "styles": ["original"],
        }
        made = await client.post("/api/jobs", json=asked)

    assert made.status_code == 201


async def test_after_a_cut_connection_it_goes_on_where_it_was(served, video, until):
    async def cut_off():
        yield video[:70_000]
        raise ConnectionError("the network is gone")

    async with tus(served) as client:
        place = await announce(client, len(video))
        with pytest.raises(ConnectionError):
            await send(client, place, 0, cut_off())

        async def came() -> int:
            answer = await client.head(place)
            return int(answer.headers.get("upload-offset", 0))

        offset = await until(came)
        sent = await send(client, place, offset, video[offset:])
        content = await client.get(f"/api/videos/{sent.headers['video-id']}/content")

    assert offset == 70_000
    assert content.content == video


async def test_bytes_that_a_killed_server_had_written_count(served, video):
    """What is on the disk is the offset: there is no other count that could differ from it."""
    async with tus(served) as client:
        place = await announce(client, len(video))
        await send(client, place, 0, video[:1000])
        (data,) = [path for path in files(served.folder / "uploads") if not path.suffix]
        with data.open("ab") as file:
            file.write(video[1000:1700])

        assert await offset_of(client, place) == 1700
        sent = await send(client, place, 1700, video[1700:])
        content = await client.get(f"/api/videos/{sent.headers['video-id']}/content")

    assert content.content == video


async def test_whoever_missed_the_last_answer_learns_the_video_by_asking(served, video):
    async with tus(served) as client:
        place = await announce(client, len(video))
        sent = await send(client, place, 0, video)
        asked = await client.head(place)

    assert asked.headers["video-id"] == sent.headers["video-id"]
    assert asked.headers["upload-offset"] == asked.headers["upload-length"] == str(len(video))


async def test_a_server_that_died_after_the_last_byte_takes_the_video_in_when_asked(
    served, video, until
):
    async with tus(served) as client:
        place = await announce(client, len(video))
        (data,) = [path for path in files(served.folder / "uploads") if not path.suffix]
        data.write_bytes(video)
        asked = await client.head(place)
        found = await becomes(client, place, until)

        assert asked.headers["upload-state"] in ("checking", "storing", "ready")
        assert (await client.get(f"/api/videos/{found['video_id']}")).status_code == 200
        assert (await client.head(place)).headers["video-id"] == found["video_id"]


async def test_a_wrong_offset_is_a_conflict_and_writes_nothing(served, video):
    async with tus(served) as client:
        place = await announce(client, len(video))
        await send(client, place, 0, video[:1000])
        for offset in (0, 999, 1001):
            answer = await send(client, place, offset, video[1000:2000])
            assert code_of(answer) == (409, "conflict")

        assert await offset_of(client, place) == 1000


async def test_more_than_was_announced_is_refused_and_the_rest_can_still_come(served, video):
    async def unannounced():
        yield video[1000:]
        yield b"more"

    async with tus(served) as client:
        place = await announce(client, len(video))
        await send(client, place, 0, video[:1000])
        said = await send(client, place, 1000, video[1000:] + b"more")
        assert code_of(said) == (413, "too_large")
        assert await offset_of(client, place) == 1000
        unsaid = await send(client, place, 1000, unannounced())
        assert code_of(unsaid) == (413, "too_large")
        offset = await offset_of(client, place)
        assert offset <= len(video)


async def test_a_file_over_the_limit_is_refused_before_it_is_sent(serve):
    served = await serve(limits=Limits(upload_bytes=1000))
    async with tus(served) as client:
        answer = await client.post("/api/uploads", headers={"Upload-Length": "1001"})
        described = await client.request("OPTIONS", "/api/uploads")

    assert code_of(answer) == (413, "too_large")
    assert described.headers["tus-max-size"] == "1000"
    assert files(served.folder / "uploads") == []


async def test_a_file_that_the_disk_has_no_room_for_is_refused(serve):
    served = await serve(limits=Limits(upload_bytes=10**18))
    async with tus(served) as client:
        answer = await client.post("/api/uploads", headers={"Upload-Length": str(10**17)})

    assert code_of(answer) == (507, "disk_full")


@pytest.mark.parametrize(
    "content", [b"just text\n" * 100, b"\x00" * 1000, b"<script>alert(1)</script>", b"x"]
)
async def test_a_file_that_is_no_video_is_refused_and_removed(served, content):
    async with tus(served) as client:
        place = await announce(client, len(content), "page.html")
        answer = await send(client, place, 0, content)

        assert code_of(answer) == (422, "source_not_video")
        assert "page.html" in answer.json()["detail"]
        assert (await client.head(place)).status_code == 404
        assert (await client.get("/api/videos")).json() == []
    assert files(served.folder / "uploads") == []


async def test_a_picture_is_refused_as_one_under_the_name_it_was_sent_with(served):
    content = png(8, 8)
    async with tus(served) as client:
        place = await announce(client, len(content), "photo.mp4")
        answer = await send(client, place, 0, content)

        assert code_of(answer) == (422, "source_still")
        assert "photo.mp4 is a picture" in answer.json()["detail"]
    assert files(served.folder / "uploads") == []


async def test_a_video_under_a_name_of_something_else_is_never_served_as_that(served, video):
    async with tus(served) as client:
        place = await announce(client, len(video), "evil.html")
        video_id = (await send(client, place, 0, video)).headers["video-id"]
        content = await client.get(f"/api/videos/{video_id}/content")

    assert content.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\videos\\talk.mp4", "talk.mp4"),
        ("..", "video"),
        (".", "video"),
        ("", "video"),
        ("a\x00b\nc.mp4", "abc.mp4"),
        ("Vortrag über Öl.mp4", "Vortrag über Öl.mp4"),
        ("講演.mp4", "講演.mp4"),
        ("é" * 500 + ".mp4", "é" * 88 + ".mp4"),
        (".hidden.mp4", "hidden.mp4"),
    ],
)
async def test_a_name_stays_in_its_place(served, video, name, kept):
    async with tus(served) as client:
        place = await announce(client, len(video), name)
        video_id = (await send(client, place, 0, video)).headers["video-id"]
        found = (await client.get(f"/api/videos/{video_id}")).json()

    assert found["name"] == kept == safe_name(name)
    stored = [path for path in files(served.folder / "uploads") if path.suffix != ".json"]
    assert [path.name for path in stored] == [kept]


@pytest.mark.parametrize("upload_id", ["..", "0" * 32, "x" * 32, "%2e%2e%2fx", ".json", "a" * 101])
async def test_an_upload_that_is_not_there_is_not_found(served, upload_id):
    async with tus(served) as client:
        for method in ("HEAD", "PATCH", "DELETE"):
            url = httpx.URL(f"http://{served.address}").copy_with(
                raw_path=f"/api/uploads/{upload_id}".encode()
            )
            headers = {**KIND, "Upload-Offset": "0"}
            answer = await client.send(client.build_request(method, url, headers=headers))
            assert answer.status_code in (404, 405, 422)


async def test_a_request_that_does_not_speak_the_protocol_is_refused(served):
    async with served.client() as client:
        silent = await client.post("/api/uploads", headers={"Upload-Length": "1"})
        assert code_of(silent) == (412, "unsupported_version")
        assert silent.headers["tus-version"] == "1.0.0"
    async with tus(served) as client:
        for headers in (
            {},
            {"Upload-Length": "0"},
            {"Upload-Length": "-1"},
            {"Upload-Length": "x"},
        ):
            answer = await client.post("/api/uploads", headers=headers)
            assert code_of(answer) == (422, "invalid_request")
        garbled = {"Upload-Length": "1", "Upload-Metadata": "filename ==="}
        assert code_of(await client.post("/api/uploads", headers=garbled)) == (
            400,
            "invalid_metadata",
        )
        place = await announce(client, 10)
        untyped = await client.patch(place, headers={"Upload-Offset": "0"}, content=b"x")
        assert code_of(untyped) == (415, "unsupported_media_type")


async def test_who_has_no_token_is_refused_before_a_byte_is_taken(serve):
    """The body is never read: the answer comes although it has not been sent."""
    served = await serve(tokens=True)
    token = await served.accounts.create("anna")
    async with tus(served, token) as client:
        place = await announce(client, 1000)
    before = files(served.folder / "uploads")

    lines = [
        f"PATCH {place} HTTP/1.1",
        f"Host: {served.address}",
        "Tus-Resumable: 1.0.0",
        "Upload-Offset: 0",
        "Content-Type: application/offset+octet-stream",
        "Content-Length: 1000",
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write("\r\n".join([*lines, "", ""]).encode())
    async with asyncio.timeout(10):
        answer = await reader.read(20)
    writer.close()

    assert answer.startswith(b"HTTP/1.1 401")
    async with tus(served, token) as client:
        assert await offset_of(client, place) == 0
    assert files(served.folder / "uploads") == before


async def test_an_upload_given_up_leaves_nothing(served, video):
    async with tus(served) as client:
        place = await announce(client, len(video))
        await send(client, place, 0, video[:1000])
        gone = await client.delete(place)

        assert gone.status_code == 204
        assert (await client.head(place)).status_code == 404
    assert files(served.folder / "uploads") == []


async def test_uploads_that_nobody_goes_on_with_are_swept(served, video):
    async with tus(served) as client:
        old, fresh = await announce(client, 1000), await announce(client, 1000)
        yesterday = time.time() - EXPIRES_S - 60
        for path in files(served.folder / "uploads"):
            if path.stem in old:
                os.utime(path, (yesterday, yesterday))
        await announce(client, 1000)

        assert (await client.head(old)).status_code == 404
        assert (await client.head(fresh)).status_code == 200


async def test_an_upload_that_still_comes_after_a_day_is_not_swept(served):
    async with tus(served) as client:
        place = await announce(client, 1000)
        yesterday = time.time() - EXPIRES_S - 60
        for path in files(served.folder / "uploads"):
            os.utime(path, (yesterday, yesterday))
        await send(client, place, 0, b"x" * 10)
        await announce(client, 1000)

        assert await offset_of(client, place) == 10


async def test_a_finished_video_outlives_the_sweep(served, video):
    async with tus(served) as client:
        place = await announce(client, len(video))
        video_id = (await send(client, place, 0, video)).headers["video-id"]
        PartialUploads(served.folder / "uploads").sweep(time.time() + 2 * EXPIRES_S)

        assert (await client.get(f"/api/videos/{video_id}/content")).content == video
        assert (await client.head(place)).status_code == 404


async def test_there_are_only_so_many_unfinished_uploads_at_once(served):
    async with tus(served) as client:
        for _ in range(20):
            await announce(client, 10)
        answer = await client.post("/api/uploads", headers={"Upload-Length": "10"})

    assert code_of(answer) == (429, "too_many")


class Held:
    """A connection that has sent some bytes of an upload, and says nothing any more."""

    def __init__(self, served, place: str, length: int, sent: bytes, offset: int = 0) -> None:
        self._served = served
        lines = [
            f"PATCH {place} HTTP/1.1",
            f"Host: {served.address}",
            "Tus-Resumable: 1.0.0",
            f"Upload-Offset: {offset}",
            "Content-Type: application/offset+octet-stream",
            f"Content-Length: {length - offset}",
        ]
        self._bytes = "\r\n".join([*lines, "", ""]).encode() + sent

    async def __aenter__(self) -> Self:
        self.reader, self._writer = await asyncio.open_connection("127.0.0.1", self._served.port)
        self._writer.write(self._bytes)
        await self._writer.drain()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()


MIB = 1024 * 1024


@pytest.mark.parametrize("sent", [3 * MIB, 100])
async def test_a_cut_without_a_word_keeps_nobody_from_going_on(served, until, sent):
    length = 8 * MIB
    async with tus(served) as client:
        place = await announce(client, length)
        async with Held(served, place, length, bytes(sent)) as held, asyncio.timeout(10):
            # What is written comes in pieces of a little over a MiB.
            most = sent - MIB

            async def has_come() -> bool:
                return await offset_of(client, place) >= most

            await until(has_come)
            offset = await offset_of(client, place)
            answer = await send(client, place, offset, b"x" * 10)
            ended = await held.reader.read(12)

    assert answer.headers["upload-offset"] == str(offset + 10)
    assert ended == b"HTTP/1.1 423"


async def test_an_upload_can_be_given_up_while_a_connection_hangs(served):
    async with tus(served) as client:
        place = await announce(client, MIB)
        async with Held(served, place, MIB, b"x"), asyncio.timeout(10):
            assert (await client.head(place)).status_code == 200
            assert (await client.delete(place)).status_code == 204
            assert (await client.head(place)).status_code == 404
    assert files(served.folder / "uploads") == []


async def test_a_request_at_a_wrong_offset_does_not_end_the_one_under_way(served, video, until):
    async with tus(served) as client:
        place = await announce(client, len(video))
        async with Held(served, place, len(video), video[:-1]) as held:
            refused = await send(client, place, 5, b"x")
            held._writer.write(video[-1:])
            async with asyncio.timeout(30):
                answer = await held.reader.read(12)

    assert refused.status_code == 409
    assert answer == b"HTTP/1.1 204"


async def test_of_many_requests_with_the_whole_file_one_brings_it(served, video, until):
    async with tus(served) as client:
        place = await announce(client, len(video))
        answers = await asyncio.gather(*(send(client, place, 0, video) for _ in range(8)))
        codes = sorted(answer.status_code for answer in answers)
        found = await becomes(client, place, until)
        content = await client.get(f"/api/videos/{found['video_id']}/content")

    assert codes[0] == 204
    assert set(codes[1:]) <= {204, 409, 413, 423}
    assert content.content == video


async def test_who_brought_the_last_bytes_is_told_so_although_a_newer_request_came(
    served, video, monkeypatch, until
):
    writing, go_on = threading.Event(), threading.Event()
    append = partial_upload._append

    def slowly(path: Path, content: bytes) -> int:
        writing.set()
        go_on.wait(10)
        return append(path, content)

    async def begun() -> bool:
        return writing.is_set()

    monkeypatch.setattr(partial_upload, "_append", slowly)
    async with tus(served) as client:
        place = await announce(client, len(video))
        first = asyncio.create_task(send(client, place, 0, video))
        await until(begun)
        second = asyncio.create_task(send(client, place, 0, video))
        await asyncio.sleep(0.2)  # it takes over, and waits for the write to end
        go_on.set()
        answers = await asyncio.gather(first, second)

    assert answers[0].status_code == 204
    assert answers[1].status_code in {204, 409, 413}


async def test_the_last_request_does_not_wait_for_a_slow_check(serve, video, until):
    go_on = asyncio.Event()

    async def slowly(path: Path) -> Video:
        await go_on.wait()
        return (await asyncio.to_thread(probe, path)).video

    served = await serve(probe=slowly, upload_answer_s=0.05)
    async with tus(served) as client:
        place = await announce(client, len(video))
        sent = await send(client, place, 0, video)
        seen = (await client.get(place)).json()
        go_on.set()
        found = await becomes(client, place, until)

    assert (sent.status_code, sent.headers["upload-state"]) == (204, "checking")
    assert "video-id" not in sent.headers
    assert (seen["state"], seen["offset"], seen["video_id"]) == ("checking", len(video), None)
    assert (found["state"], found["name"]) == ("ready", "talk.mp4")


async def test_a_refusal_that_comes_late_is_told_to_whoever_asks(serve, until):
    go_on = asyncio.Event()

    async def slowly(path: Path) -> Video:
        await go_on.wait()
        return (await asyncio.to_thread(probe, path)).video

    served = await serve(probe=slowly, upload_answer_s=0.05)
    async with tus(served) as client:
        place = await announce(client, 1000, "page.html")
        await send(client, place, 0, b"just text\n" * 100)
        go_on.set()
        found = await becomes(client, place, until)

        assert found["problem"]["code"] == "source_not_video"
        assert "page.html" in found["problem"]["detail"]
        assert (await client.head(place)).status_code == 404
        assert (await client.delete(place)).status_code == 204
    assert files(served.folder / "uploads") == []


async def test_an_upload_that_is_checked_can_be_given_up(serve, video):
    async def forever(_: Path) -> Video:
        await asyncio.Event().wait()
        raise AssertionError

    served = await serve(probe=forever, upload_answer_s=0.05)
    async with tus(served) as client:
        place = await announce(client, len(video))
        await send(client, place, 0, video)

        assert (await client.delete(place)).status_code == 204
        assert (await client.head(place)).status_code == 404
    assert files(served.folder / "uploads") == []


async def test_a_server_that_starts_finishes_what_the_one_before_it_left(serve, video, until):
    async def forever(_: Path) -> Video:
        await asyncio.Event().wait()
        raise AssertionError

    first = await serve(probe=forever, upload_answer_s=0.05)
    async with tus(first) as client:
        place = await announce(client, len(video))
        await send(client, place, 0, video)
    second = await serve()

    async with tus(second) as client:

        async def listed() -> list:
            return (await client.get("/api/videos")).json()

        assert [each["name"] for each in await until(listed)] == ["talk.mp4"]
        assert (await client.get(place)).json()["state"] == "ready"


async def test_one_user_is_not_promised_so_much_room_that_others_find_none(serve):
    served = await serve(tokens=True, limits=Limits(upload_bytes=10**18))
    anna, bob = [await served.accounts.create(name) for name in ("anna", "bob")]
    free = shutil.disk_usage(served.folder).free
    async with tus(served, anna) as hers, tus(served, bob) as his:
        all_of_it = await hers.post("/api/uploads", headers={"Upload-Length": str(free * 9 // 10)})
        await announce(hers, free * 2 // 5)
        more = await hers.post("/api/uploads", headers={"Upload-Length": str(free // 5)})
        await announce(his, free // 5)

    assert code_of(all_of_it) == (507, "disk_full")
    assert code_of(more) == (507, "disk_full")
    assert "half of the room" in more.json()["detail"]


async def test_room_that_was_promised_to_uploads_is_not_promised_again(serve):
    served = await serve(limits=Limits(upload_bytes=10**18))
    free = shutil.disk_usage(served.folder).free
    async with tus(served) as client:
        await announce(client, free // 2)
        second = await client.post("/api/uploads", headers={"Upload-Length": str(free * 2 // 3)})

    assert code_of(second) == (507, "disk_full")
