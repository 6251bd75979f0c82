"""Positions, parts of a history and the fold, as every store's channel reads them."""

from collections.abc import Callable

import pytest

from viralclip.channel.history import Position, View, frames_of
from viralclip.channel.memory import MemoryStore
from viralclip.channel.stored import StoredChannel
from viralclip.events import NewEvent
from viralclip.live import EventFrame, TickFrame

Note = Callable[..., NewEvent]
_TICK = '{"type": "job_tick", "job_id": "job", "fraction": 0.5}'


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def channel(store: MemoryStore) -> StoredChannel:
    return StoredChannel(store)


def test_a_cursor_is_the_text_of_its_position():
    assert Position.parse("1f0c-17") == Position("1f0c", 17)
    assert str(Position("1f0c", 17)) == "1f0c-17"


@pytest.mark.parametrize(
    ("first", "after", "known"),
    [(5, 3, False), (5, 4, True), (5, 9, True), (0, 9, True), (0, 8, False), (1, 0, True)],
)
def test_a_position_is_known_where_every_event_after_it_is_still_kept(first, after, known):
    view = View(epoch="a", seq=9, first=first)

    assert Position("a", after).is_in(view) is known


def test_a_tick_behind_a_part_of_the_history_waits_for_the_rest_of_it(note: Note):
    bodies = [note(i).numbered(i).model_dump_json() for i in (1, 2, 3)]
    ticks = ((1, _TICK), (2, _TICK), (3, _TICK))
    part = View(epoch="a", seq=3, rev=9, events=bodies[:2], ticks=ticks)
    rest = View(epoch="a", seq=3, rev=9, events=bodies[2:], ticks=ticks)

    frames, rev = frames_of(part, 0, 0)
    assert [type(frame) for frame in frames] == [EventFrame, TickFrame, EventFrame]
    more, end = frames_of(rest, 2, rev)
    assert [type(frame) for frame in more] == [TickFrame, EventFrame, TickFrame]
    assert (rev, end) == (0, 9)


async def test_what_is_folded_again_and_again_is_folded_once(
    channel: StoredChannel, store: MemoryStore, note: Note
):
    await channel.publish([note(i) for i in range(10)])
    await channel.progress("job")
    store._jobs["job"].bodies[:10] = ["no event is read again"] * 10
    await channel.publish([note(10)])
    progress, _ = await channel.progress("job")

    assert progress.seq == 11


async def test_only_the_latest_jobs_are_kept_in_memory(channel: StoredChannel, note: Note):
    for number in range(100):
        await channel.publish([note(1, f"job{number}")])
        await channel.progress(f"job{number}")

    assert len(channel._folded) == 64
