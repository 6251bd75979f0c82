"""All clips of a job in one file: made while it is sent, never ahead of whoever reads it."""

import asyncio
import io
import zipfile
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import aclosing
from typing import Any, cast

import pytest
from starlette.requests import ClientDisconnect

from viralclip.errors import StorageUnavailableError
from viralclip.server.clips import Zip, packed

CHUNK = b"0123456789abcdef" * 4096
CHUNKS = 50


class Shelf:
    """A storage of large objects, which counts what was read of them."""

    def __init__(self, *, broken: str = "", chunks: int = CHUNKS) -> None:
        self.chunks = chunks
        self.read_bytes = 0
        self.open = 0
        self.broken = broken

    async def read(self, key: str) -> AsyncGenerator[bytes, None]:
        self.open += 1
        try:
            for number in range(self.chunks):
                if key == self.broken and number == 1:
                    raise StorageUnavailableError
                await asyncio.sleep(0)  # as reading does
                self.read_bytes += len(CHUNK)
                yield CHUNK
        finally:
            self.open -= 1


async def test_a_zip_is_made_no_faster_than_it_is_read_and_never_held_whole():
    shelf, sent, ahead, largest = Shelf(), 0, 0, 0
    content = io.BytesIO()
    async for piece in packed(["job/01_é.mp4", "job/02_b.mp4"], cast("Any", shelf)):
        sent += len(piece)
        ahead = max(ahead, shelf.read_bytes - sent)
        largest = max(largest, len(piece))
        content.write(piece)

    assert ahead <= 0
    assert largest < len(CHUNK) + 1000
    with zipfile.ZipFile(content) as archive:
        assert archive.namelist() == ["01_é.mp4", "02_b.mp4"]
        assert archive.testzip() is None
        assert archive.read("02_b.mp4") == CHUNK * CHUNKS


async def test_a_zip_whose_clip_cannot_be_read_does_not_end_as_if_it_were_whole():
    content = io.BytesIO()

    async def download() -> None:
        async for piece in packed(["a.mp4", "b.mp4"], cast("Any", Shelf(broken="b.mp4"))):
            content.write(piece)

    with pytest.raises(StorageUnavailableError):
        await download()

    assert content.tell() > CHUNKS * len(CHUNK)
    assert not zipfile.is_zipfile(content)


async def test_what_a_zip_is_made_of_is_closed_when_it_is_left():
    shelf = Shelf()
    async with aclosing(packed(["a.mp4"], cast("Any", shelf))) as pieces:
        await anext(pieces)
        assert shelf.open == 1

    assert shelf.open == 0


async def test_an_answer_that_its_reader_leaves_closes_what_it_is_made_of():
    shelf = Shelf()
    pieces = packed(["a.mp4"], cast("Any", shelf))  # kept, or it would end with the answer

    async def receive() -> dict[str, str]:
        await asyncio.Event().wait()
        return {}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message.get("body"):
            raise OSError("the reader has left")

    with pytest.raises(ClientDisconnect):
        await Zip(pieces)({"type": "http", "asgi": {"spec_version": "2.4"}}, receive, send)

    assert shelf.open == 0


async def test_a_download_that_is_cut_off_reads_no_further(serve, until):
    """The viewer leaves in the middle; nothing goes on reading for it."""
    shelf = Shelf(chunks=40 * CHUNKS)
    served = await serve(open_storage=lambda _: shelf)
    await served.add("job")
    for clip in await served.catalog.clips.of("job"):
        await served.catalog.clip_runs.end(
            clip.model_copy(update={"ending": "complete", "key": f"job/{clip.scene_id}.mp4"})
        )
    async with (
        served.client() as client,
        client.stream("GET", "/api/jobs/job/clips.zip") as answer,
    ):
        assert answer.headers["content-type"] == "application/zip"
        async for _ in answer.aiter_raw():
            break
    await until(lambda: not served.connections)

    # What was on its way in the kernel was read, too.
    assert shelf.read_bytes < 40 * CHUNKS * len(CHUNK) / 2
