"""Slow work of one kind or one user holds up no other, and readiness is said at once."""

import asyncio
import errno
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import event

from viralclip.server import partial_upload
from viralclip.server.media_index import MediaIndex
from viralclip.server.pools import BusyError, Pool, Pools
from viralclip.server.quota import Quota
from viralclip.server.readiness import Readiness
from viralclip.server.shares import Shares

MP4 = frozenset({".mp4"})


async def test_who_has_used_up_a_share_lets_others_past():
    shares = Shares(2, 1)
    order: list[str] = []
    go_on = asyncio.Event()

    async def work(user: str) -> None:
        async with shares.turn(user):
            order.append(user)
            await go_on.wait()

    async with asyncio.TaskGroup() as group:
        for user in ("anna", "anna", "anna", "bob"):
            group.create_task(work(user))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert order == ["anna", "bob"]
        go_on.set()

    assert sorted(order) == ["anna", "anna", "anna", "bob"]


async def test_who_stops_waiting_takes_no_turn():
    shares = Shares(1, 1)

    async def wait() -> None:
        async with shares.turn("bob"):
            pass

    async with shares.turn("anna"):
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})

    async with asyncio.timeout(5), shares.turn("bob"):
        pass


async def test_a_pool_that_is_full_says_so_in_time_and_lets_another_user_in():
    pool = Pool("test", threads=2, each=1, within_s=0.1)
    go_on = threading.Event()
    busy = asyncio.create_task(pool.run("anna", go_on.wait))
    await asyncio.sleep(0)
    with pytest.raises(BusyError):
        await pool.run("anna", int)

    assert await pool.run("bob", int, "7") == 7
    go_on.set()
    await asyncio.gather(busy, return_exceptions=True)
    assert await pool.run("anna", int, "8") == 8


async def test_readiness_is_said_at_once_while_the_records_are_slow():
    slow = asyncio.Event()
    slow.set()
    now = [0.0]
    readiness = Readiness(slow.wait, look_s=0.5, clock=lambda: now[0])
    assert await readiness.is_ready()
    slow.clear()
    began = time.monotonic()
    said = await readiness.is_ready()
    took = time.monotonic() - began
    now[0] = 11.0

    assert (said, await readiness.is_ready()) == (True, False)
    assert took < 0.3


