"""The channel in Redis, for many machines: a stream of events per job, written by one script."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import structlog
from pydantic import ValidationError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from viralclip import __version__
from viralclip.channel.port import BEGINNING, HistoryLostError
from viralclip.channel.redis import scripts
from viralclip.channel.redis.news import ANSWER_S, RETRY_S, News, cancelled
from viralclip.channel.redis.scripts import SHAS, keys_of
from viralclip.channel.redis.suitability import ChannelUnsuitableError, unsuitable
from viralclip.errors import InvalidRequestError
from viralclip.events import (
    TICK,
    ClipTick,
    Envelope,
    JobFinished,
    JobQueued,
    JobTick,
    NewEvent,
    Tick,
)
from viralclip.live import EventFrame, Frame, Reset, Snapshot, TickFrame
from viralclip.progress import Progress, advance

log = structlog.get_logger(__name__)

_Placed = tuple[int, Envelope | Tick]

_ENDED_KEPT_S = 14 * 24 * 3600
_TICKS_KEPT_S = 24 * 3600
_BATCH = 500
_WHOLE = 1_000_000_000
# How many events a reader may have to fold; the next reader then begins where it came to.
_SNAPSHOT_EVERY = 64
_REMEMBERED_JOBS = 1024
_FOLDED_JOBS = 64
_DIGITS = 18
_READERS, _WRITERS = 16, 8
_CONNECTION: dict[str, Any] = {
    # Its own limit swallows cancellations (wait_for before Python 3.12): ours is around it.
    "socket_timeout": None,
    "socket_connect_timeout": ANSWER_S,
    # Once more at once, for connections that went stale; the reporter waits and tries again.
    "retry": Retry(NoBackoff(), 1),
}
# How often watchers look although nothing rang: news itself may have been lost with the server's.
_LOOK_S = 15.0
# Another version may fold otherwise, or know more: each keeps its own.
_FIELD = f"snapshot/{__version__}"


class ChannelUnreachableError(InvalidRequestError):
    """Redis at {place} does not answer; check VIRALCLIP_CHANNEL and that the server runs."""

    code = "channel_unreachable"


@dataclass(frozen=True)
class _View:
    """What a job's keys held at one moment: events after a number, ticks after a revision."""

    epoch: str
    seq: int
    rev: int
    first: int
    events: list[bytes]
    ticks: list[bytes]

    def begins_after(self, position: int) -> bool:
        """Whether events right after the position are not kept any more."""
        return position < self.seq and (not self.first or self.first > position + 1)


