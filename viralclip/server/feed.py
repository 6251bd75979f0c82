"""One job's frames for all its viewers in this process: read once, encoded once, never queued."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import islice

from viralclip.channel import ProgressChannel
from viralclip.live import Frame, Reset, Snapshot, Ticked, Told

# How many of the latest events a feed keeps; a viewer further behind gets a Reset instead.
KEEP_EVENTS = 1000


@dataclass(frozen=True)
class Line:
    """A frame as text, encoded once however many viewers it goes to."""

    kind: str
    cursor: str
    text: str


class Feed:
    """Follows the channel for one job while anybody looks.

    Viewers hold positions in what is kept here and read at their own pace; there is no queue per
    viewer that could grow. Positions count events, and `first` is that of the oldest one kept.
    """

    def __init__(self, channel: ProgressChannel, job_id: str, *, keep: int = KEEP_EVENTS) -> None:
        self._channel = channel
        self._job_id = job_id
        self._events: deque[Line] = deque(maxlen=keep)
        self._ticks: dict[str, tuple[int, Line]] = {}
        self._first = 0
        self._start = ""
        self._places: dict[str, int] = {}
        self._rev = 0
        self._news = asyncio.Event()
        self.viewers = 0

    async def follow(self, *, started: asyncio.Event) -> None:
        """Read the channel until cancelled; `started` is set once viewers may come."""
        _, cursor = await self._channel.progress(self._job_id)
        self._begin(cursor)
        started.set()
        async for frame in self._channel.watch(self._job_id, after=cursor):
            self._take(frame)
            self._news.set()
            self._news = asyncio.Event()

    async def view(self, after: str | None, *, idle_s: float) -> AsyncIterator[Line | None]:
        """Frames from the cursor on, for ever; None when nothing came for `idle_s` seconds."""
        position = self._places.get(after) if after is not None else None
        rev = 0
        if position is None:
            async for line in self._catch_up(after):
                yield line
                position = self._places.get(line.cursor)
        while True:
            news = self._news
            if position is None or position < self._first:
                line = await self._reset()
                position, rev = self._places.get(line.cursor), 0
                yield line
                continue
            lines = list(islice(self._events, position - self._first, None))
            position += len(lines)
            lines += [line for at, line in self._ticks.values() if at > rev]
            rev = self._rev
            for line in lines:
                yield line
            if not lines and not await _came(news, idle_s):
                yield None

    async def _catch_up(self, after: str | None) -> AsyncIterator[Line]:
        """What the channel has up to a place that this feed knows."""
        frames = self._channel.watch(self._job_id, after=after)
        async for frame in frames:
            if not isinstance(frame, Ticked):
                yield encode(frame)
            if frame.cursor in self._places:
                return

    async def _reset(self) -> Line:
        progress, cursor = await self._channel.progress(self._job_id)
        return encode(Reset(cursor=cursor, progress=progress))

    def _begin(self, cursor: str) -> None:
        self._first += len(self._events) + 1
        self._events.clear()
        self._ticks.clear()
        self._places = {cursor: self._first}

    def _take(self, frame: Frame) -> None:
        match frame:
            case Snapshot() | Reset():
                self._begin(frame.cursor)
            case Told():
                self._keep(encode(frame))
            case Ticked():
                self._rev += 1
                self._ticks[frame.tick.slot] = (self._rev, encode(frame))

    def _keep(self, line: Line) -> None:
        if len(self._events) == self._events.maxlen:
            self._first += 1
            self._places = {c: p for c, p in self._places.items() if p >= self._first}
        self._events.append(line)
        self._places[line.cursor] = self._first + len(self._events)


class Feeds:
    """The feeds of the jobs that somebody looks at."""

    def __init__(self, channel: ProgressChannel) -> None:
        self._channel = channel
        self._feeds: dict[str, tuple[Feed, asyncio.Task[None], asyncio.Event]] = {}

    @asynccontextmanager
    async def of(self, job_id: str) -> AsyncIterator[Feed]:
        """The job's feed, which lives for as long as somebody holds it."""
        if job_id not in self._feeds:
            feed, started = Feed(self._channel, job_id), asyncio.Event()
            task = asyncio.create_task(feed.follow(started=started), name=f"feed {job_id}")
            self._feeds[job_id] = feed, task, started
        feed, task, started = self._feeds[job_id]
        feed.viewers += 1
        try:
            await started.wait()
            yield feed
        finally:
            feed.viewers -= 1
            if not feed.viewers:
                self._feeds.pop(job_id, None)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


def encode(frame: Frame) -> Line:
    return Line(frame.kind, frame.cursor, frame.model_dump_json())


async def _came(news: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        return False
    return True
