"""What every storage promises, wherever its bytes lie."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from viralclip.storage.objects import AlreadyStoredError, Storage

_KEYS = [
    "a b/c d.mp4",
    "01_日本語_split.mp4",
    "naïve #1.mp4",
    "100% [x] {y}?&=+.mp4",
    "'quoted\".mp4",
]


@pytest.fixture(params=["folder", "memory", "s3"])
def storage(request: pytest.FixtureRequest) -> Storage:
    return request.getfixturevalue(f"{request.param}_storage")


async def _content(storage: Storage, key: str) -> bytes:
    return b"".join([chunk async for chunk in storage.read(key)])


async def test_a_stored_file_is_there_whole(storage: Storage, clip: Path):
    stored = await storage.put(clip, "job/clip.mp4")

    assert await _content(storage, "job/clip.mp4") == _read(clip)
    assert (stored.key, stored.size) == ("job/clip.mp4", 6_000_000)


async def test_what_was_stored_can_be_asked_for(storage: Storage, clip: Path):
    stored = await storage.put(clip, "clip.mp4")

    assert stored.tag
    assert await storage.head("clip.mp4") == stored


async def test_what_was_never_stored_is_not_there(storage: Storage):
    assert await storage.head("nothing.mp4") is None
    with pytest.raises(FileNotFoundError):
        await _content(storage, "nothing.mp4")


async def test_the_tag_changes_with_the_content(storage: Storage, clip: Path):
    first = await storage.put(clip, "clip.mp4")
    _write(clip, _read(clip)[::-1])
    second = await storage.put(clip, "clip.mp4")

    assert first.size == second.size
    assert first.tag != second.tag


async def test_a_file_stored_over_another_replaces_it(storage: Storage, clip: Path):
    await storage.put(clip, "clip.mp4")
    _write(clip, b"short")
    await storage.put(clip, "clip.mp4")

    assert await _content(storage, "clip.mp4") == b"short"


@pytest.mark.parametrize("size", [5, 6_000_000])
async def test_what_is_created_replaces_nothing(storage: Storage, clip: Path, size: int):
    before = await storage.put(clip, "clip.mp4")
    _write(clip, bytes(size))
    with pytest.raises(AlreadyStoredError):
        await storage.create(clip, "clip.mp4")
    stored = await storage.create(clip, "clip-2.mp4")

    assert await storage.head("clip.mp4") == before
    assert (stored.size, await storage.head("clip-2.mp4")) == (size, stored)


@pytest.mark.parametrize("size", [5, 6_000_000])
async def test_what_comes_meanwhile_is_not_replaced(
    storage: Storage, clip: Path, size: int, monkeypatch: pytest.MonkeyPatch
):
    before = await storage.put(clip, "clip.mp4")
    _write(clip, bytes(size))

    async def overlook(_self: Storage, _key: str) -> None:
        """The one who looked first saw nothing."""

    monkeypatch.setattr(Storage, "head", _once(overlook, Storage.head))
    with pytest.raises(AlreadyStoredError):
        await storage.create(clip, "clip.mp4")

    assert await storage.head("clip.mp4") == before


async def test_a_moved_file_is_the_same_under_another_key(storage: Storage, clip: Path):
    stored = await storage.put(clip, "old.mp4")
    moved = await storage.move("old.mp4", "new.mp4")

    assert (moved.key, moved.size) == ("new.mp4", stored.size)
    assert await storage.head("new.mp4") == moved
    assert await storage.head("old.mp4") is None


async def test_a_move_replaces_nothing(storage: Storage, clip: Path):
    await storage.put(clip, "old.mp4")
    await storage.put(clip, "new.mp4")
    before = (await storage.head("old.mp4"), await storage.head("new.mp4"))
    with pytest.raises(AlreadyStoredError):
        await storage.move("old.mp4", "new.mp4")

    assert (await storage.head("old.mp4"), await storage.head("new.mp4")) == before


async def test_a_storage_knows_the_names_at_its_top(storage: Storage, clip: Path):
    assert await storage.names() == frozenset()
    await storage.put(clip, "a.mp4")
    await storage.put(clip, "日本.mp4")
    await storage.put(clip, "job/b.mp4")

    assert await storage.names() - {"job"} == {"a.mp4", "日本.mp4"}


async def test_progress_rises_to_one(storage: Storage, make_file: Callable[[int], Path]):
    told: list[float] = []
    await storage.put(make_file(40), "clip.mp4", on_progress=told.append)

    assert len(told) > 1
    assert told == sorted(told)
    assert 0.0 < told[0] < told[-1] == 1.0


async def test_progress_stops_at_one_when_the_file_grows_meanwhile(
    storage: Storage, make_file: Callable[[int], Path]
):
    told: list[float] = []
    clip = make_file(40)

    def grow(share: float) -> None:
        told.append(share)
        if len(told) == 1:
            with clip.open("ab") as file:
                file.write(bytes(50_000_000))

    stored = await storage.put(clip, "clip.mp4", on_progress=grow)

    assert max(told) == 1.0
    assert stored.size == len(await _content(storage, "clip.mp4"))


@pytest.mark.parametrize("size", [0, 1, 5 * 1024 * 1024, 5 * 1024 * 1024 + 1])
async def test_a_file_of_any_size_can_be_stored(storage: Storage, clip: Path, size: int):
    _write(clip, b"x" * size)
    stored = await storage.put(clip, "clip.mp4")

    assert stored.size == size == len(await _content(storage, "clip.mp4"))


@pytest.mark.parametrize("key", _KEYS)
async def test_a_key_may_hold_any_letters_and_signs(storage: Storage, clip: Path, key: str):
    _write(clip, b"content")
    stored = await storage.put(clip, key)

    assert stored.key == key
    assert await storage.head(key) == stored
    assert storage.url(key).endswith(f"/{key}")
    assert await _content(storage, key) == b"content"


async def test_what_was_deleted_is_gone_and_can_be_deleted_again(storage: Storage, clip: Path):
    await storage.put(clip, "clip.mp4")
    await storage.delete("clip.mp4")
    await storage.delete("clip.mp4")

    assert await storage.head("clip.mp4") is None


async def test_an_upload_that_fails_leaves_what_was_there_before(
    storage: Storage, make_file: Callable[[int], Path]
):
    before = await storage.put(make_file(6), "clip.mp4")
    clip = make_file(40)

    def stumble(_: float) -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        await storage.put(clip, "clip.mp4", on_progress=stumble)

    assert await storage.head("clip.mp4") == before


async def test_a_cancelled_upload_leaves_nothing(
    storage: Storage, make_file: Callable[[int], Path]
):
    begun = asyncio.Event()
    upload = asyncio.create_task(
        storage.put(make_file(60), "clip.mp4", on_progress=lambda _: begun.set())
    )
    await begun.wait()
    upload.cancel()
    await asyncio.wait({upload})

    assert upload.cancelled()
    assert await storage.head("clip.mp4") is None


async def test_a_file_that_vanished_is_the_callers_own_fault(storage: Storage, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        await storage.put(tmp_path / "gone.mp4", "clip.mp4")


async def test_a_store_proves_itself_without_a_trace(storage: Storage, clip: Path):
    before = await storage.put(clip, "clip.mp4")
    await storage.prove()

    assert await storage.head("clip.mp4") == before


async def test_an_object_store_remembers_when_the_file_had_been_written_to(
    storage: Storage, clip: Path
):
    os.utime(clip, ns=(1, 1_700_000_000_123_456_789))
    await storage.put(clip, "clip.mp4")
    kept = None if storage.local_path("") else 1_700_000_000_123_456_789

    assert await storage.written_at("clip.mp4") == kept


def _once(first: Any, then: Any) -> Any:
    """`first` for the first call, `then` for those that follow."""
    calls = iter([first])

    def call(*given: Any) -> Any:
        return next(calls, then)(*given)

    return call


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


async def test_what_is_stored_is_listed_by_the_beginning_of_its_key(storage: Storage, clip: Path):
    _write(clip, b"small")
    keys = [f"uploads/{key}" for key in _KEYS]
    for key in (*keys, "uploads2/other.mp4"):
        await storage.put(clip, key)

    listed = await storage.list("uploads/")
    assert sorted(found.key for found in listed) == sorted(keys)
    assert {found.size for found in listed} == {5}
    assert {found.at.tzinfo is not None for found in listed} == {True}
    assert len(await storage.list("")) == len(keys) + 1
    assert await storage.list("nothing/") == []
