"""A progress channel over a store: a store keeps and wakes, everything else is here, once."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, suppress
from typing import ClassVar, ParamSpec, Protocol, TypeVar

import structlog

from viralclip.channel.history import (
    BATCH,
    NO_EPOCH,
    WHOLE,
    Folded,
    FoldedJobs,
    Position,
    View,
    event_range,
    frames_of,
)
from viralclip.channel.port import EventRange
from viralclip.events import ClipTick, JobTick, NewEvent
from viralclip.live import Frame, Reset, Snapshot
from viralclip.progress import Progress

# How soon a watcher asks a store again that did not answer.
RETRY_S = 0.25
# How often watchers look although nothing woke them: with a server its news may be lost, too.
_LOOK_S = 15.0
# A revision that no tick has.
_NO_TICKS = 2**53
# More events than this are read in a thread: the event loop waits for a few milliseconds at most.
_MANY = 200

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger(__name__)


class Store(Protocol):
    """What keeps the events and ticks of jobs; to add a channel is to write one of these."""

    # The errors of a store that is away for a while: watchers wait for it.
    outages: ClassVar[tuple[type[Exception], ...]]

    async def append(self, drafts: list[NewEvent]) -> list[int]:
        """Number the drafts and keep them, at once and in order; one whose key is known keeps its
        number. The first event of a job begins another epoch. HistoryLostError as the port says."""
        ...

    async def replace(self, ticks: list[ClipTick | JobTick]) -> None:
        """Keep each tick in the place of the one before with its key, after the last event."""
        ...

    async def read(self, job_id: str, after: int, rev: int, limit: int) -> View:
        """At most `limit` events after a number, and the ticks that were given since then, after a
        revision: those of clips that have ended pile up, and a reader has seen them."""
        ...

    async def delete(self, job_id: str) -> None:
        """Keep nothing of the job any more."""
        ...

    def waker(self, job_id: str) -> AbstractContextManager[asyncio.Event]:
        """An event that is set after any of the above, whichever process did it."""
        ...


class Snapshots(Protocol):
    """Where a store keeps what was folded, so that other processes need not fold it again."""

    async def saved(self, job_id: str) -> Folded | None:
        """What was saved last, of whichever history the job had then."""
        ...

    async def save(self, job_id: str, before: Folded, folded: Folded) -> None:
        """Keep what was folded, if that is worth it by now."""
        ...


class StoredChannel:
    """The progress channel whose events are in an open store."""

    def __init__(self, store: Store, *, snapshots: Snapshots | None = None) -> None:
        self._store = store
        self._snapshots = snapshots
        self._folded = FoldedJobs()

    async def publish(self, drafts: list[NewEvent]) -> list[int]:
        return await self._store.append(drafts) if drafts else []

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        if ticks:
            await self._store.replace(ticks)

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        folded, _ = await self._fold(job_id)
        return folded.progress, folded.cursor

    async def events(self, job_id: str, after: str, *, limit: int) -> EventRange | None:
        position = Position.parse(after)
        if position is None:
            return None
        view = await self._store.read(job_id, position.seq, _NO_TICKS, limit)
        return await _computed(view, event_range, view, position)

    async def forget(self, job_id: str) -> None:
        await self._store.delete(job_id)

    async def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        cursor, rev = after, 0
        with self._store.waker(job_id) as waker:
            while True:
                waker.clear()
                try:
                    frames, rev = await self._since(job_id, cursor, rev)
                except self._store.outages as error:
                    log.debug("Channel unavailable to a watcher", error=repr(error))
                    await asyncio.sleep(RETRY_S)
                    continue
                for frame in frames:
                    cursor = frame.cursor
                    yield frame
                if not frames:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_S):
                            await waker.wait()

    async def _since(self, job_id: str, cursor: str | None, rev: int) -> tuple[list[Frame], int]:
        """What a watcher at `cursor` has not seen; an empty list when it has seen all."""
        position = Position.parse(cursor)
        if position is not None:
            view = await self._store.read(job_id, position.seq, rev, BATCH)
            if position.is_in(view):
                return await _computed(view, frames_of, view, position.seq, rev)
        folded, rev = await self._fold(job_id)
        kind = Snapshot if cursor is None else Reset
        return [kind(cursor=folded.cursor, progress=folded.progress)], rev

    async def _fold(self, job_id: str) -> tuple[Folded, int]:
        """All events and last ticks as progress, from the latest that anybody folded before."""
        known = await self._known(job_id)
        view = await self._store.read(job_id, known.progress.seq, 0, WHOLE)
        if known.epoch != view.epoch and known.progress.seq:
            view = await self._store.read(job_id, 0, 0, WHOLE)
            known = _nothing(job_id)
        begun = Folded(view.epoch, known.progress)
        folded = await _computed(view, begun.with_all, view)
        self._folded.keep(job_id, folded)
        if self._snapshots is not None:
            await self._snapshots.save(job_id, begun, folded)
        return folded, view.rev

    async def _known(self, job_id: str) -> Folded:
        known = self._folded.get(job_id)
        if known is None and self._snapshots is not None:
            known = await self._snapshots.saved(job_id)
        return known or _nothing(job_id)


def _nothing(job_id: str) -> Folded:
    return Folded(NO_EPOCH, Progress(job_id=job_id))


async def _computed(view: View, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """The result of pure work with a view: in a thread where there is much of it."""
    if len(view.events) > _MANY:
        return await asyncio.to_thread(work, *arguments, **named)
    return work(*arguments, **named)
