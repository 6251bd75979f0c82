"""Events in Redis, for many machines: a stream per job, written by one script."""

import asyncio
import secrets
from collections import OrderedDict
from contextlib import AbstractContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, ClassVar, Self

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from viralclip import __version__
from viralclip.channel.history import NO_EPOCH, Folded, View
from viralclip.channel.port import HistoryLostError
from viralclip.channel.redis import scripts
from viralclip.channel.redis.news import ANSWER_S, News
from viralclip.channel.redis.scripts import SHAS, keys_of
from viralclip.channel.redis.suitability import ChannelUnsuitableError, unsuitable
from viralclip.channel.wakers import cancelled
from viralclip.errors import InvalidRequestError
from viralclip.events import ClipTick, JobFinished, JobQueued, JobTick, NewEvent
from viralclip.progress import Progress

log = structlog.get_logger(__name__)

_ENDED_KEPT_S = 14 * 24 * 3600
_TICKS_KEPT_S = 24 * 3600
# How many events a reader may have to fold; the next reader then begins where it came to.
_SNAPSHOT_EVERY = 64
_REMEMBERED_JOBS = 1024
_READERS, _WRITERS = 16, 8
_CONNECTION: dict[str, Any] = {
    # Its own limit swallows cancellations (wait_for before Python 3.12): ours is around it.
    "socket_timeout": None,
    "socket_connect_timeout": ANSWER_S,
    # Once more at once, for connections that went stale; the reporter waits and tries again.
    "retry": Retry(NoBackoff(), 1),
}
# Another version may fold otherwise, or know more: each keeps its own.
_FIELD = f"snapshot/{__version__}"


class ChannelUnreachableError(InvalidRequestError):
    """Redis at {place} does not answer; check VIRALCLIP_CHANNEL and that the server runs."""

    code = "channel_unreachable"


class RedisStore:
    """Keeps events at `url`: a stream per job; one task listens for all watched jobs.

    Readers share a bounded pool of connections; writers have one of their own, and wait for no
    reader.
    """

    outages: ClassVar[tuple[type[Exception], ...]] = (RedisError, OSError)

    def __init__(self, url: str, *, ended_kept_s: int = _ENDED_KEPT_S) -> None:
        self._url = url
        self._ended_kept_s = ended_kept_s
        self._known: OrderedDict[str, tuple[str, int]] = OrderedDict()

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

    async def append(self, drafts: list[NewEvent]) -> list[int]:
        by_job: dict[str, list[int]] = {}
        for index, draft in enumerate(drafts):
            by_job.setdefault(draft.job_id, []).append(index)
        seqs = [0] * len(drafts)
        for job_id, indices in by_job.items():
            given = await self._append(job_id, [drafts[index] for index in indices])
            for index, seq in zip(indices, given, strict=True):
                seqs[index] = seq
        return seqs

    async def _append(self, job_id: str, drafts: list[NewEvent]) -> list[int]:
        epoch, last = self._known.pop(job_id, ("", 0))
        fresh = secrets.token_hex(6)
        arguments: list[str | int] = [f"progress:{job_id}", self._ended_kept_s, fresh, epoch, last]
        for draft in drafts:
            arguments += (draft.key, *draft.json_around_seq, _mark(draft))
        answer = await _run(self._writing, scripts.PUBLISH, job_id, *arguments)
        if answer is None:
            raise HistoryLostError(job_id)
        now, *numbers = answer.decode().split()
        seqs = [int(number) for number in numbers]
        self._known[job_id] = (now, max(last, *seqs))
        while len(self._known) > _REMEMBERED_JOBS:
            self._known.popitem(last=False)
        return seqs

    async def replace(self, ticks: list[ClipTick | JobTick]) -> None:
        by_job: dict[str, list[str]] = {}
        for tick in ticks:
            by_job.setdefault(tick.job_id, []).extend((tick.tick_key, tick.model_dump_json()))
        for job_id, arguments in by_job.items():
            await _run(
                self._writing, scripts.TICK, job_id, f"progress:{job_id}", _TICKS_KEPT_S, *arguments
            )

    async def read(self, job_id: str, after: int, rev: int, limit: int) -> View:
        answer = await _run(self._reading, scripts.READ, job_id, after + 1, rev, limit)
        epoch, seq, last_rev, first, events, ticks = answer
        parts = (tick.partition(b" ") for tick in ticks)
        return View(
            epoch=epoch.decode() if epoch else NO_EPOCH,
            seq=int(seq or 0),
            rev=int(last_rev or 0),
            first=int(first.partition(b"-")[0] or 0),
            events=events,
            ticks=[(int(at), body) for at, _, body in parts],
        )

    async def delete(self, job_id: str) -> None:
        self._known.pop(job_id, None)
        await _run(self._writing, scripts.FORGET, job_id, _TICKS_KEPT_S)

    def waker(self, job_id: str) -> AbstractContextManager[asyncio.Event]:
        return self._news.of(job_id)

    async def saved(self, job_id: str) -> Folded | None:
        async with asyncio.timeout(ANSWER_S):
            kept: Any = await self._reading.hmget(keys_of(job_id)[0], [f"{_FIELD}/epoch", _FIELD])  # pyright: ignore[reportGeneralTypeIssues]
        epoch, text = kept
        return text and Folded(epoch.decode(), Progress.model_validate_json(text))

    async def save(self, job_id: str, before: Folded, folded: Folded) -> None:
        seq = folded.progress.seq
        if seq // _SNAPSHOT_EVERY > before.progress.seq // _SNAPSHOT_EVERY:
            text = folded.progress.model_dump_json()
            await _run(self._reading, scripts.SNAPSHOT, job_id, _FIELD, folded.epoch, seq, text)


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


def _mark(draft: NewEvent) -> str:
    """A job that has ended is kept for a while, unless it is opened again."""
    match draft.event:
        case JobQueued():
            return "open"
        case JobFinished():
            return "end"
        case _:
            return ""
