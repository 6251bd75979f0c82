"""Whoever watches, however often the connection drops, sees every event once and in order."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from typing import Any, cast

import httpx
import pytest
from peers.viewer import FRAME, frames_of
from websockets.asyncio.client import connect
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame as WsFrame
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from viralclip.channel.port import BEGINNING, ProgressChannel
from viralclip.events import ClipTick, Envelope, NewEvent
from viralclip.live import EventFrame, Frame, Reset, Snapshot, TickFrame
from viralclip.progress import Progress, advance
from viralclip.server.feed import Feeds, View
from viralclip.server.live import LINES
from viralclip.server.websocket_protocol import framed
from viralclip.steps import Step

VIEWERS = 50
STORY = "crash_and_recovery"


@dataclass
class Viewer:
    """What one viewer has been given, over all its connections."""

    job_id: str
    events: int
    drops: set[int] = field(default_factory=set)
    cursor: str | None = None
    seqs: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    progress: Progress | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, frame: Frame) -> bool:
        """Note the frame; whether the connection is to drop now."""
        self.kinds.append(frame.kind)
        match frame:
            case Snapshot() | Reset():
                self.progress = frame.progress
            case EventFrame():
                self.seqs.append(frame.envelope.seq)
                self.progress = advance(self._so_far, frame.envelope)
            case TickFrame():
                self.progress = advance(self._so_far, frame.tick)
        self.cursor = frame.cursor
        self.changed.set()
        self.changed = asyncio.Event()
        if isinstance(frame, EventFrame) and frame.envelope.seq in self.drops:
            self.drops.remove(frame.envelope.seq)
            return True
        return False

    @property
    def finished(self) -> bool:
        """Whether it has seen the last event; some are told after the job has finished."""
        return bool(self.seqs) and self.seqs[-1] >= self.events

    async def until(self, true: Callable[["Viewer"], bool]) -> None:
        while not true(self):
            await self.changed.wait()

    @property
    def _so_far(self) -> Progress:
        return self.progress or Progress(job_id=self.job_id)


Watch = Callable[..., Coroutine[Any, Any, None]]


async def by_websocket(served, viewer: Viewer) -> None:
    """Watch until the connection drops or the job is over."""
    address = served.live(viewer.job_id, viewer.cursor)
    async with connect(address, proxy=None, compression=None) as socket:
        with suppress(ConnectionClosed):
            async for frame in frames_of(socket):
                if viewer.take(frame):
                    socket.transport.abort()
                    break
                if viewer.finished:
                    break


async def by_event_stream(served, viewer: Viewer) -> None:
    async with (
        served.client() as client,
        client.stream(
            "GET", f"/api/jobs/{viewer.job_id}/events", headers=_resuming(viewer)
        ) as answer,
        aclosing(_messages(answer)) as messages,
    ):
        async for frame in messages:
            if viewer.take(frame) or viewer.finished:
                break


def _resuming(viewer: Viewer) -> dict[str, str]:
    known = {"Last-Event-ID": viewer.cursor} if viewer.cursor is not None else {}
    return {"Accept": "text/event-stream", **known}


async def _messages(answer: httpx.Response) -> AsyncGenerator[Frame, None]:
    assert answer.headers["content-type"].startswith("text/event-stream")
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            frame = FRAME.validate_json(fields["data"])
            assert fields["event"] == frame.kind
            assert fields.get("id") == (None if frame.kind == "tick" else frame.cursor)
            yield frame
            fields = {}


async def by_polling(served, viewer: Viewer) -> None:
    """Ask once. An answer that is lost on the way is one that the viewer never saw."""
    viewer.cursor = viewer.cursor or BEGINNING
    async with served.client() as client:
        answer = await client.get(
            f"/api/jobs/{viewer.job_id}/events", params={"after": viewer.cursor}
        )
    page = answer.json()
    assert page["kind"] == "events"
    envelopes = [Envelope.model_validate(event) for event in page["events"]]
    lost = viewer.drops & {envelope.seq for envelope in envelopes}
    viewer.drops -= lost
    if lost:
        return
    for envelope in envelopes:
        viewer.take(EventFrame(cursor=page["cursor"], envelope=envelope))
    viewer.progress = Progress.model_validate(page["progress"])


async def to_the_end(ways: Sequence[Watch], served, viewer: Viewer) -> None:
    """Come back after each drop, each time in the next of the ways."""
    for way in cycle(ways):
        if viewer.finished:
            return
        await way(served, viewer)


def viewers_that_drop(job_id: str, count: int, events: int) -> list[Viewer]:
    """Every event is the last before the drop of at least one viewer; the first never drops."""
    chance = Random(7)  # noqa: S311 - a seed to repeat, not a secret
    viewers = [Viewer(job_id, events) for _ in range(count)]
    for seq in range(1, events + 1):
        chance.choice(viewers[1:]).drops.add(seq)
    for viewer in viewers[1:]:
        viewer.drops |= set(chance.sample(range(1, events + 1), chance.randint(0, events // 4)))
    return viewers


async def seen_by(viewers: list[Viewer], ways: Sequence[Watch], served, said, say) -> None:
    """Tell the story step by step, each step once the viewer that never drops has seen the last."""
    witness, told = viewers[0], 0
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        for viewer in viewers:
            group.create_task(to_the_end(ways, served, viewer))
        if witness.cursor is None and ways[0] is not by_polling:
            for viewer in viewers:
                await viewer.until(lambda v: bool(v.kinds))
        for item in said:
            await say(served.channel, item)
            told += isinstance(item, NewEvent)
            await witness.until(lambda v, n=told: len(v.seqs) >= n)


WAYS = {
    "websocket": ((by_websocket,), VIEWERS),
    "event stream": ((by_event_stream,), VIEWERS),
    "polling": ((by_polling,), 10),
    "each in turn": ((by_websocket, by_event_stream, by_polling), VIEWERS),
}


@pytest.mark.parametrize(("ways", "count"), WAYS.values(), ids=WAYS)
async def test_viewers_that_drop_at_every_event_see_each_once_and_in_order(
    ways, count, served, recorded, say
):
    said = recorded(STORY)
    events = sum(isinstance(item, NewEvent) for item in said)
    job_id = said[0].job_id
    await served.add(job_id)
    viewers = viewers_that_drop(job_id, count, events)
    if len(ways) > 1:
        for viewer in viewers:
            viewer.cursor = BEGINNING

    await seen_by(viewers, ways, served, said, say)

    assert not any(viewer.drops for viewer in viewers)
    assert [viewer.seqs for viewer in viewers] == [list(range(1, events + 1))] * count
    assert {kind for viewer in viewers for kind in viewer.kinds[1:]} <= {"event", "tick"}
    final, _ = await served.channel.progress(job_id)
    assert [viewer.progress for viewer in viewers] == [final] * count


@pytest.mark.parametrize("watch", [by_websocket, by_event_stream])
async def test_a_single_viewer_that_drops_at_every_event_sees_each_once(
    watch, served, recorded, say
):
    """Each time it leaves, the server forgets the job; what it missed comes from the channel."""
    said = recorded("second_run")
    events = sum(isinstance(item, NewEvent) for item in said)
    await served.add(said[0].job_id)
    drops = set(range(1, events + 1))
    viewer = Viewer(said[0].job_id, events, drops=drops, cursor=BEGINNING)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(say(served.channel, *said))
        group.create_task(to_the_end([watch], served, viewer))

    assert viewer.seqs == list(range(1, events + 1))
    final, _ = await served.channel.progress(said[0].job_id)
    assert viewer.progress == final


async def first_frames(served, job_id: str, count: int, after: str | None = None) -> list[Frame]:
    async with (
        asyncio.timeout(10),
        connect(served.live(job_id, after), proxy=None, compression=None) as socket,
    ):
        frames = frames_of(socket)
        return [await anext(frames) for _ in range(count)]


def tick(fraction: float, style: str = "split", job_id: str = "job") -> ClipTick:
    return ClipTick(
        job_id=job_id,
        scene_id=1,
        style=style,
        attempt=1,
        step=Step.RENDERING,
        fraction=fraction,
    )


@pytest.mark.parametrize(
    "cursor", ["nonsense", "none-7", "0123456789ab-1", "%00", "-", "%F0%9F%8E%AC-3"]
)
async def test_an_unknown_cursor_gets_a_reset_and_the_events_to_come(cursor, served, say, note):
    await served.add("job")
    await say(served.channel, note(1), note(2))
    async with asyncio.timeout(10), connect(served.live("job", cursor), proxy=None) as socket:
        reset = FRAME.validate_json(await socket.recv())
        await say(served.channel, note(3))
        told = FRAME.validate_json(await socket.recv())

    assert isinstance(reset, Reset)
    assert reset.progress.seq == 2
    assert isinstance(told, EventFrame)
    assert told.envelope.seq == 3


async def test_polling_with_the_latest_cursor_in_another_spelling_gets_it_in_ours(
    served, say, note
):
    await served.add("job")
    await say(served.channel, note(1))
    _, cursor = await served.channel.progress("job")
    async with served.client() as client:
        page = (
            await client.get("/api/jobs/job/events", params={"after": cursor.replace("-", "-0")})
        ).json()

    assert (page["kind"], page["events"], page["cursor"]) == ("events", [], cursor)


async def test_a_viewer_that_falls_behind_what_is_kept_gets_a_reset_and_never_a_gap(
    serve, say, note
):
    served = await serve(keep=5)
    await served.add("job")
    feeds = Feeds(served.channel, keep=5)
    async with feeds.of("job") as feed:
        slow, quick = feed.view(None, idle_s=5), feed.view(None, idle_s=5)
        assert await kinds_and_places(slow) == [("snapshot", 0)]
        assert await kinds_and_places(quick) == [("snapshot", 0)]
        for number in range(1, 10):
            await say(served.channel, note(number))
            assert await kinds_and_places(quick) == [("event", number)]

        assert await kinds_and_places(slow) == [("reset", 9)]
        await say(served.channel, note(10))
        assert await kinds_and_places(slow) == [("event", 10)]


async def kinds_and_places(view: View) -> list[tuple[str, int]]:
    """The kinds of the next lines, and the seq that each speaks of."""
    found = []
    for line in (await anext(view)).lines:
        body = json.loads(line.text)
        where = body.get("envelope") or body.get("progress")
        found.append((line.kind, where["seq"]))
    return found


async def test_one_that_was_away_for_longer_than_the_feed_keeps_reads_the_rest_in_the_channel(
    serve, say, note
):
    served = await serve(keep=5)
    await served.add("job")
    await say(served.channel, *map(note, range(1, 301)))
    async with connect(served.live("job"), proxy=None):
        frames = await first_frames(served, "job", 300, BEGINNING)

    assert [frame.envelope.seq for frame in frames if isinstance(frame, EventFrame)] == [
        *range(1, 301)
    ]


async def test_a_cursor_that_the_feed_has_not_come_to_yet_is_not_taken_for_an_unknown_one(
    serve, say, note
):
    """The page reads the state from the channel, and opens its socket before the feed is there."""
    served = await serve()
    channel = LateChannel(served.channel)
    feeds = Feeds(cast("ProgressChannel", channel))
    await say(served.channel, note(1))
    async with feeds.of("job") as feed, asyncio.timeout(10):
        witness = feed.view(None, idle_s=5)
        assert await kinds_and_places(witness) == [("snapshot", 1)]
        channel.held.clear()
        await say(served.channel, note(2))
        _, cursor = await served.channel.progress("job")
        view = feed.view(cursor, idle_s=0.05)
        assert not (await anext(view)).lines  # a heartbeat: nothing is owed
        channel.held.set()
        await say(served.channel, note(3))
        patient = feed.view(cursor, idle_s=5)

        assert await kinds_and_places(patient) == [("event", 3)]


class LateChannel:
    """A channel whose news comes to the feed only while `held` is set."""

    def __init__(self, channel) -> None:
        self._channel = channel
        self.held = asyncio.Event()
        self.held.set()
        self.progress = channel.progress

    async def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        async with aclosing(self._channel.watch(job_id, after)) as frames:
            async for frame in frames:
                await self.held.wait()
                yield frame


class BrokenChannel:
    """A channel that fails as often as it is told to, each time after a few frames."""

    def __init__(self, channel, *, failures: int) -> None:
        self._channel = channel
        self.failures = failures
        self.progress = channel.progress

    async def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        async with aclosing(self._channel.watch(job_id, after)) as frames:
            count = 0
            async for frame in frames:
                yield frame
                count += 1
                if self.failures and count == 3:
                    self.failures -= 1
                    raise ConnectionError("gone")


async def test_a_feed_whose_channel_fails_goes_on_where_it_was(served, say, note):
    broken = BrokenChannel(served.channel, failures=3)
    feeds = Feeds(cast("ProgressChannel", broken))
    async with feeds.of("job") as feed, asyncio.timeout(20):
        view = feed.view(None, idle_s=10)
        seen = await kinds_and_places(view)
        await say(served.channel, *map(note, range(1, 13)))
        while len(seen) < 13:
            seen += await kinds_and_places(view)

    assert broken.failures == 0
    assert seen == [("snapshot", 0), *(("event", seq) for seq in range(1, 13))]


async def test_viewers_of_a_channel_that_cannot_be_read_hear_heartbeats(served):
    class Silent:
        async def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
            raise ConnectionError(f"no {job_id} {after}")
            yield

    async with Feeds(cast("ProgressChannel", Silent())).of("job") as feed:
        assert not (await anext(feed.view(None, idle_s=0.01))).lines
        assert not (await anext(feed.view("x-1", idle_s=0.01))).lines


async def test_a_job_that_is_forgotten_while_watched_begins_anew_for_its_viewers(served, say, note):
    await served.add("job")
    await say(served.channel, note(1), note(2))
    async with asyncio.timeout(10), connect(served.live("job"), proxy=None) as socket:
        before = FRAME.validate_json(await socket.recv())
        await served.channel.forget("job")
        emptied = FRAME.validate_json(await socket.recv())
        await say(served.channel, note(9))
        told = FRAME.validate_json(await socket.recv())

    assert isinstance(before, Snapshot)
    assert isinstance(emptied, Reset)
    assert emptied.progress.seq == 0
    assert isinstance(told, EventFrame)
    assert told.envelope.seq == 1


async def test_of_many_ticks_a_slow_viewer_gets_the_latest_of_each_slot_in_its_place(
    served, say, note
):
    feeds = Feeds(served.channel)
    async with feeds.of("job") as feed, asyncio.timeout(10):
        slow, quick = feed.view(None, idle_s=5), feed.view(None, idle_s=5)
        await anext(slow)
        await anext(quick)
        for number in range(1, 4):
            for part in range(20):
                await say(served.channel, tick(part / 20, "left"), tick(part / 40, "right"))
            await say(served.channel, note(number))
            while ("event", number) not in await kinds_of_events(quick):
                pass
        lines = [json.loads(line.text) for line in (await anext(slow)).lines]

    assert [line["kind"] for line in lines] == ["event", "event", "tick", "tick", "event"]
    assert [line["tick"]["fraction"] for line in lines if "tick" in line] == [0.95, 0.475]


async def kinds_of_events(view: View) -> list[tuple[str, int]]:
    return [
        (line.kind, json.loads(line.text)["envelope"]["seq"])
        for line in (await anext(view)).lines
        if line.kind == "event"
    ]


@pytest.mark.parametrize("kind", ["websocket", "stream"])
async def test_a_viewer_that_hears_nothing_hears_a_heartbeat(kind, serve):
    served = await serve(heartbeat_s=0.05)
    await served.add("job")
    async with asyncio.timeout(10):
        if kind == "websocket":
            async with connect(served.live("job"), proxy=None) as socket:
                told = [json.loads(await socket.recv())["kind"] for _ in range(3)]

            assert told == ["snapshot", "heartbeat", "heartbeat"]
        else:
            headers = {"Accept": "text/event-stream"}
            async with (
                served.client() as client,
                client.stream("GET", "/api/jobs/job/events", headers=headers) as answer,
            ):
                beats = 0
                async for line in answer.aiter_lines():
                    beats += line == ": heartbeat"
                    if beats == 2:
                        break


async def test_viewers_share_one_encoding_of_each_frame(served, say, note):
    """Down to the bytes on the wire."""
    feeds = Feeds(served.channel)
    async with feeds.of("job") as feed, asyncio.timeout(60):
        one, other = feed.view(None, idle_s=30), feed.view(None, idle_s=30)
        states = await anext(one), await anext(other)
        await say(served.channel, note(1), tick(0.5))
        first = [await anext(one), await anext(other)]

        for shared, also in (states, first):
            assert shared.one_by_one.framed is also.one_by_one.framed
            assert shared.in_lines.framed is also.in_lines.framed


async def test_a_server_that_cannot_be_given_framed_messages_is_given_text(serve, say, note):
    served = await serve(ws="websockets-sansio")
    await served.add("job")
    async with asyncio.timeout(60), connect(served.live("job"), proxy=None) as socket:
        snapshot = FRAME.validate_json(await socket.recv())
        await say(served.channel, *map(note, range(1, 4)))
        frames = frames_of(socket)
        told = [await anext(frames) for _ in range(3)]

    assert isinstance(snapshot, Snapshot)
    assert [frame.envelope.seq for frame in told if isinstance(frame, EventFrame)] == [1, 2, 3]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
async def test_what_is_framed_here_is_a_message_of_any_length(size):
    client = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN)
    text = "é" * (size // 2) + "x" * (size % 2)
    client.receive_data(framed(text) + framed("next"))

    frames = [frame for frame in client.events_received() if isinstance(frame, WsFrame)]
    assert [bytes(frame.data).decode() for frame in frames] == [text, "next"]
    assert all(frame.opcode is Opcode.TEXT and frame.fin for frame in frames)


async def test_while_much_is_told_viewers_take_it_many_at_a_time(served, say, note, until):
    feeds = Feeds(served.channel, pace_s=3600)
    async with feeds.of("job") as feed, asyncio.timeout(60):
        view = feed.view(None, idle_s=20)
        assert await kinds_and_places(view) == [("snapshot", 0)]
        waiting = asyncio.create_task(kinds_and_places(view))
        await say(served.channel, *map(note, range(1, 4)))
        await until(lambda: feed.latest == 4)
        assert not waiting.done()
        feed._wake()

        assert await waiting == [("event", 1), ("event", 2), ("event", 3)]


@pytest.mark.parametrize("ws", [None, "websockets-sansio"])
async def test_each_message_is_one_frame_however_much_is_told_at_once(serve, say, note, ws):
    """Whoever reads `JSON.parse(message)` understands every message: most clients do just that."""
    served = await serve(ws=ws)
    await served.add("job")
    async with asyncio.timeout(60), connect(served.live("job"), proxy=None) as socket:
        first = json.loads(await socket.recv())
        await say(served.channel, *map(note, range(1, 61)))
        told = [json.loads(await socket.recv()) for _ in range(60)]
    async with connect(served.live("job", first["cursor"]), proxy=None) as socket:
        missed = [json.loads(await socket.recv()) for _ in range(60)]

    assert socket.subprotocol is None
    assert [frame["envelope"]["seq"] for frame in told] == list(range(1, 61))
    assert missed == told


async def test_whoever_asks_for_lines_is_told_much_in_few_messages(served, say, note):
    await served.add("job")
    lines = [Subprotocol("unknown"), Subprotocol(LINES)]
    async with (
        asyncio.timeout(60),
        connect(served.live("job"), subprotocols=lines, proxy=None) as socket,
    ):
        assert socket.subprotocol == LINES
        await socket.recv()
        await say(served.channel, *map(note, range(1, 61)))
        seqs: list[int] = []
        messages = 0
        while len(seqs) < 60:
            lines = str(await socket.recv()).split("\n")
            seqs += [json.loads(line)["envelope"]["seq"] for line in lines]
            messages += 1

    assert seqs == list(range(1, 61))
    assert messages <= 10


async def test_a_feed_ends_with_its_last_viewer(served, until):
    async with asyncio.timeout(10):
        async with connect(served.live("none"), proxy=None) as socket:
            await socket.wait_closed()
        await served.add("job")
        for _ in range(3):
            async with connect(served.live("job"), proxy=None) as socket:
                await socket.recv()
                assert list(served.backends.feeds._feeds) == ["job"]
            await until(lambda: not served.backends.feeds._feeds)
