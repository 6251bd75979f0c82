"""The channel in Redis, for many machines: a stream of events per job, written by one script."""

import asyncio
import hashlib
import importlib.metadata
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import structlog
from pydantic import ValidationError
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from viralclip.channel import BEGINNING, HistoryLostError
from viralclip.errors import InvalidRequestError
from viralclip.events import TICK, ClipTick, Draft, Envelope, JobFinished, JobQueued, JobTick
from viralclip.live import Frame, Reset, Snapshot, Ticked, Told
from viralclip.progress import Progress, advance

log = structlog.get_logger(__name__)

_Placed = tuple[int, Envelope | ClipTick | JobTick]

# KEYS of every script: meta, events, told, ticks, revisions, news.
# One call numbers the drafts, keeps them, tells whoever listens right now, and rings for watchers.
# ARGV: listeners' channel, seconds to keep an ended job, an epoch, the epoch and number known to
# the publisher; then for each draft its key, its text up to the number and from there on, its mark.
_PUBLISH = """
local epoch, last = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'seq'))
if ARGV[4] ~= '' and (epoch ~= ARGV[4] or tonumber(last) < tonumber(ARGV[5])) then
  if epoch == ARGV[4] then redis.call('HSET', KEYS[1], 'epoch', ARGV[3]) end
  return false
end
if not epoch then
  epoch = ARGV[3]
  redis.call('HSET', KEYS[1], 'epoch', epoch)
  redis.call('PERSIST', KEYS[1])
end
local answer = {epoch}
local news = false
for i = 6, #ARGV, 4 do
  local seq = redis.call('HGET', KEYS[3], ARGV[i])
  if not seq then
    seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
    local body = ARGV[i + 1] .. string.format('%d', seq) .. ARGV[i + 2]
    redis.call('XADD', KEYS[2], seq .. '-0', 'e', body)
    redis.call('HSET', KEYS[3], ARGV[i], seq)
    redis.call('PUBLISH', ARGV[1], body)
    if ARGV[i + 3] == 'open' then
      for key = 1, 5 do redis.call('PERSIST', KEYS[key]) end
    elseif ARGV[i + 3] == 'end' then
      for key = 1, 5 do redis.call('EXPIRE', KEYS[key], ARGV[2]) end
    end
    news = true
  end
  answer[#answer + 1] = tonumber(seq)
end
if news then
  redis.call('XADD', KEYS[6], 'MAXLEN', 1, '*', 'n', '')
  redis.call('EXPIRE', KEYS[6], ARGV[2])
end
return answer
"""
# ARGV: listeners' channel, seconds to keep ticks; then for each tick its slot and its text.
_TICK = """
local epoch, seq = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'seq'))
for i = 3, #ARGV, 2 do
  local rev = redis.call('HINCRBY', KEYS[1], 'rev', 1)
  redis.call('HSET', KEYS[4], ARGV[i], (seq or 0) .. ' ' .. ARGV[i + 1])
  redis.call('ZADD', KEYS[5], rev, ARGV[i])
  redis.call('PUBLISH', ARGV[1], ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[4], ARGV[2])
redis.call('EXPIRE', KEYS[5], ARGV[2])
if not epoch then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
redis.call('XADD', KEYS[6], 'MAXLEN', 1, '*', 'n', '')
redis.call('EXPIRE', KEYS[6], ARGV[2])
"""
# One view of events after a number and ticks after a revision. ARGV: number + 1, revision, limit.
_READ = """
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'rev')
local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
local events = redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[3])
local ticks = {}
for i, slot in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], '(' .. ARGV[2], '+inf')) do
  ticks[i] = redis.call('HGET', KEYS[4], slot)
end
local bodies = {}
for i, entry in ipairs(events) do bodies[i] = entry[2][2] end
return {meta[1], meta[2], meta[3], first and first[1] or '', bodies, ticks}
"""
# ARGV: field, epoch, number, text. A snapshot replaces only an older one.
_SNAPSHOT = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2] then return end
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1] .. '/seq') or '0')
local of = redis.call('HGET', KEYS[1], ARGV[1] .. '/epoch')
if of == ARGV[2] and known >= tonumber(ARGV[3]) then return end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4], ARGV[1] .. '/epoch', ARGV[2],
  ARGV[1] .. '/seq', ARGV[3])
