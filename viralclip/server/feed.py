"""One job's frames for all its viewers in this process: read once, encoded once, never queued.

Backpressure: a viewer takes frames when it can. One that is slow is sent fewer ticks, and one that
is too far behind a Reset.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import takewhile
from typing import Literal, Self

import structlog

from viralclip.channel.port import ProgressChannel
from viralclip.live import EventFrame, Reset, Snapshot, TickFrame
from viralclip.progress import Progress, advance
from viralclip.server.batches import NOTHING, Batch, Line, encode
from viralclip.server.catch_up import read_on

# How many of the latest events a feed keeps; a viewer further behind gets a Reset instead.
KEEP_EVENTS = 1000
# Debounce: while much is told, viewers are woken at most so often, and take what came in one go.
PACE_S = 0.04
# How much a viewer takes at a time: what it holds may be all that a stuck viewer keeps alive.
BATCH = 100
# How long the channel is left alone after it has failed.
_RETRY_S = 0.5

log = structlog.get_logger(__name__)


class Feed:
    """Follows the channel for one job while anybody looks.

    Everything that comes is numbered: events, of which the latest are kept, and the latest tick of
    each slot, in the place where it came. A viewer is a number; below `_floor` it has missed an
    event. The feed folds the progress itself, so a state and the number it stands at always fit.
    """

    def __init__(
        self,
        channel: ProgressChannel,
        job_id: str,
        *,
        keep: int = KEEP_EVENTS,
        pace_s: float = PACE_S,
    ) -> None:
        self._channel = channel
        self._job_id = job_id
        self._keep = keep
        self._pace_s = pace_s
        self._woken_at = -math.inf
        self._waking: asyncio.TimerHandle | None = None
        self._batches: dict[int, Batch] = {}
        self._events: deque[tuple[int, Line]] = deque()
        self._ticks: dict[str, tuple[int, Line]] = {}
        self._places: dict[str, int] = {}
        self._states: dict[str, Batch] = {}
        self._progress: Progress | None = None
        self._cursor: str | None = None
        self._floor = 0
        self.latest = 0
        self.news = asyncio.Event()
        self.closed = False
        self.viewers = 0

    async def follow(self) -> None:
        """Read the channel until cancelled; if it fails, go on later from the same place."""
        while True:
            try:
                await self._follow()
            except Exception:
                log.warning("Channel failed", exc_info=True)
                await asyncio.sleep(_RETRY_S)

    def close(self) -> None:
        """Let every viewer come to its end."""
        self.closed = True
        self._wake()

    def view(self, after: str | None, *, idle_s: float) -> "View":
        return View(self, after, idle_s=idle_s)

    @property
    def begun(self) -> bool:
        return self._progress is not None

    def place(self, cursor: str) -> int | None:
        """The number of the event that the cursor stands at, if it is kept here."""
        return self._places.get(cursor)

    def state(self, kind: Literal["snapshot", "reset"]) -> Batch:
        """The progress at the latest number, encoded at most once until the next frame."""
        assert self._progress is not None and self._cursor is not None  # noqa: S101, PT018 - begun
        if kind not in self._states:
            frame = Snapshot if kind == "snapshot" else Reset
            line = encode(frame(cursor=self._cursor, progress=self._progress))
            self._states[kind] = Batch(self.latest, (line,))
        return self._states[kind]

    def since(self, number: int) -> "Batch | None":
        """What came after the number, in order; None if some of it is not kept any more.

        Viewers that keep up stand at one number: what they get is put together once for all.
        """
        if number < self._floor:
            return None
        if number not in self._batches:
            self._batches[number] = self._newer(number)
        return self._batches[number]

    def _newer(self, number: int) -> "Batch":
        newer = [
            *takewhile(lambda entry: entry[0] > number, reversed(self._events)),
            *takewhile(lambda entry: entry[0] > number, reversed(self._ticks.values())),
        ]
        entries = sorted(newer, key=lambda entry: entry[0])[:BATCH]
        return Batch(entries[-1][0] if entries else number, [line for _, line in entries])

    async def missed(self, after: str) -> list[Line]:
        """What the channel has after a cursor that is not known here; empty if nothing is owed."""
        frames = await read_on(self._channel, self._job_id, after, limit=BATCH)
        return [encode(frame) for frame in frames]

    async def _follow(self) -> None:
        """Until the channel no longer knows the place we are at: then begin anew."""
        if self._cursor is None:
            self._begin(*await self._channel.progress(self._job_id))
            self._notify_viewers()
        # From a cursor, so that the ticks of this very place come along for whoever resumes at it.
        async with aclosing(self._channel.watch(self._job_id, self._cursor)) as frames:
            async for frame in frames:
                if isinstance(frame, Snapshot | Reset):
                    break
                self._advance(frame)
                self._notify_viewers()
        self._cursor = None

    def _notify_viewers(self) -> None:
        """Wake the viewers: at once if it was quiet, else when the pace allows."""
        self._batches.clear()
        if self._waking is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._woken_at + self._pace_s - loop.time()
        if wait <= 0:
            self._wake()
        else:
            self._waking = loop.call_later(wait, self._wake)

    def _wake(self) -> None:
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None
        self._woken_at = asyncio.get_running_loop().time()
        self.news.set()
        self.news = asyncio.Event()

    def _begin(self, progress: Progress, cursor: str) -> None:
        """Whoever was here before has to begin anew, too."""
        self.latest += 1
        self._floor = self.latest
        self._progress = progress
        self._cursor = cursor
        self._events.clear()
        self._ticks.clear()
        self._states.clear()
        self._places = {cursor: self.latest}

    def _advance(self, frame: EventFrame | TickFrame) -> None:
        assert self._progress is not None  # noqa: S101 - it has begun
        self.latest += 1
        self._states.clear()
        match frame:
            case EventFrame(envelope=envelope):
                self._progress = advance(self._progress, envelope)
                self._remember(encode(frame))
            case TickFrame(tick=tick):
                self._progress = advance(self._progress, tick)
                self._ticks.pop(tick.tick_key, None)
                self._ticks[tick.tick_key] = (self.latest, encode(frame))

    def _remember(self, line: Line) -> None:
        self._cursor = line.cursor
        self._events.append((self.latest, line))
        self._places[line.cursor] = self.latest
        if len(self._events) > self._keep:
            self._floor, _ = self._events.popleft()
            while (oldest := next(iter(self._places))) and self._places[oldest] < self._floor:
                del self._places[oldest]


class View:
    """One viewer's way through a feed: batches; an empty one when it was quiet for long.

    It ends when the feed is closed. A viewer that is not in the feed's history reads the channel
    itself until it is.
    """

    def __init__(self, feed: Feed, after: str | None, *, idle_s: float) -> None:
        self._feed = feed
        self._cursor = after
        self._number: int | None = None
        self._idle = idle_s
        self._joined: int | None = None
        # Whether the latest batch holds only what happened since the viewer came.
        self.is_live = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Batch:
        try:
            async with asyncio.timeout(self._idle):
                while not self._feed.closed:
                    news = self._feed.news
                    batch = await self._ready()
                    if batch.lines:
                        return batch
                    await news.wait()
        except TimeoutError:
            return NOTHING
        raise StopAsyncIteration

    async def _ready(self) -> Batch:
        """What can be sent now, or nothing."""
        if not self._feed.begun:
            return NOTHING
        if self._joined is None:
            self._joined = self._feed.latest
        if self._number is None and self._cursor is not None:
            self._number = self._feed.place(self._cursor)
            if self._number is None:
                return await self._catch_up(self._cursor)
        if self._number is None:
            return self._at_latest("snapshot")
        batch = self._feed.since(self._number)
        if batch is None:
            return self._at_latest("reset")
        self.is_live = self._number >= self._joined
        self._number = batch.number
        return batch

    async def _catch_up(self, cursor: str) -> Batch:
        """Nothing when the channel itself has no more: the feed is about to come to that place."""
        lines = await self._feed.missed(cursor)
        if lines:
            self._cursor = lines[-1].cursor
        return Batch(0, lines)

    def _at_latest(self, kind: Literal["snapshot", "reset"]) -> Batch:
        self._number = self._feed.latest
        return self._feed.state(kind)


class Feeds:
    """The feeds of the jobs that somebody looks at."""

    def __init__(
        self, channel: ProgressChannel, *, keep: int = KEEP_EVENTS, pace_s: float = PACE_S
    ) -> None:
        self._channel = channel
        self._keep = keep
        self._pace_s = pace_s
        self._feeds: dict[str, tuple[Feed, asyncio.Task[None]]] = {}
        self._closed = False

    @asynccontextmanager
    async def of(self, job_id: str) -> AsyncIterator[Feed]:
        """The job's feed, which lives for as long as somebody holds it."""
        if job_id not in self._feeds:
            self._feeds[job_id] = self._open(job_id)
        feed, following = self._feeds[job_id]
        feed.viewers += 1
        try:
            yield feed
        finally:
            feed.viewers -= 1
            if not feed.viewers:
                del self._feeds[job_id]
                following.cancel()
                await asyncio.wait({following})

    def close(self) -> None:
        """End every view, now and from now on: the process is about to stop."""
        self._closed = True
        for feed, _ in self._feeds.values():
            feed.close()

    def _open(self, job_id: str) -> tuple[Feed, asyncio.Task[None]]:
        feed = Feed(self._channel, job_id, keep=self._keep, pace_s=self._pace_s)
        feed.closed = self._closed
        return feed, asyncio.create_task(feed.follow(), name=f"feed {job_id}")
