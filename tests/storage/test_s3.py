"""Storage on S3 when it answers wrongly, late, half or not at all; and what must never be told."""

import asyncio
import traceback
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from peers.relay import Fault, How
from peers.s3 import SECRET, Bucket

from viralclip.errors import (
    StorageFullError,
    StorageRejectedError,
    StorageUnavailableError,
    ViralclipError,
)
from viralclip.storage.objects import Storage
from viralclip.storage.opening import open_storage

_ALWAYS = 99
# The requests of an upload in parts: it is begun, each part is sent, it is completed, looked at.
_BEGIN, _PART, _COMPLETE, _LOOK = ("POST", "uploads"), ("PUT", "part"), ("POST", "Id="), ("HEAD",)
_STEPS = (_BEGIN, _PART, _COMPLETE, _LOOK)


@pytest.fixture
def storage(s3_storage: Storage) -> Storage:
    return s3_storage


async def test_an_object_lies_under_the_prefix_and_a_browser_saves_it(
    bucket: Bucket, storage: Storage, clip: Path
):
    await storage.put(clip, "job/clip.mp4")
    head = bucket.client.head_object(Bucket=bucket.name, Key="clips/job/clip.mp4")

    assert bucket.content("clips/job/clip.mp4") == _read(clip)
    assert (head["ContentType"], head["ContentDisposition"]) == ("video/mp4", "attachment")
    assert storage.url("job/clip.mp4") == f"s3://{bucket.name}/clips/job/clip.mp4"
    assert storage.local_path("job/clip.mp4") is None


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "script.js", "none"])
async def test_what_a_browser_would_run_is_stored_as_plain_bytes(
    bucket: Bucket, storage: Storage, clip: Path, name: str
):
    await storage.put(clip, name)
    head = bucket.client.head_object(Bucket=bucket.name, Key=f"clips/{name}")

    assert head["ContentType"] == "application/octet-stream"


async def test_a_small_file_takes_one_request_and_a_look(
    bucket: Bucket, storage: Storage, make_file: Callable[[int], Path]
):
    await storage.put(make_file(1), "clip.jpg")

    assert [line.split()[0] for line in bucket.relay.lines] == ["PUT", "HEAD"]


async def test_a_signed_address_lets_anybody_read_ranges_and_holds_no_secret(
    bucket: Bucket, storage: Storage, clip: Path
):
    await storage.put(clip, "日本 #1.mp4")
    address = await storage.signed_url("日本 #1.mp4", seconds=60)
    async with httpx.AsyncClient(trust_env=False) as stranger:
        part = await stranger.get(address, headers={"Range": "bytes=5-9"})

    assert (part.status_code, part.content) == (HTTPStatus.PARTIAL_CONTENT, _read(clip)[5:10])
    assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == ["60"]
    assert SECRET not in address


async def test_signed_addresses_lead_to_where_browsers_know_the_store(bucket: Bucket):
    storage = open_storage(bucket.url, public="https://media.example.com")

    assert (await storage.signed_url("a.mp4")).startswith(
        f"https://media.example.com/{bucket.name}/clips/a.mp4?"
    )


@pytest.mark.parametrize(("step", "status"), [*((s, 503) for s in _STEPS), (_PART, 500)])
async def test_a_stumble_or_two_are_not_even_noticed(
    bucket: Bucket, storage: Storage, clip: Path, step: tuple[str, ...], status: int
):
    bucket.relay.faults.append(Fault("status", times=2, words=step, status=status))
    await storage.put(clip, "clip.mp4")

    assert len(bucket.relay.faulty) == 2
    assert bucket.content("clips/clip.mp4") == _read(clip)


@pytest.mark.parametrize(
    ("how", "step"),
    [
        *(("status", step) for step in _STEPS),
        ("cut_answer", _PART),
        ("cut_answer", _COMPLETE),
        ("cut", _PART),
        ("silence", _PART),
        ("silence", _LOOK),
    ],
)
async def test_a_store_that_fails_is_unavailable_and_shows_no_half_object(
    bucket: Bucket, storage: Storage, clip: Path, step: tuple[str, ...], how: How
):
    bucket.relay.faults.append(Fault(how, times=_ALWAYS, words=step))
    impatient = open_storage(bucket.url, timeout_s=0.5 if how == "silence" else 15)
    with pytest.raises(StorageUnavailableError):
        await impatient.put(clip, "clip.mp4")
    seen = bucket.objects()
    bucket.relay.faults.clear()
    stored = await storage.put(clip, "clip.mp4")

    assert seen in ({}, {"clips/clip.mp4": 6_000_000})
    assert stored.size == 6_000_000
    assert bucket.content("clips/clip.mp4") == _read(clip)


@pytest.mark.parametrize("how", ["cut", "cut_answer"])
async def test_a_part_that_was_lost_once_is_sent_again_unseen(
    bucket: Bucket, storage: Storage, clip: Path, how: How
):
    bucket.relay.faults.append(Fault(how, words=_PART))
    await storage.put(clip, "clip.mp4")

    assert bucket.content("clips/clip.mp4") == _read(clip)