"""
# ARGV: seconds to keep the news.
_FORGET = """
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
redis.call('XADD', KEYS[6], 'MAXLEN', 1, '*', 'n', '')
redis.call('EXPIRE', KEYS[6], ARGV[1])
"""

_SHAS = {
    script: hashlib.sha1(script.encode()).hexdigest()  # noqa: S324 - how Redis names scripts
    for script in (_PUBLISH, _TICK, _READ, _SNAPSHOT, _FORGET)
}

_ENDED_KEPT_S = 14 * 24 * 3600
_TICKS_KEPT_S = 24 * 3600
_WAKE_KEPT_S = 3600
_BATCH = 500
_WHOLE = 1_000_000_000
# How many events a reader may have to fold; the next reader then begins where it came to.
_SNAPSHOT_EVERY = 64
_REMEMBERED_JOBS = 1024
_FOLDED_JOBS = 64
_DIGITS = 18
_CONNECTIONS = 16
_ANSWER_S = 5.0
_BLOCK_MS = 2000
_RETRY_S = 0.25
# How often watchers look although nothing rang: news itself may have been lost with the server's.
_LOOK_S = 15.0
# Another version may fold otherwise, or know more: each keeps its own.
_FIELD = f"snapshot/{importlib.metadata.version('viralclip')}"


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
    """Keeps events at `url`; one pooled client, and one task that listens for all watched jobs."""

    def __init__(self, url: str, *, ended_kept_s: int = _ENDED_KEPT_S) -> None:
        self._url = url
        self._ended_kept_s = ended_kept_s
        self._known: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._folded: OrderedDict[str, tuple[str, Progress]] = OrderedDict()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._redis = await stack.enter_async_context(_client(self._url))
            await _check(self._redis)
            self._news = _News(self._redis)
            listening = asyncio.create_task(self._news.listen(), name="channel-news")
            stack.push_async_callback(_cancelled, listening)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def publish(self, drafts: list[Draft]) -> list[int]:
        by_job: dict[str, list[int]] = {}
        for place, draft in enumerate(drafts):
            by_job.setdefault(draft.job_id, []).append(place)
        seqs = [0] * len(drafts)
        for job_id, places in by_job.items():
            told = await self._publish(job_id, [drafts[place] for place in places])
            for place, seq in zip(places, told, strict=True):
                seqs[place] = seq
        return seqs

    async def _publish(self, job_id: str, drafts: list[Draft]) -> list[int]:
        epoch, last = self._known.pop(job_id, ("", 0))
        fresh = uuid.uuid4().hex[:12]
        arguments: list[str | int] = [f"progress:{job_id}", self._ended_kept_s, fresh, epoch, last]
        for draft in drafts:
            arguments += (draft.key, *_around_number(draft), _mark(draft))
        answer = await self._run(_PUBLISH, job_id, *arguments)
        if answer is None:
            raise HistoryLostError(job_id)
        now, *seqs = answer
        self._known[job_id] = (now.decode(), max(last, *seqs))
        _shrink(self._known, _REMEMBERED_JOBS)
        return seqs

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        by_job: dict[str, list[str]] = {}
        for tick in ticks:
            by_job.setdefault(tick.job_id, []).extend((tick.slot, tick.model_dump_json()))
        for job_id, arguments in by_job.items():
            await self._run(_TICK, job_id, f"progress:{job_id}", _TICKS_KEPT_S, *arguments)

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        epoch, progress, _ = await self._fold(job_id)
        return progress, _cursor(epoch, progress.seq)

    async def forget(self, job_id: str) -> None:
        self._known.pop(job_id, None)
        await self._run(_FORGET, job_id, _TICKS_KEPT_S)

    async def watch(self, job_id: str, after: str | None = None) -> AsyncIterator[Frame]:
        cursor, rev = after, 0
        with self._news.of(job_id) as news:
            while True:
                news.clear()
                try:
                    frames, rev = await self._since(job_id, cursor, rev)
                except (RedisError, OSError) as error:
                    log.debug("Channel unavailable to a watcher", error=repr(error))
                    await asyncio.sleep(_RETRY_S)
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
            await self._run(_SNAPSHOT, job_id, _FIELD, epoch, progress.seq, text)
        return epoch, progress, view.rev

    async def _folded_before(self, job_id: str) -> tuple[str, Progress]:
        """The latest progress known here, or else the one that some reader left behind."""
        if job_id in self._folded:
            return self._folded.pop(job_id)
        async with asyncio.timeout(_ANSWER_S):
            kept: Any = await self._redis.hmget(_keys(job_id)[0], [f"{_FIELD}/epoch", _FIELD])  # pyright: ignore[reportGeneralTypeIssues]
        epoch, text = kept
        if text is None:
            return "none", Progress(job_id=job_id)
        return epoch.decode(), Progress.model_validate_json(text)

    async def _read(self, job_id: str, position: int, rev: int, *, limit: int) -> _View:
        answer = await self._run(_READ, job_id, position + 1, rev, limit)
        epoch, seq, last_rev, first, events, ticks = answer
        return _View(
            epoch=epoch.decode() if epoch else "none",
            seq=int(seq or 0),
            rev=int(last_rev or 0),
            first=int(first.partition(b"-")[0] or 0),
            events=events,
            ticks=ticks,
        )

    async def _run(self, script: str, job_id: str, *arguments: str | int) -> Any:
        keys = _keys(job_id)
        command = ("EVALSHA", _SHAS[script], len(keys), *keys, *arguments)
        async with asyncio.timeout(_ANSWER_S):
            try:
                return await self._redis.execute_command(*command)
            except NoScriptError:
                # The first call of all, or the first after a restart.
                await self._redis.script_load(script)
                return await self._redis.execute_command(*command)


class _News:
    """Rings for the watchers of a job: one blocking read on one connection, for all jobs."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._rings: dict[str, set[asyncio.Event]] = {}
        self._seen: dict[str, str | bytes] = {}
        self._wake = f"viralclip:wake:{uuid.uuid4().hex}"
        self._woken: str | bytes = "0"
        self._wanted = asyncio.Event()
        self._waking: asyncio.Task[None] | None = None

    @contextmanager
    def of(self, job_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be news of the job."""
        ring = asyncio.Event()
        rings = self._rings.setdefault(job_id, set())
        rings.add(ring)
        if len(rings) == 1:
            # From the first news on: whatever came since the watcher read rings at once.
            self._seen[job_id] = "0"
            self._wanted.set()
        try:
            yield ring
        finally:
            rings.discard(ring)
            if not rings:
                del self._rings[job_id], self._seen[job_id]

    async def listen(self) -> None:
        """Until cancelled; after a failure every watcher looks for itself."""
        while True:
            await self._somebody_watches()
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                log.warning("Channel news unavailable", error=repr(error), retry_in_sec=_RETRY_S)
                self._ring(self._rings)
                await asyncio.sleep(_RETRY_S)

    async def _somebody_watches(self) -> None:
        if not self._rings:
            self._wanted.clear()
            await self._wanted.wait()

    async def _listen(self) -> None:
        """One blocking read, which a job that is watched from now on cuts short."""
        self._wanted.clear()
        streams = {_keys(job_id)[5]: seen for job_id, seen in self._seen.items()}
        waking = asyncio.create_task(self._wake_for_more())
        try:
            async with asyncio.timeout(_BLOCK_MS / 1000 + _ANSWER_S):
                found = await self._redis.xread(
                    {**streams, self._wake: self._woken}, block=_BLOCK_MS
                )
        finally:
            await _cancelled(waking)
        for name, entries in _pairs(found):
            latest = entries[-1][0]
            job_id = name.decode().removeprefix(_PREFIX).removesuffix(":news")
            if name.decode() == self._wake:
                self._woken = latest
            elif job_id in self._seen:
                self._seen[job_id] = latest
                self._ring([job_id])

    async def _wake_for_more(self) -> None:
        await self._wanted.wait()
        async with self._redis.pipeline(transaction=False) as both:
            both.xadd(self._wake, {"n": ""}, maxlen=1, approximate=False)
            both.expire(self._wake, _WAKE_KEPT_S)
            async with asyncio.timeout(_ANSWER_S):
                await both.execute()

    def _ring(self, job_ids: Any) -> None:
        for job_id in job_ids:
            for ring in self._rings.get(job_id, ()):
                ring.set()


_PREFIX = "viralclip:job:"


def _keys(job_id: str) -> tuple[str, ...]:
    """What a job has in Redis, in the order that the scripts know."""
    parts = ("meta", "events", "told", "ticks", "revisions", "news")
    return tuple(f"{_PREFIX}{job_id}:{part}" for part in parts)


def _client(url: str) -> Redis:
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=_ANSWER_S,
        # Its own limit swallows cancellations (wait_for before Python 3.12): ours is around it.
        socket_timeout=None,
        socket_connect_timeout=_ANSWER_S,
        # Once more at once, for connections that went stale; the reporter waits and tries again.
        retry=Retry(NoBackoff(), 1),
    )
    return Redis.from_pool(pool)


async def _check(redis: Redis) -> None:
    """Say at the start what would otherwise be found out by losing events."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            memory = await redis.info("memory")
    except (RedisError, OSError) as error:
        place = redis.connection_pool.connection_kwargs
        where = f"{place.get('host')}:{place.get('port')}"
        raise ChannelUnreachableError(place=where, detail=repr(error)) from error
    if (policy := memory.get("maxmemory_policy", "noeviction")) != "noeviction":
        log.warning(
            "Redis may evict progress events; set its maxmemory-policy to noeviction", policy=policy
        )


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _around_number(draft: Draft) -> tuple[str, str]:
    """The envelope's text before and after its number, which Redis gives.

    Inside of a JSON text a quote is always escaped, so that the first match is the field itself.
    """
    head, field, tail = draft.numbered(0).model_dump_json().partition('"seq":0')
    return head + field[:-1], tail


def _mark(draft: Draft) -> str:
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


def _tick(body: bytes) -> ClipTick | JobTick | None:
    """The tick, or None if only a newer version understands it; it is perishable anyway."""
    try:
        return TICK.validate_json(body)
    except ValidationError:
        return None


def _frame(cursor: str, item: Envelope | ClipTick | JobTick) -> Frame:
    if isinstance(item, Envelope):
        return Told(cursor=cursor, envelope=item)
    return Ticked(cursor=cursor, tick=item)


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


def _pairs(found: Any) -> list[tuple[bytes, list[Any]]]:
    """What a blocking read found, in either version of the protocol."""
    return list(found.items()) if isinstance(found, dict) else list(found or ())


def _shrink(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