class RedisChannel:
    """Keeps events at `url`; one task listens for all watched jobs.

    Readers share a bounded pool of connections; writers have one of their own, and wait for no
    reader.
    """

    def __init__(self, url: str, *, ended_kept_s: int = _ENDED_KEPT_S) -> None:
        self._url = url
        self._ended_kept_s = ended_kept_s
        self._known: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._folded: OrderedDict[str, tuple[str, Progress]] = OrderedDict()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            readers = BlockingConnectionPool.from_url(
                self._url, max_connections=_READERS, timeout=ANSWER_S, **_CONNECTION
            )
            writers = BlockingConnectionPool.from_url(
                self._url, max_connections=_WRITERS, timeout=ANSWER_S, **_CONNECTION
            )
            self._reading = await stack.enter_async_context(Redis.from_pool(readers))
            self._writing = await stack.enter_async_context(Redis.from_pool(writers))
            await _check(self._reading)
            self._news = News(self._reading)
            listening = asyncio.create_task(self._news.listen(), name="channel-news")
            stack.push_async_callback(cancelled, listening)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def publish(self, drafts: list[NewEvent]) -> list[int]:
        by_job: dict[str, list[int]] = {}
        for place, draft in enumerate(drafts):
            by_job.setdefault(draft.job_id, []).append(place)
        seqs = [0] * len(drafts)
        for job_id, places in by_job.items():
            told = await self._publish(job_id, [drafts[place] for place in places])
            for place, seq in zip(places, told, strict=True):
                seqs[place] = seq
        return seqs

    async def _publish(self, job_id: str, drafts: list[NewEvent]) -> list[int]:
        epoch, last = self._known.pop(job_id, ("", 0))
        fresh = secrets.token_hex(6)
        arguments: list[str | int] = [f"progress:{job_id}", self._ended_kept_s, fresh, epoch, last]
        for draft in drafts:
            arguments += (draft.key, *_around_number(draft), _mark(draft))
        answer = await _run(self._writing, scripts.PUBLISH, job_id, *arguments)
        if answer is None:
            raise HistoryLostError(job_id)
        now, *numbers = answer.decode().split()
        seqs = [int(number) for number in numbers]
        self._known[job_id] = (now, max(last, *seqs))
        _shrink(self._known, _REMEMBERED_JOBS)
        return seqs

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        by_job: dict[str, list[str]] = {}
        for tick in ticks:
            by_job.setdefault(tick.job_id, []).extend((tick.tick_key, tick.model_dump_json()))
        for job_id, arguments in by_job.items():
            await _run(
                self._writing, scripts.TICK, job_id, f"progress:{job_id}", _TICKS_KEPT_S, *arguments
            )

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        epoch, progress, _ = await self._fold(job_id)
        return progress, _cursor(epoch, progress.seq)

    async def forget(self, job_id: str) -> None:
        self._known.pop(job_id, None)
        await _run(self._writing, scripts.FORGET, job_id, _TICKS_KEPT_S)

    async def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        cursor, rev = after, 0
        with self._news.of(job_id) as news:
            while True:
                news.clear()
                try:
                    frames, rev = await self._since(job_id, cursor, rev)
                except (RedisError, OSError) as error:
                    log.debug("Channel unavailable to a watcher", error=repr(error))
                    await asyncio.sleep(RETRY_S)
                    continue
                for frame in frames:
                    cursor = frame.cursor
                    yield frame
                if not frames:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_S):
                            await news.wait()

    async def _since(self, job_id: str, cursor: str | None, rev: int) -> tuple[list[Frame], int]:
        """What a watcher at `cursor` has not seen; an empty list when it has seen all."""
        at = _parse(cursor)
        if at is not None:
            view = await self._read(job_id, at[1], rev, limit=_BATCH)
            if _knows(view, *at):
                placed = _placed(view, at[1], limit=_BATCH)
                return [_frame(_cursor(view.epoch, seq), item) for seq, item in placed], view.rev
        epoch, progress, rev = await self._fold(job_id)
        kind = Snapshot if cursor is None else Reset
        return [kind(cursor=_cursor(epoch, progress.seq), progress=progress)], rev

    async def _fold(self, job_id: str) -> tuple[str, Progress, int]:
        """All events and last ticks as progress, from the latest that anybody folded before."""
        epoch, progress = await self._folded_before(job_id)
        view = await self._read(job_id, progress.seq, 0, limit=_WHOLE)
        if view.epoch != epoch:
            epoch, progress = view.epoch, Progress(job_id=job_id)
            view = await self._read(job_id, 0, 0, limit=_WHOLE)
        known = progress.seq
        for _, item in _placed(view, known, limit=_WHOLE):
            progress = advance(progress, item)
        self._folded[job_id] = epoch, progress
        _shrink(self._folded, _FOLDED_JOBS)
        if progress.seq // _SNAPSHOT_EVERY > known // _SNAPSHOT_EVERY:
            text = progress.model_dump_json()
            await _run(self._reading, scripts.SNAPSHOT, job_id, _FIELD, epoch, progress.seq, text)
        return epoch, progress, view.rev

    async def _folded_before(self, job_id: str) -> tuple[str, Progress]:
        """The latest progress known here, or else the one that some reader left behind."""
        if job_id in self._folded:
            return self._folded.pop(job_id)
        async with asyncio.timeout(ANSWER_S):
            kept: Any = await self._reading.hmget(keys_of(job_id)[0], [f"{_FIELD}/epoch", _FIELD])  # pyright: ignore[reportGeneralTypeIssues]
        epoch, text = kept
        if text is None:
            return "none", Progress(job_id=job_id)
        return epoch.decode(), Progress.model_validate_json(text)

    async def _read(self, job_id: str, position: int, rev: int, *, limit: int) -> _View:
        answer = await _run(self._reading, scripts.READ, job_id, position + 1, rev, limit)
        epoch, seq, last_rev, first, events, ticks = answer
        return _View(
            epoch=epoch.decode() if epoch else "none",
            seq=int(seq or 0),
            rev=int(last_rev or 0),
            first=int(first.partition(b"-")[0] or 0),
            events=events,
            ticks=ticks,
        )


