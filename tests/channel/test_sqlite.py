"""What is particular to the channel in a SQLite file."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from viralclip.channel.port import BEGINNING
from viralclip.channel.sqlite import SqliteStore
from viralclip.channel.stored import StoredChannel
from viralclip.events import ClipTick, NewEvent, UnknownEvent
from viralclip.live import EventFrame, Frame, Snapshot, TickFrame
from viralclip.steps import Step

pytestmark = pytest.mark.timeout(120)

Note = Callable[..., NewEvent]

_OPENER = """
import asyncio, sys
from pathlib import Path
from viralclip.channel.sqlite import SqliteStore

async def main():
    sys.stdin.readline()
    async with SqliteStore(Path(sys.argv[1])) as store:
        await store.read("job", 0, 0, 1)

asyncio.run(main())
"""
_TICK = ClipTick(
    job_id="job", scene_id=1, style="left", attempt=1, step=Step.RENDERING, fraction=0.5
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "channel.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    """A store that never asks by itself whether another process wrote."""
    async with SqliteStore(path, poll_s=3600) as opened:
        yield opened


@pytest.fixture
def channel(store: SqliteStore) -> StoredChannel:
    return StoredChannel(store)


async def test_a_watcher_in_this_process_is_woken_at_once(channel: StoredChannel, note: Note):
    watching = channel.watch("job")
    await anext(watching)
    waiting = asyncio.ensure_future(anext(watching))
    await channel.publish([note(1)])

    assert isinstance(await waiting, EventFrame)


async def test_a_tick_wakes_a_watcher_in_this_process_at_once(channel: StoredChannel):
    watching = channel.watch("job")
    await anext(watching)
    waiting = asyncio.ensure_future(anext(watching))
    await channel.tick([_TICK])

    assert isinstance(await waiting, TickFrame)


async def test_watchers_who_left_leave_nothing_behind(
    channel: StoredChannel, store: SqliteStore, note: Note
):
    watchers = [channel.watch("job") for _ in range(50)]
    for watcher in watchers:
        await anext(watcher)
    waiting = [asyncio.ensure_future(anext(watcher)) for watcher in watchers[:25]]
    await channel.progress("job")
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    for watcher in watchers[25:]:
        await watcher.aclose()  # type: ignore[attr-defined]

    assert len(store._wakers) == 0
    assert await channel.publish([note(1)]) == [1]


async def test_watchers_read_on_while_another_process_holds_the_file_for_writing(
    channel: StoredChannel, path: Path, note: Note
):
    await channel.publish([note(1)])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        publishing = asyncio.create_task(channel.publish([note(2)]))
        frame = await anext(channel.watch("job"))
        assert isinstance(frame, Snapshot)
        assert frame.progress.seq == 1
        assert not publishing.done()
        other.execute("rollback")

        assert await publishing == [2]


async def test_a_disk_that_is_full_for_a_while_loses_no_order(
    channel: StoredChannel, store: SqliteStore, note: Note
):
    await channel.publish([note(1)])
    db = store._writing.db
    assert db is not None
    pages = db.execute("pragma page_count").fetchone()[0]
    db.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await channel.publish([note("x" * 100_000), note(3)])
    db.execute("pragma max_page_count = 1000000")

    assert await channel.publish([note("x" * 100_000), note(3)]) == [2, 3]


async def test_events_and_ticks_of_a_newer_version_do_not_stop_a_watcher(
    channel: StoredChannel, path: Path, note: Note
):
    await channel.publish([note(1), note(2), note(3)])
    await channel.tick([_TICK])
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute(
            "update events set body = json_set(body, '$.event', json(?)) where seq = 2",
            [json.dumps({"type": "invented_later"})],
        )
        newer.execute('update last_ticks set body = \'{"type": "invented_later"}\'')
    progress, _ = await channel.progress("job")
    frames = await _first(channel.watch("job", BEGINNING), 3)

    assert progress.seq == 3
    assert [frame.envelope.seq for frame in frames if isinstance(frame, EventFrame)] == [1, 2, 3]
    assert isinstance(frames[1], EventFrame)
    assert frames[1].envelope.event == UnknownEvent(type="invented_later")


async def test_many_processes_can_open_a_file_that_does_not_exist_yet(path: Path):
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _OPENER, str(path)), stdin=asyncio.subprocess.PIPE
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write(b"\n")

    assert [await process.wait() for process in processes] == [0] * 6


async def _first(watching: AsyncIterator[Frame], count: int) -> list[Frame]:
    return [await anext(watching) for _ in range(count)]