async def test_nothing_listens(bucket: Bucket, clip: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    with pytest.raises(StorageUnavailableError):
        await open_storage(bucket.url).put(clip, "clip.mp4")


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "InvalidRequest", StorageRejectedError),
        (401, "Unauthorized", StorageRejectedError),
        (403, "InvalidAccessKeyId", StorageRejectedError),
        (404, "NoSuchBucket", StorageRejectedError),
        (404, "NoSuchUpload", StorageUnavailableError),
        (408, "RequestTimeout", StorageUnavailableError),
        (409, "OperationAborted", StorageUnavailableError),
        (429, "TooManyRequests", StorageUnavailableError),
        (501, "NotImplemented", StorageRejectedError),
        (507, "InsufficientStorage", StorageFullError),
    ],
)
async def test_the_answer_says_whether_another_try_makes_sense(
    bucket: Bucket,
    storage: Storage,
    clip: Path,
    status: int,
    code: str,
    error: type[ViralclipError],
):
    bucket.relay.faults.append(Fault("status", times=_ALWAYS, status=status, code=code))
    with pytest.raises(error) as refusal:
        await storage.put(clip, "clip.mp4")

    assert type(refusal.value) is error
    assert code in refusal.value.detail


async def test_a_bucket_that_is_not_there_refuses_for_good(bucket: Bucket, clip: Path):
    storage = open_storage(f"s3://{bucket.name}-not/clips")

    with pytest.raises(StorageRejectedError, match="refused"):
        await storage.put(clip, "clip.mp4")
    with pytest.raises(StorageRejectedError):
        await storage.prove()


async def test_keys_are_in_no_error(bucket: Bucket, storage: Storage, clip: Path):
    bucket.relay.faults.append(Fault("status", times=_ALWAYS, status=403, code="AccessDenied"))
    with pytest.raises(StorageRejectedError) as refusal:
        await storage.put(clip, "clip.mp4")
    told = f"{refusal.value} {refusal.value.detail}"

    assert "AccessDenied" in told
    assert "key-id" not in told
    assert SECRET not in "".join(traceback.format_exception(refusal.value))


def test_an_address_with_credentials_in_it_is_refused_and_not_repeated(bucket: Bucket):
    with pytest.raises(StorageRejectedError) as refusal:
        open_storage(f"s3://me:{SECRET}@{bucket.name}/clips")

    assert SECRET not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize("url", ["s3://", "nothing://x/y", "s3", "s3://bucket?key=secret"])
def test_an_address_that_leads_nowhere_is_refused(url: str):
    with pytest.raises(StorageRejectedError):
        open_storage(url)


def test_a_key_without_its_secret_is_refused(bucket: Bucket, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(StorageRejectedError):
        open_storage(bucket.url)


async def test_progress_tells_of_no_part_that_has_not_arrived(
    bucket: Bucket, storage: Storage, make_file: Callable[[int], Path]
):
    clip = make_file(60)
    claims: list[tuple[float, int]] = []

    def claim(share: float) -> None:
        claims.append((share, bucket.relay.count("PUT", "part")))

    await storage.put(clip, "clip.mp4", on_progress=claim)
    unread = 1024 * 1024  # what the other end's kernel has taken and its program not yet looked at

    assert len(claims) > 3
    for share, parts in claims:
        assert share * 60_000_000 <= parts * 5 * 1024 * 1024 + unread or share == 1.0


async def test_a_stopped_upload_is_forgotten_by_the_store(
    bucket: Bucket, storage: Storage, make_file: Callable[[int], Path]
):
    begun = asyncio.Event()
    upload = asyncio.create_task(
        storage.put(make_file(60), "clip.mp4", on_progress=lambda _: begun.set())
    )
    await begun.wait()
    assert bucket.unfinished()
    upload.cancel()
    await asyncio.wait({upload})

    assert bucket.unfinished() == []
    assert bucket.objects() == {}


async def test_a_download_that_is_cut_goes_on_where_it_was(
    bucket: Bucket, storage: Storage, clip: Path
):
    await storage.put(clip, "clip.mp4")
    bucket.relay.faults.append(Fault("cut_answer", words=("GET",), most=3_000_000))
    got = b"".join([chunk async for chunk in storage.read("clip.mp4")])

    assert got == _read(clip)


async def test_a_download_that_comes_to_nothing_is_unavailable(
    bucket: Bucket, storage: Storage, clip: Path
):
    await storage.put(clip, "clip.mp4")
    bucket.relay.faults.append(Fault("cut_answer", times=_ALWAYS, words=("GET",), most=1_000_000))

    with pytest.raises(StorageUnavailableError):
        _ = [chunk async for chunk in storage.read("clip.mp4")]


def _read(path: Path) -> bytes:
    return path.read_bytes()