async def _run(redis: Redis, script: str, job_id: str, *arguments: str | int) -> Any:
    keys = keys_of(job_id)
    command = ("EVALSHA", SHAS[script], len(keys), *keys, *arguments)
    async with asyncio.timeout(ANSWER_S):
        try:
            return await redis.execute_command(*command)
        except NoScriptError:
            # The first call of all, or the first after a restart.
            await redis.script_load(script)
            return await redis.execute_command(*command)


async def _check(redis: Redis) -> None:
    """Say at the start what would otherwise be found out by losing events."""
    place = redis.connection_pool.connection_kwargs
    where = f"{place.get('host')}:{place.get('port')}"
    try:
        async with asyncio.timeout(ANSWER_S):
            info = await redis.info()
    except (RedisError, OSError) as error:
        raise ChannelUnreachableError(place=where, detail=repr(error)) from error
    if fault := unsuitable(info):
        raise ChannelUnsuitableError(place=where, reason=fault.reason, remedy=fault.remedy)
    if (policy := info.get("maxmemory_policy", "noeviction")) != "noeviction":
        log.warning(
            "Redis may evict progress events; set its maxmemory-policy to noeviction", policy=policy
        )


def _around_number(draft: NewEvent) -> tuple[str, str]:
    """The envelope's text before and after its number, which Redis gives.

    Inside of a JSON text a quote is always escaped, so that the first match is the field itself.
    """
    head, field, tail = draft.numbered(0).model_dump_json().partition('"seq":0')
    return head + field[:-1], tail


def _mark(draft: NewEvent) -> str:
    """A job that has ended is kept for a while, unless it is opened again."""
    match draft.event:
        case JobQueued():
            return "open"
        case JobFinished():
            return "end"
        case _:
            return ""


def _placed(view: _View, position: int, *, limit: int) -> list[_Placed]:
    """The view's events and ticks, each tick behind the event it followed."""
    events = [Envelope.model_validate_json(body) for body in view.events]
    # A tick behind the last event of a full batch may belong behind the next one.
    end = events[-1].seq if len(events) == limit else view.seq + 1
    placed: list[_Placed] = [(event.seq, event) for event in events]
    for seq, _, body in (tick.partition(b" ") for tick in view.ticks):
        if position <= int(seq) < end and (tick := _tick(body)):
            placed.append((int(seq), tick))
    placed.sort(key=lambda item: item[0])  # stable: an event stays before its ticks
    return placed


def _tick(body: bytes) -> Tick | None:
    """The tick, or None if only a newer version understands it; it is perishable anyway."""
    try:
        return TICK.validate_json(body)
    except ValidationError:
        return None


def _frame(cursor: str, item: Envelope | Tick) -> Frame:
    if isinstance(item, Envelope):
        return EventFrame(cursor=cursor, envelope=item)
    return TickFrame(cursor=cursor, tick=item)


def _cursor(epoch: str, seq: int) -> str:
    return f"{epoch}-{seq}"


def _parse(cursor: str | None) -> tuple[str, int] | None:
    """The history that a cursor is of, and the number it stands at; None if it is no cursor."""
    epoch, _, seq = (cursor or "").rpartition("-")
    if not epoch or not seq.isdecimal() or not seq.isascii() or len(seq) > _DIGITS:
        return None
    return epoch, int(seq)


def _knows(view: _View, epoch: str, position: int) -> bool:
    """Whether everything after the position is in the view: a stream read from a place that was
    trimmed away answers with what is left, and says nothing of what is missing."""
    known = f"{epoch}-{position}" == BEGINNING or epoch == view.epoch
    return known and position <= view.seq and not view.begins_after(position)


def _shrink(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
