"""Videos that lie in an object store become files here: once, whole, and only so many."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from obstore.store import MemoryStore
from peers.relay import Fault
from peers.s3 import Bucket

from viralclip.errors import SourceChangedError, StorageUnavailableError
from viralclip.plan import Video
from viralclip.storage.objects import Storage
from viralclip.storage.opening import open_storage
from viralclip.storage.sources import Sources

_KB = 1000


class Shelf(Storage):
    """A store in memory that counts what is read, and does `before_read` first."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), url="s3://shelf", folder=None)
        self.reads = 0
        self.before_read: Callable[[], object] = lambda: None

    async def read(self, key: str) -> AsyncGenerator[bytes, None]:
        self.reads += 1
        self.before_read()
        async with aclosing(super().read(key)) as chunks:
            async for chunk in chunks:
                await asyncio.sleep(0)
                yield chunk


def _identify(path: Path) -> str:
    content = path.read_bytes()
    return hashlib.sha256(content + str(path.stat().st_mtime_ns).encode()).hexdigest()[:32]


@dataclass
class World:
    """Videos in a store, and the folder that they are fetched into."""

    folder: Path
    shelf: Shelf = field(default_factory=Shelf)

    def sources(self, most_bytes: int = 10_000 * _KB) -> Sources:
        return Sources(
            self.folder / "sources",
            most_bytes=most_bytes,
            open_storage=lambda _: self.shelf,
            identify=_identify,
        )

    async def video(self, name: str, content: bytes, *, key: str = "") -> Video:
        path = self.folder / "original.mp4"
        path.write_bytes(content)
        identity = _identify(path)
        await self.shelf.put(path, key or name)
        return Video(
            name=name,
            path=f"s3://shelf/uploads/{name}",
            width=2,
            height=2,
            duration=1,
            fps="25",
            has_audio=False,
            identity=identity,
        )

    def kept(self) -> set[int]:
        """The sizes of the videos that are here, which tell them apart."""
        files = [path for path in self._files() if path.suffix == ".mp4"]
        return {path.stat().st_size for path in files}

    def parts(self) -> list[Path]:
        return [path for path in self._files() if path.suffix == ".part"]

    def _files(self) -> list[Path]:
        folder = self.folder / "sources"
        return list(folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_video_in_a_folder_is_where_it_lies(world: World, tmp_path: Path):
    video = (await world.video("a.mp4", b"here")).model_copy(
        update={"path": str(tmp_path / "a://b.mp4")}
    )
    async with world.sources().hold(video) as path:
        assert path == tmp_path / "a://b.mp4"
    assert world.shelf.reads == 0


async def test_a_video_in_a_store_is_the_same_video_here(world: World):
    video = await world.video("日本 #1%.mp4", b"content" * _KB)
    async with world.sources().hold(video) as path:
        assert _content(path) == b"content" * _KB
        assert _identify(path) == video.identity
        assert path.suffix == ".mp4"


async def test_however_many_clips_want_a_video_it_is_fetched_once(world: World):
    video = await world.video("a.mp4", b"content" * _KB)
    one, two = world.sources(), world.sources()
    paths = set()

    async def use(sources: Sources) -> None:
        async with sources.hold(video) as path:
            assert _content(path) == b"content" * _KB
            paths.add(path)

    await asyncio.gather(*(use(sources) for sources in (one, two) * 5))

    assert len(paths) == 1
    assert world.shelf.reads == 1


async def test_the_longest_unused_go_when_there_is_no_room(world: World):
    sources = world.sources(most_bytes=10 * _KB)
    videos = [await world.video(f"{n}.mp4", bytes([n]) * n * _KB) for n in (3, 4, 2)]
    for number, video in enumerate(videos):
        await _use(sources, video, at=number)
    await _use(sources, videos[0], at=9)
    await _use(sources, await world.video("5.mp4", b"5" * 5 * _KB))

    assert world.kept() == {3 * _KB, 2 * _KB, 5 * _KB}


async def test_a_video_in_use_stays_and_one_too_large_is_fetched_all_the_same(world: World):
    sources = world.sources(most_bytes=3 * _KB)
    small = await world.video("small.mp4", b"s" * 2 * _KB)
    large = await world.video("large.mp4", b"l" * 9 * _KB)
    async with sources.hold(small) as path, sources.hold(large):
        assert _content(path) == b"s" * 2 * _KB
        assert world.kept() == {2 * _KB, 9 * _KB}
    await _use(sources, await world.video("other.mp4", b"o" * _KB))

    assert world.kept() == {1 * _KB}


async def test_a_damaged_copy_is_fetched_again(world: World):
    video = await world.video("a.mp4", b"content" * _KB)
    async with world.sources().hold(video) as path:
        _write(path, b"half")
    async with world.sources().hold(video) as path:
        assert _content(path) == b"content" * _KB
    assert world.shelf.reads == 2


async def test_a_video_that_is_another_now_or_not_there_has_changed(world: World):
    video = await world.video("a.mp4", b"content")
    await world.video("a.mp4", b"another")

    with pytest.raises(SourceChangedError):
        await _use(world.sources(), video)
    await world.shelf.delete("a.mp4")
    with pytest.raises(SourceChangedError):
        await _use(world.sources(), video)
    assert world.kept() == set()
    assert world.parts() == []


async def test_a_video_that_vanishes_while_it_is_fetched_has_changed(world: World):
    def vanish() -> None:
        raise FileNotFoundError

    video = await world.video("a.mp4", b"content")
    world.shelf.before_read = vanish

    with pytest.raises(SourceChangedError):
        await _use(world.sources(), video)


async def test_a_fetch_that_is_stopped_leaves_nothing_and_the_next_one_goes_on(world: World):
    video = await world.video("a.mp4", b"content" * _KB)
    begun = asyncio.Event()
    world.shelf.before_read = begun.set
    sources = world.sources()
    stopped = asyncio.create_task(_use(sources, video))
    await begun.wait()
    waiting = asyncio.create_task(_use(sources, video))
    stopped.cancel()
    await asyncio.wait({stopped, waiting})

    assert stopped.cancelled()
    assert waiting.exception() is None
    assert world.parts() == []
    assert world.shelf.reads == 2


async def test_what_a_killed_process_had_half_fetched_is_removed(world: World):
    video, other = await world.video("a.mp4", b"a"), await world.video("b.mp4", b"bb")
    async with world.sources().hold(video) as path:
        left = path.with_name(f"{path.name}~0123abcd.part")
        _write(left, b"half")
    await _use(world.sources(), other)

    assert world.parts() == []
    assert world.kept() == {1, 2}


async def test_a_store_that_does_not_answer_is_not_a_changed_video(
    bucket: Bucket, world: World, tmp_path: Path
):
    video = await world.video("a.mp4", b"content")
    bucket.relay.faults.append(Fault("status", times=99))
    sources = Sources(
        tmp_path / "sources", most_bytes=_KB, open_storage=open_storage, identify=_identify
    )
    video = video.model_copy(update={"path": f"{bucket.url}/a.mp4"})

    with pytest.raises(StorageUnavailableError):
        await _use(sources, video)


async def test_many_videos_in_little_room_never_fail_each_other(world: World):
    """Clips of many jobs at once, with room for two videos: what is held stays readable."""
    videos = [await world.video(f"{n}.mp4", bytes([n]) * 4 * _KB) for n in range(6)]
    sources = [world.sources(most_bytes=8 * _KB) for _ in range(2)]

    async def use(turn: int) -> None:
        video = videos[turn * 7 % len(videos)]
        async with sources[turn % 2].hold(video) as path:
            await asyncio.sleep(0)
            assert _identify(path) == video.identity

    await asyncio.gather(*(use(turn) for turn in range(40)))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(sources[0].hold(videos[0]))

        assert len(list((world.folder / "sources").glob("*.mp4"))) <= 3


async def _use(sources: Sources, video: Video, *, at: int | None = None) -> None:
    async with sources.hold(video) as path:
        if at is not None:
            lock = path.with_name(f"{path.name}.lock")
            os.utime(lock, (at, at))


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
