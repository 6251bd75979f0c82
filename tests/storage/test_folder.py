"""Storage in a folder: what is there is whole and alone, and what went wrong is named."""

import asyncio
import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from viralclip.errors import StorageFullError, StorageRejectedError
from viralclip.storage.objects import AlreadyStoredError, Storage, Stored
from viralclip.storage.opening import open_storage

_NOBODY = 65534


@pytest.fixture
def storage(folder_storage: Storage) -> Storage:
    return folder_storage


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


async def test_what_a_killed_upload_left_is_swept_and_nothing_else(
    storage: Storage, folder: Path, clip: Path
):
    others = {".viralclip-b.part#1", ".viralclip-b.part", "clip.mp4#1", "other.mp4#1"}
    left = {".viralclip-a.part", ".viralclip-a.part#1", ".viralclip-long-ago.part#2"}
    for name in others | left:
        (folder / name).write_bytes(b"half")
    os.utime(folder / ".viralclip-long-ago.part#2", (0, 0))
    await storage.put(clip, "clip.mp4", writer="a")

    assert _names(folder) == {"clip.mp4", *others}


@pytest.mark.parametrize("way", ["put", "create"])
async def test_two_who_store_one_key_at_once_do_not_disturb_each_other(
    storage: Storage, folder: Path, clip: Path, way: str
):
    stored = await asyncio.gather(
        *(getattr(storage, way)(clip, "clip.mp4", writer=writer) for writer in "abcd"),
        return_exceptions=True,
    )
    done = [each for each in stored if isinstance(each, Stored)]
    refused = [each for each in stored if isinstance(each, AlreadyStoredError)]

    assert (len(done), len(refused)) == ((4, 0) if way == "put" else (1, 3))
    assert _names(folder) == {"clip.mp4"}


@pytest.mark.parametrize("thing", ["folder", "broken link", "pipe"])
async def test_a_name_is_taken_whatever_has_it(
    storage: Storage, folder: Path, clip: Path, thing: str
):
    target = folder / "clip.mp4"
    match thing:
        case "folder":
            target.mkdir()
        case "pipe":
            os.mkfifo(target)
        case _:
            target.symlink_to("nowhere")
    with pytest.raises(AlreadyStoredError):
        await storage.create(clip, "clip.mp4")

    assert _names(folder) == await storage.names() == {"clip.mp4"}


async def test_a_folder_without_second_names_keeps_what_is_there_too(
    storage: Storage, folder: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    stored = await storage.create(clip, "clip.mp4")
    with pytest.raises(AlreadyStoredError):
        await storage.create(clip, "clip.mp4")

    assert await storage.head("clip.mp4") == stored
    assert _names(folder) == {"clip.mp4"}


async def test_a_folder_that_is_not_text_is_that_folder(tmp_path: Path, clip: Path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/o\xe9"))
    with suppress(StorageRejectedError):
        await open_storage(folder.as_uri()).put(clip, "clip.mp4")

    assert set(os.listdir(os.fsencode(tmp_path))) <= {b"clip.mp4", b"o\xe9"}  # noqa: PTH208 - as bytes


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


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
