"""A file under a folder is opened so that no link leads out of it."""

import asyncio
import io
import os
import threading
from pathlib import Path

import pytest

from viralclip.storage.inside import open_inside, opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.mp4").write_bytes(b"secret")
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "a.mp4").write_bytes(b"mine")
    (tmp_path / "folder" / "deep" / "b.mp4").write_bytes(b"deep")
    return tmp_path / "folder"


@pytest.mark.parametrize(("path", "content"), [("a.mp4", b"mine"), ("deep/b.mp4", b"deep")])
def test_a_file_inside_is_opened(folder, path, content):
    with open_inside(folder, path) as file:
        assert file.read() == content


def test_the_folder_itself_may_be_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)

    with open_inside(tmp_path / "link", "a.mp4") as file:
        assert file.read() == b"mine"


@pytest.mark.parametrize(
    "path",
    ["../secret/a.mp4", "deep/../../secret/a.mp4", "", ".", "deep", "none.mp4", "a.mp4/b", "a\0b"],
)
def test_what_is_not_a_file_inside_is_not_there(folder, path):
    with pytest.raises(FileNotFoundError):
        open_inside(folder, path)
    with pytest.raises(FileNotFoundError):
        open_inside(folder, str(folder / "a.mp4"))


@pytest.mark.parametrize("swapped", ["file", "folder", "pipe", "dangling"])
def test_what_was_swapped_is_not_followed(folder, tmp_path, swapped):
    path = "a.mp4"
    if swapped == "folder":
        path = "deep/a.mp4"
        (folder / "deep" / "b.mp4").unlink()
        (folder / "deep").rmdir()
        (folder / "deep").symlink_to(tmp_path / "secret")
    else:
        (folder / path).unlink()
    if swapped == "file":
        (folder / path).symlink_to(tmp_path / "secret" / "a.mp4")
    if swapped == "dangling":
        (folder / path).symlink_to("nowhere")
    if swapped == "pipe":
        os.mkfifo(folder / path)

    with pytest.raises(FileNotFoundError):
        open_inside(folder, path)


def test_what_was_opened_stays_what_it_was(folder, tmp_path):
    with open_inside(folder, "a.mp4") as file:
        (folder / "a.mp4").unlink()
        (folder / "a.mp4").symlink_to(tmp_path / "secret" / "a.mp4")

        assert file.read() == b"mine"


async def test_a_file_that_nobody_waits_for_any_more_is_closed():
    may_open, closed = threading.Event(), asyncio.Event()
    kept: list[io.BytesIO] = []  # or it would be closed as nobody knows it any more

    class File(io.BytesIO):
        def close(self) -> None:
            super().close()
            closed.set()

    def open_late() -> File:
        may_open.wait(10)
        kept.append(file := File())
        return file

    opening = asyncio.create_task(opened(open_late))
    await asyncio.sleep(0.05)
    opening.cancel()
    may_open.set()
    with pytest.raises(asyncio.CancelledError):
        await opening

    await asyncio.wait_for(closed.wait(), 5)
