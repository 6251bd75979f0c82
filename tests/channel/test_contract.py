"""What every progress channel promises, whatever carries it."""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from random import Random

import pytest

from viralclip.channel.opening import open_channel
from viralclip.channel.port import BEGINNING, ProgressChannel
from viralclip.channel.stored import StoredChannel
from viralclip.events import TICK, ClipTick, JobFinished, JobTick, NewEvent
from viralclip.live import EventFrame, Frame, Reset, Snapshot, TickFrame
from viralclip.progress import Progress, advance
from viralclip.steps import Step

pytestmark = pytest.mark.timeout(120)

Said = NewEvent | ClipTick | JobTick
Note = Callable[..., NewEvent]

_PUBLISHER = """
import asyncio, json, sys
from datetime import UTC, datetime
from viralclip.channel.opening import open_channel
from viralclip.events import NewEvent, Logged

def note(name):
    event = Logged(level="info", message=name)
    return NewEvent(job_id="job", run=1, at=datetime.now(UTC), trace_id="t", event=event)

async def main(url, name, count):
    seqs = []
    async with open_channel(url) as channel:
        for i in range(count):
            seqs += await channel.publish([note(f"{name}{i}"), note(f"shared{i}")])
    print(json.dumps(seqs))

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


async def _say(channel: ProgressChannel, *said: Said) -> None:
    for item in said:
        if isinstance(item, NewEvent):
            await channel.publish([item])
        else:
            await channel.tick([item])


async def _frames(
    channel: ProgressChannel, count: int, after: str | None = None, job_id: str = "job"
) -> list[Frame]:
    """The first frames that a new watcher gets."""
    frames: list[Frame] = []
    async with _watching(channel, after, job_id=job_id) as watching:
        async for frame in watching:
            frames.append(frame)
            if len(frames) == count:
                break
    return frames


async def _events(channel: ProgressChannel, count: int, after: str = BEGINNING) -> list[int]:
    """The numbers of the first events that a new watcher gets, ticks left out."""
    seqs: list[int] = []
    async with _watching(channel, after) as watching:
        while len(seqs) < count:
            frame = await anext(watching)
            if isinstance(frame, EventFrame):
                seqs.append(frame.envelope.seq)
    return seqs


def _folded(frames: Sequence[Frame], progress: Progress | None = None) -> Progress:
    progress = progress or Progress(job_id="job")
    for frame in frames:
        match frame:
            case Snapshot() | Reset():
                progress = frame.progress
            case EventFrame():
                progress = advance(progress, frame.envelope)
            case TickFrame():
                progress = advance(progress, frame.tick)
    return progress


@asynccontextmanager
async def _watching(
    channel: ProgressChannel, after: str | None = None, *, job_id: str = "job"
) -> AsyncIterator[AsyncIterator[Frame]]:
    """A watcher that has left when the block ends."""
    frames = channel.watch(job_id, after)
    assert isinstance(frames, AsyncGenerator)
    async with aclosing(frames):
        yield frames


def _tick(fraction: float, style: str = "left") -> ClipTick:
    return ClipTick(
        job_id="job", scene_id=1, style=style, attempt=1, step=Step.RENDERING, fraction=fraction
    )


async def test_events_are_numbered_by_one_from_one(channel: ProgressChannel, note: Note):
    first = await channel.publish([note(1), note(2)])
    second = await channel.publish([note(3)])

    assert [*first, *second] == [1, 2, 3]


async def test_a_repeat_gets_its_first_number_and_is_not_told_again(
    channel: ProgressChannel, note: Note
):
    await channel.publish([note(1), note(2)])
    again = await channel.publish([note(2), note(1), note(3)])

    assert again == [2, 1, 3]
    assert await _events(channel, 3) == [1, 2, 3]


async def test_a_repeat_within_one_batch_is_one_event(channel: ProgressChannel, note: Note):
    assert await channel.publish([note(1), note(1), note(2)]) == [1, 1, 2]


async def test_the_same_fact_of_another_run_is_another_event(
    channel: ProgressChannel, draft: Callable[..., NewEvent]
):
    done = JobFinished(outcome="failed", clips_completed=0, clips_failed=1, clips_cancelled=0)

    assert await channel.publish([draft(done), draft(done, run=2)]) == [1, 2]


async def test_publishing_nothing_is_allowed(channel: ProgressChannel):
    await channel.tick([])

    assert await channel.publish([]) == []


async def test_each_job_has_its_own_numbers(channel: ProgressChannel, note: Note):
    mixed = [note(1), note(1, "other"), note(2), note(2, "other")]

    assert await channel.publish(mixed) == [1, 1, 2, 2]


async def test_publishers_side_by_side_leave_no_gap_and_no_repeat(shared_url: str, note: Note):
    async with AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(open_channel(shared_url)) for _ in range(4)]

        async def publish(channel: ProgressChannel, name: int) -> list[int]:
            own = [await channel.publish([note(f"{name}/{i}")]) for i in range(25)]
            return [seq for seqs in own for seq in seqs]

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(publish(c, n)) for n, c in enumerate(channels)]

        assert sorted(seq for task in tasks for seq in task.result()) == list(range(1, 101))
        assert await _events(channels[0], 100) == list(range(1, 101))


async def test_publishers_in_several_processes_leave_no_gap_and_agree_on_repeats(shared_url: str):
    count = 40
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PUBLISHER, shared_url, name, str(count)),
            stdout=asyncio.subprocess.PIPE,
        )
        for name in "abc"
    ]
    outputs = [await process.communicate() for process in processes]
    told = [json.loads(out) for out, _ in outputs]

    own = [seqs[0::2] for seqs in told]
    shared = [seqs[1::2] for seqs in told]
    assert shared[0] == shared[1] == shared[2]
    assert sorted([*itertools.chain(*own), *shared[0]]) == list(range(1, 4 * count + 1))


async def test_a_watcher_sees_what_another_process_publishes(shared_url: str):
    async with open_channel(shared_url) as channel, _watching(channel) as watching:
        first = await anext(watching)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PUBLISHER, shared_url, "a", "2"),
            stdout=asyncio.subprocess.DEVNULL,
        )
        seqs = [frame.envelope.seq async for frame in _told(watching, 4)]
        await process.wait()

    assert isinstance(first, Snapshot)
    assert seqs == [1, 2, 3, 4]


async def _told(watching: AsyncIterator[Frame], count: int) -> AsyncIterator[EventFrame]:
    for _ in range(count):
        frame = await anext(watching)
        assert isinstance(frame, EventFrame)
        yield frame


async def test_a_watcher_who_came_before_the_first_event_gets_every_event_and_no_reset(
    channel: ProgressChannel, note: Note
):
    async with _watching(channel) as watching:
        first = await anext(watching)
        await channel.publish([note(1), note(2)])
        seqs = [frame.envelope.seq async for frame in _told(watching, 2)]

    assert isinstance(first, Snapshot)
    assert first.progress == Progress(job_id="job")
    assert seqs == [1, 2]


async def test_who_left_before_the_first_event_resumes_at_the_first_event(
    channel: ProgressChannel, note: Note
):
    (snapshot,) = await _frames(channel, 1)
    await channel.publish([note(1)])
    (frame,) = await _frames(channel, 1, after=snapshot.cursor)

    assert isinstance(frame, EventFrame)
    assert frame.envelope.seq == 1


async def test_without_a_cursor_a_watcher_gets_the_state_and_then_only_what_follows(
    channel: ProgressChannel, history: list[Said], note: Note
):
    await _say(channel, *history)
    last = max(await channel.publish([d for d in history if isinstance(d, NewEvent)]))
    async with _watching(channel) as watching:
        first = await anext(watching)
        await channel.publish([note("more")])
        frame = await anext(watching)

    assert isinstance(first, Snapshot)
    assert first.progress.seq == last
    assert isinstance(frame, EventFrame)
    assert frame.envelope.seq == last + 1


async def test_from_every_cursor_exactly_the_missing_events_come_once_and_in_order(
    channel: ProgressChannel, note: Note
):
    count = 12
    await channel.publish([note(i) for i in range(count)])
    cursors = [BEGINNING, *(frame.cursor for frame in await _frames(channel, count, BEGINNING))]
    for seen, cursor in enumerate(cursors[:-1]):
        assert await _events(channel, count - seen, cursor) == list(range(seen + 1, count + 1))


async def test_a_long_history_comes_whole_and_in_order(channel: ProgressChannel, note: Note):
    await channel.publish([note(i) for i in range(1300)])

    assert await _events(channel, 1300) == list(range(1, 1301))


async def test_the_last_cursor_waits_for_the_next_event(channel: ProgressChannel, note: Note):
    await channel.publish([note(1)])
    _, cursor = await channel.progress("job")
    waiting = asyncio.create_task(_events(channel, 1, cursor))
    await channel.publish([note(2)])

    assert await waiting == [2]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "-",
        "nonsense",
        "000000000000-1",
        "none-1",
        "none--1",
        "-1",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "a" * 10_000,
        "9" * 10_000,
        "none-" + "9" * 10_000,
        "' or 1=1 --",
    ],
)
async def test_a_cursor_of_no_history_is_answered_with_the_state_and_never_with_silence(
    channel: ProgressChannel, note: Note, cursor: str
):
    await channel.publish([note(1)])
    (frame,) = await _frames(channel, 1, cursor)

    assert isinstance(frame, Reset)
    assert frame.progress.seq == 1


@pytest.mark.parametrize("end", ["2", "999999999", "9" * 5000, "1x", "-1", "0x1", "", "1.0"])
async def test_a_position_that_this_history_has_not_reached_is_answered_with_the_state(
    channel: ProgressChannel, note: Note, end: str
):
    await channel.publish([note(1)])
    _, cursor = await channel.progress("job")
    epoch = cursor.rpartition("-")[0]
    (frame,) = await _frames(channel, 1, f"{epoch}-{end}")

    assert isinstance(frame, Reset)
    assert frame.progress.seq == 1


async def test_a_watcher_of_a_forgotten_history_is_told_so(channel: ProgressChannel, note: Note):
    await channel.publish([note(1)])
    async with _watching(channel) as watching:
        await anext(watching)
        await channel.forget("job")
        reset = await anext(watching)
        await channel.publish([note(2)])
        told = await anext(watching)

    assert isinstance(reset, Reset)
    assert reset.progress == Progress(job_id="job")
    assert isinstance(told, EventFrame)
    assert told.envelope.seq == 1


async def test_a_cursor_of_a_history_that_was_forgotten_and_begun_anew_is_not_taken_for_one_of_it(
    channel: ProgressChannel, note: Note
):
    await channel.publish([note(1)])
    _, old = await channel.progress("job")
    await channel.forget("job")
    await channel.publish([note(2), note(3)])
    (frame,) = await _frames(channel, 1, old)

    assert isinstance(frame, Reset)
    assert frame.progress.seq == 2


async def test_forgetting_a_job_forgets_no_other(channel: ProgressChannel, note: Note):
    await channel.publish([note(1), note(1, "other")])
    await channel.forget("job")
    progress, _ = await channel.progress("other")

    assert progress.seq == 1


async def test_the_latest_tick_of_a_slot_is_the_one_that_is_given(
    channel: ProgressChannel, note: Note
):
    await channel.publish([note(1)])
    for share in (0.1, 0.2, 0.3):
        await channel.tick([_tick(share), _tick(share, "right")])
    _, *ticks = await _frames(channel, 3, BEGINNING)

    assert [frame.tick for frame in ticks if isinstance(frame, TickFrame)] == [
        _tick(0.3),
        _tick(0.3, "right"),
    ]


async def test_who_watches_gets_each_tick_that_takes_the_place_of_one_it_has_got(
    channel: ProgressChannel, note: Note
):
    await channel.publish([note(1)])
    async with _watching(channel, BEGINNING) as watching:
        await anext(watching)
        for share in (0.1, 0.2, 0.3):
            await channel.tick([_tick(share)])
            frame = await anext(watching)

            assert isinstance(frame, TickFrame)
            assert frame.tick == _tick(share)


async def test_a_tick_does_not_move_the_cursor(channel: ProgressChannel, note: Note):
    await channel.publish([note(1)])
    await channel.tick([_tick(0.5)])
    told, ticked = await _frames(channel, 2, BEGINNING)
    _, cursor = await channel.progress("job")

    assert told.cursor == ticked.cursor == cursor


async def test_ticks_before_the_first_event_do_not_disturb(channel: ProgressChannel, note: Note):
    await channel.tick([_tick(0.5)])
    await channel.publish([note(1)])

    assert await _events(channel, 1) == [1]


async def test_ten_thousand_ticks_evict_no_event(channel: ProgressChannel, note: Note):
    await channel.publish([note(1)])
    for batch in range(10):
        await channel.tick([_tick(batch / 10) for _ in range(1000)])
    await channel.publish([note(2)])
    frames = await _frames(channel, 3, BEGINNING)

    assert [type(frame) for frame in frames] == [EventFrame, TickFrame, EventFrame]


async def test_a_late_comer_gets_the_last_tick_where_it_was_given(
    channel: ProgressChannel, note: Note
):
    await channel.publish([note(1)])
    await channel.tick([_tick(0.4)])
    await channel.publish([note(2)])
    await channel.tick([JobTick(job_id="job", fraction=0.5)])
    await channel.publish([note(3)])
    frames = await _frames(channel, 5, BEGINNING)

    assert [type(frame) for frame in frames] == [
        EventFrame,
        TickFrame,
        EventFrame,
        TickFrame,
        EventFrame,
    ]


async def test_a_late_comer_to_a_long_history_gets_its_last_tick_at_the_end(
    channel: ProgressChannel, note: Note
):
    await channel.publish([note(i) for i in range(600)])
    await channel.tick([_tick(0.4)])
    frames = await _frames(channel, 601, BEGINNING)

    assert isinstance(frames[-1], TickFrame)


async def test_a_tick_from_before_the_cursor_does_not_come_again(
    channel: ProgressChannel, note: Note
):
    await channel.publish([note(1)])
    await channel.tick([_tick(0.4)])
    await channel.publish([note(2)])
    _, cursor = await channel.progress("job")
    await channel.tick([_tick(0.6, "right")])
    (frame,) = await _frames(channel, 1, cursor)

    assert isinstance(frame, TickFrame)
    assert frame.tick == _tick(0.6, "right")


async def test_events_come_in_ranges_without_a_gap_up_to_now(channel: ProgressChannel, note: Note):
    await channel.publish([note(number) for number in range(7)])
    _, head = await channel.progress("job")
    cursor, seen = BEGINNING, list[tuple[list[int], bool]]()
    for _ in range(4):
        found = await channel.events("job", cursor, limit=3)
        assert found is not None
        cursor = found.cursor
        seen.append(([envelope.seq for envelope in found.events], found.more))

    assert seen == [([1, 2, 3], True), ([4, 5, 6], True), ([7], False), ([], False)]
    assert cursor == head


@pytest.mark.parametrize("cursor", ["", "nonsense", "none-7", "0123456789ab-1", "-"])
async def test_no_events_come_after_a_cursor_that_is_not_known(
    channel: ProgressChannel, note: Note, cursor: str
):
    await channel.publish([note(1)])

    assert await channel.events("job", cursor, limit=3) is None


async def test_a_job_of_which_nothing_was_said_has_no_events(channel: ProgressChannel):
    assert await channel.events("job", BEGINNING, limit=3) == ([], BEGINNING, False)


async def test_no_store_reads_the_last_ticks_of_clips_that_ended_long_ago(
    channel: StoredChannel, note: Note
):
    await channel.publish([note(1)])
    await channel.tick([_tick(0.4, f"style {i}") for i in range(50)])
    await channel.publish([note(2)])
    await channel.tick([_tick(0.5, "right"), _tick(0.6, "left")])
    view = await channel._store.read("job", 2, 0, 10)

    assert [(seq, TICK.validate_json(body)) for seq, body in view.ticks] == [
        (2, _tick(0.5, "right")),
        (2, _tick(0.6, "left")),
    ]


async def test_the_progress_asked_for_is_the_progress_watched(
    channel: ProgressChannel, history: list[Said]
):
    frames: list[Frame] = []
    async with _watching(channel) as watching:
        frames.append(await anext(watching))
        for item in history:
            await _say(channel, item)
            frames.append(await anext(watching))
            asked, cursor = await channel.progress("job")
            assert (asked, cursor) == (_folded(frames), frames[-1].cursor)


async def test_watchers_who_drop_again_and_again_end_with_the_same_progress(
    channel: ProgressChannel, history: list[Said]
):
    async with asyncio.TaskGroup() as group:
        steady = group.create_task(_watch_to_the_end(channel, None))
        dropping = [
            group.create_task(_watch_to_the_end(channel, Random(i)))  # noqa: S311
            for i in range(20)
        ]
        for item in history:
            await _say(channel, item)
    progress, seqs = steady.result()

    assert seqs == list(range(1, progress.seq + 1))
    for watcher in dropping:
        assert watcher.result()[0] == progress


async def _watch_to_the_end(
    channel: ProgressChannel, dice: Random | None
) -> tuple[Progress, list[int]]:
    """Watch until the job has ended, leaving and coming back as the dice say."""
    progress, cursor, seqs = Progress(job_id="job"), BEGINNING, list[int]()
    while progress.status != "finished":
        stay = dice.randrange(1, 6) if dice else 1_000_000
        async with _watching(channel, cursor) as watching:
            while stay and progress.status != "finished":
                frame = await anext(watching)
                stay -= 1
                progress, cursor = _folded([frame], progress), frame.cursor
                assert not isinstance(frame, Reset)
                if isinstance(frame, EventFrame):
                    seqs.append(frame.envelope.seq)
        for _ in range(dice.randrange(4) if dice else 0):
            await channel.progress("job")
    assert seqs == sorted(set(seqs))
    return progress, seqs


async def test_a_watcher_who_stops_reading_holds_up_nobody(channel: ProgressChannel, note: Note):
    async with _watching(channel) as slow:
        await anext(slow)
        await channel.publish([note(i) for i in range(50)])

        assert await _events(channel, 50) == list(range(1, 51))
        assert [f.envelope.seq async for f in _told(slow, 50)] == list(range(1, 51))


async def test_two_jobs_do_not_see_each_others_events(channel: ProgressChannel, note: Note):
    async with _watching(channel, BEGINNING) as watching:
        await channel.publish([note(i, "other") for i in range(5)])
        await channel.tick([_tick(0.5).model_copy(update={"job_id": "other"})])
        await channel.publish([note("mine")])
        frame = await anext(watching)

    assert isinstance(frame, EventFrame)
    assert frame.envelope.job_id == "job"


async def test_a_cancelled_watcher_is_gone(channel: ProgressChannel, note: Note):
    watching = asyncio.create_task(_frames(channel, 2))
    await channel.publish([note(1)])
    watching.cancel()
    await asyncio.wait({watching})

    assert watching.cancelled()
    assert await channel.publish([note(2)]) == [2]


async def test_history_outlives_the_channel_that_wrote_it(shared_url: str, note: Note):
    async with open_channel(shared_url) as channel:
        await channel.publish([note(1), note(2)])
        _, cursor = await channel.progress("job")
    async with open_channel(shared_url) as channel:
        await channel.publish([note(3)])

        assert await _events(channel, 1, cursor) == [3]
