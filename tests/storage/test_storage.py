"""Storage in a folder: what is stored is whole, and what went wrong is named."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from viralclip.errors import StorageFullError, StorageRejectedError
from viralclip.storage import Storage, open_storage

_MB = 1_000_000
_NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def storage(folder: Path) -> Storage:
    return open_storage(folder.as_uri())


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A file of several chunks, none like the other."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"".join(bytes([i]) * _MB for i in range(12)))
    return path


async def test_a_stored_file_is_there_whole_and_alone(storage: Storage, folder: Path, clip: Path):
    stored = await storage.put(clip, "job/clip.mp4")

    assert _content(folder / "job" / "clip.mp4") == _content(clip)
    assert _names(folder / "job") == {"clip.mp4"}
    assert (stored.key, stored.size) == ("job/clip.mp4", 12 * _MB)


async def test_what_was_stored_can_be_asked_for(storage: Storage, clip: Path):
    stored = await storage.put(clip, "clip.mp4")

    assert await storage.head("clip.mp4") == stored


async def test_what_was_never_stored_is_not_there(storage: Storage):
    assert await storage.head("nothing.mp4") is None


async def test_the_tag_changes_with_the_content(storage: Storage, clip: Path):
    first = await storage.put(clip, "clip.mp4")
    _write(clip, _content(clip)[::-1])
    second = await storage.put(clip, "clip.mp4")

    assert first.size == second.size
    assert first.tag != second.tag


async def test_a_file_stored_over_another_replaces_it(storage: Storage, folder: Path, clip: Path):
    await storage.put(clip, "clip.mp4")
    _write(clip, b"short")
    await storage.put(clip, "clip.mp4")

    assert _content(folder / "clip.mp4") == b"short"


async def test_progress_rises_to_one(storage: Storage, clip: Path):
    told: list[float] = []
    await storage.put(clip, "clip.mp4", on_progress=told.append)

    assert len(told) > 1
    assert told == sorted(told)
    assert 0.0 < told[0] < told[-1] == 1.0


async def test_progress_stops_at_one_when_the_file_grows_meanwhile(storage: Storage, clip: Path):
    told: list[float] = []

    def grow(share: float) -> None:
        told.append(share)
        if len(told) == 1:
            with clip.open("ab") as file:
                file.write(b"more" * _MB)

    await storage.put(clip, "clip.mp4", on_progress=grow)

    assert max(told) == 1.0


async def test_an_empty_file_can_be_stored(storage: Storage, clip: Path):
    _write(clip, b"")

    assert (await storage.put(clip, "clip.mp4")).size == 0


@pytest.mark.parametrize(
    "key",
    [
        "a b/c d.mp4",
        "01_日本語_split.mp4",
        "naïve #1.mp4",
        "100% [x] {y}?&=+.mp4",
        "'quoted\".mp4",
    ],
)
async def test_a_key_is_the_name_of_the_file(storage: Storage, folder: Path, clip: Path, key: str):
    stored = await storage.put(clip, key)

    assert stored.key == key
    assert (folder / key).stat().st_size == stored.size
    assert await storage.head(key) == stored
    assert storage.url(key) == str(folder / key)


async def test_a_folder_with_spaces_and_letters_of_other_scripts_is_that_folder(
    tmp_path: Path, clip: Path
):
    folder = tmp_path / "my clips 日本 100%"
    await open_storage(folder.as_uri()).put(clip, "clip.mp4")

    assert (folder / "clip.mp4").is_file()


async def test_what_was_deleted_is_gone_and_can_be_deleted_again(storage: Storage, clip: Path):
    await storage.put(clip, "clip.mp4")
    await storage.delete("clip.mp4")
    await storage.delete("clip.mp4")

    assert await storage.head("clip.mp4") is None


async def test_what_a_killed_upload_left_is_swept_and_nothing_else(
    storage: Storage, folder: Path, clip: Path
):
    for name in ("clip.mp4#1", "clip.mp4#12", "clip.mp4#x", "other.mp4#1", "clip.mp4#1.bak"):
        (folder / name).write_bytes(b"half")
    await storage.put(clip, "clip.mp4")

    assert _names(folder) == {"clip.mp4", "clip.mp4#x", "other.mp4#1", "clip.mp4#1.bak"}


async def test_an_upload_that_fails_leaves_nothing_half_written(
    storage: Storage, folder: Path, clip: Path
):
    def stumble(share: float) -> None:
        if share > 0.5:
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        await storage.put(clip, "clip.mp4", on_progress=stumble)

    assert _names(folder) == set()


async def test_a_cancelled_upload_leaves_nothing_half_written(
    storage: Storage, folder: Path, clip: Path
):
    begun = asyncio.Event()
    upload = asyncio.create_task(storage.put(clip, "clip.mp4", on_progress=lambda _: begun.set()))
    await begun.wait()
    upload.cancel()
    await asyncio.wait({upload})

    assert upload.cancelled()
    assert _names(folder) == set()


async def test_a_file_that_vanished_is_the_callers_own_fault(storage: Storage, tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        await storage.put(tmp_path / "gone.mp4", "clip.mp4")


@pytest.mark.parametrize("key", ["plain/clip.mp4", "x" * 300])
async def test_a_place_where_no_file_can_be_is_refused_for_good(
    storage: Storage, folder: Path, clip: Path, key: str
):
    (folder / "plain").write_bytes(b"")

    with pytest.raises(StorageRejectedError):
        await storage.put(clip, key)
    assert _names(folder) == {"plain"}


def test_a_folder_below_a_file_is_refused_for_good(clip: Path):
    with pytest.raises(StorageRejectedError):
        open_storage((clip / "out").as_uri())


@pytest.fixture
def no_rights() -> Iterator[Path]:
    """A folder that this process may read but not write, even if it began as root."""
    user = os.geteuid()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "kept.mp4").write_bytes(b"kept")
        folder.chmod(0o555)
        if user == 0:
            os.seteuid(_NOBODY)
        yield folder
        if user == 0:
            os.seteuid(user)
        folder.chmod(0o755)


async def test_a_folder_that_may_not_be_written_refuses_for_good(no_rights: Path):
    storage = open_storage(no_rights.as_uri())

    with pytest.raises(StorageRejectedError):
        await storage.put(no_rights / "kept.mp4", "clip.mp4")
    with pytest.raises(StorageRejectedError):
        await storage.delete("kept.mp4")
    with pytest.raises(StorageRejectedError):
        open_storage((no_rights / "below").as_uri())


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here to make a small disk with")
    if done.returncode:
        pytest.skip("a small disk cannot be mounted here; run as root to test a full one")
    yield disk
    subprocess.run(["umount", disk], check=True)


async def test_a_full_disk_is_named_as_such_and_left_clean(tiny_disk: Path, clip: Path):
    storage = open_storage(tiny_disk.as_uri())

    with pytest.raises(StorageFullError):
        await storage.put(clip, "clip.mp4")
    assert _names(tiny_disk) == set()


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