async def test_an_index_finds_what_is_there_now_and_keeps_what_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "deep").mkdir()
    for name in ("b.mp4", "deep/A.MP4", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    index = MediaIndex((tmp_path,), MP4, fresh_s=30)
    first = [found.path for found in await index.search("", most=10)]
    (tmp_path / "new.mp4").touch()
    fresh = [found.path for found in await index.search("", most=10)]
    walking = threading.Event()
    # A root that takes long.
    monkeypatch.setattr(index, "_walk", lambda: walking.wait(30) and ())
    monkeypatch.setattr(index, "_fresh_s", 0.01)
    kept = [found.path for found in await index.search("a", most=10)]
    walking.set()

    assert first == ["b.mp4", "deep/A.MP4"]
    assert fresh == [*first, "new.mp4"]
    assert kept == ["deep/A.MP4"]


async def test_an_index_follows_no_link_out_of_its_root_and_stumbles_over_nothing(tmp_path: Path):
    root, outside = tmp_path / "root", tmp_path / "outside.mp4"
    root.mkdir()
    outside.touch()
    (root / "real.mp4").touch()
    (root / "folder.mp4").mkdir()
    (root / "inside.mp4").symlink_to(root / "real.mp4")
    (root / "out.mp4").symlink_to(outside)
    (root / "gone.mp4").symlink_to(root / "nowhere.mp4")
    (root / "loop.mp4").symlink_to(root / "loop.mp4")
    (root / "round").symlink_to(root)
    index = MediaIndex((root, tmp_path / "missing"), MP4, fresh_s=30)

    found = [found.path for found in await index.search("", most=10)]

    assert found == ["inside.mp4", "real.mp4"]


async def test_files_that_come_and_go_while_they_are_listed_are_no_error(serve, tmp_path: Path):
    served = await serve()
    root = served.files.media_roots[0]
    stop = threading.Event()

    def churn() -> None:
        while not stop.is_set():
            for number in range(40):
                (root / f"c{number}.mp4").touch()
            for number in range(40):
                (root / f"c{number}.mp4").unlink()

    thread = threading.Thread(target=churn)
    thread.start()
    async with served.client() as client:
        codes = {(await client.get("/api/videos/files")).status_code for _ in range(50)}
    stop.set()
    thread.join()

    assert codes == {200}


async def test_a_full_disk_is_said_to_whoever_submits(served):
    """A database that may not grow answers as one on a full disk does."""
    await served.add("earlier")
    engine = served.tables.engine

    def full(connection, _: object) -> None:
        connection.execute("pragma max_page_count = 1")

    event.listen(engine, "connect", full)
    engine.dispose()
    video = (await served.catalog.jobs.find("earlier")).plan.video
    (served.files.media_roots[0] / "talk.mp4").touch()
    asked = {"source": {"video_id": video.identity}, "styles": ["original"]}
    scenes = [{"title": "x" * 150, "start": n / 10, "end": 50} for n in range(200)]
    async with served.client() as client:
        answer = await client.post("/api/jobs", json={**asked, "scenes": scenes})

    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert "Free" in answer.json()["detail"] or "free" in answer.json()["detail"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_disk_that_fills_up_during_an_upload_is_said_and_what_has_come_counts(
    served, monkeypatch, number
):
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    real = partial_upload._append

    def fills(path: Path, content: bytes) -> int:
        real(path, content[:1000])
        raise OSError(number, "No space left on device")

    async with served.client(headers=tus) as client:
        made = await client.post("/api/uploads", headers={"Upload-Length": "5000"})
        place = made.headers["location"]
        monkeypatch.setattr(partial_upload, "_append", fills)
        full = await client.patch(place, headers={"Upload-Offset": "0"}, content=bytes(5000))
        monkeypatch.setattr(partial_upload, "_append", real)
        looked = await client.head(place)

    assert (full.status_code, full.json()["code"]) == (507, "disk_full")
    assert looked.headers["upload-offset"] == "1000"


@pytest.mark.parametrize(
    "scenes", [[{"start": 0, "end": 1}] * 60_000, "start,end\n" + "0,1\n" * 300_000]
)
async def test_a_list_that_is_far_too_long_is_refused_before_it_is_read(served, scenes):
    asked = {"source": {"video_id": "none"}, "scenes": scenes, "styles": ["original"]}
    async with served.client() as client:
        answer = await client.post("/api/jobs", json=asked)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_scenes")
    assert "at most" in answer.text


async def test_the_submission_of_one_user_does_not_wait_for_another(serve, monkeypatch):
    held = asyncio.Event()

    async def forever(_: Path):
        held.set()
        await asyncio.Event().wait()

    served = await serve(tokens=True, probe=forever)
    (served.files.media_roots[0] / "slow.mp4").touch()
    anna, bob = [await served.accounts.create(name) for name in ("anna", "bob")]
    slow = {"source": {"path": "slow.mp4"}, "scenes": "0,1", "styles": ["original"]}
    async with served.client(anna) as hers, served.client(bob) as his, asyncio.timeout(30):
        waiting = asyncio.create_task(hers.post("/api/jobs", json=slow))
        await held.wait()
        quick = {**slow, "source": {"video_id": "none"}}
        answer = await his.post("/api/jobs", json=quick)
        waiting.cancel()
        await asyncio.wait({waiting})

    assert answer.status_code == 404


async def test_videos_of_cameras_and_discs_are_listed_and_other_files_are_not(served):
    root = served.files.media_roots[0]
    names = [f"a.{ending}" for ending in ("m2ts", "MXF", "3gp", "ogv", "vob", "insv", "Mov", "gif")]
    for name in [*names, "a.txt", "a.mp3", "mp4", "a.mp4.part"]:
        (root / name).touch()
    async with served.client() as client:
        listed = (await client.get("/api/videos/files")).json()

    assert sorted(file["name"] for file in listed) == sorted(names)


async def test_a_user_downloads_only_so_many_zips_at_once(serve):
    pools = Pools(downloads=Shares(16, 1))
    served = await serve(tokens=True, pools=pools)
    anna, bob = [await served.accounts.create(name) for name in ("anna", "bob")]
    for owner in ("anna", "bob"):
        job = await served.add(owner, owner=owner)
        clip = next(iter(await served.catalog.clips.of(owner)))
        done = clip.model_copy(update={"ending": "complete", "key": f"{owner}/a.mp4"})
        await served.catalog.clip_runs.end(done)
        path = served.folder / "clips" / owner / "a.mp4"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(50_000_000))
        assert job.owner == owner
    async with served.client(anna) as hers, served.client(bob) as his:
        async with hers.stream("GET", "/api/jobs/anna/clips.zip") as first:
            second = await hers.get("/api/jobs/anna/clips.zip")
            async with his.stream("GET", "/api/jobs/bob/clips.zip") as other:
                assert (first.status_code, other.status_code) == (200, 200)
        assert (second.status_code, second.json()["code"]) == (429, "too_many")


async def test_a_user_is_sent_only_so_many_files_at_once(serve, until):
    served = await serve(tokens=True, pools=Pools(files=Quota("downloads", 2)))
    anna, bob = [await served.accounts.create(name) for name in ("anna", "bob")]
    for owner in ("anna", "bob"):
        await served.add(owner, owner=owner)
        clip = next(iter(await served.catalog.clips.of(owner)))
        done = clip.model_copy(update={"ending": "complete", "key": f"{owner}/a.mp4"})
        await served.catalog.clip_runs.end(done)
        path = served.folder / "clips" / owner / "a.mp4"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(50_000_000))
    place = "/api/jobs/{}/clips/1/original/file"
    hers, his = place.format("anna"), place.format("bob")
    async with served.client(anna) as client, served.client(bob) as other:
        async with client.stream("GET", hers), client.stream("GET", hers):
            third = await client.get(hers)
            async with other.stream("GET", his) as answer:
                assert answer.status_code == 200

        async def again() -> bool:
            return (await client.get(hers, headers={"Range": "bytes=0-9"})).status_code == 206

        await until(again)

    assert (third.status_code, third.json()["code"]) == (429, "too_many")
