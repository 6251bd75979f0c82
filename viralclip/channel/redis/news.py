"""Wakes the watchers of jobs in Redis: one blocking read for all that a process watches."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from viralclip.channel.redis.scripts import PREFIX, keys_of
from viralclip.channel.stored import RETRY_S
from viralclip.channel.wakers import Wakers, cancelled

# How long an answer may take, in seconds.
ANSWER_S = 5.0
_WAKE_KEPT_S = 3600
_BLOCK_MS = 2000

log = structlog.get_logger(__name__)


class News:
    """Wakes the watchers of a job: one blocking read on one connection, for all jobs."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._wakers = Wakers()
        self._seen: dict[str, str | bytes] = {}
        self._wake = f"viralclip:wake:{uuid.uuid4().hex}"
        self._woken: str | bytes = "0"
        self._wanted = asyncio.Event()

    @contextmanager
    def of(self, job_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever there may be news of the job."""
        is_first = not self._wakers.count(job_id)
        with self._wakers.of(job_id) as waker:
            if is_first:
                # From the first news on: whatever came since the watcher read wakes it at once.
                self._seen[job_id] = "0"
                self._wanted.set()
            try:
                yield waker
            finally:
                if self._wakers.count(job_id) == 1:
                    del self._seen[job_id]

    async def listen(self) -> None:
        """Until cancelled; after a failure every watcher looks for itself."""
        while True:
            await self._somebody_watches()
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                log.warning("Channel news unavailable", error=repr(error), retry_in_sec=RETRY_S)
                self._wakers.wake_all()
                await asyncio.sleep(RETRY_S)

    async def _somebody_watches(self) -> None:
        if not self._wakers:
            self._wanted.clear()
            await self._wanted.wait()

    async def _listen(self) -> None:
        """One blocking read, which a job that is watched from now on cuts short."""
        self._wanted.clear()
        streams = {keys_of(job_id)[5]: seen for job_id, seen in self._seen.items()}
        waking = asyncio.create_task(self._wake_for_more())
        try:
            async with asyncio.timeout(_BLOCK_MS / 1000 + ANSWER_S):
                found = await self._redis.xread(
                    {**streams, self._wake: self._woken}, block=_BLOCK_MS
                )
        finally:
            await cancelled(waking)
        for name, entries in _pairs(found):
            latest = entries[-1][0]
            job_id = name.decode().removeprefix(PREFIX).removesuffix(":news")
            if name.decode() == self._wake:
                self._woken = latest
            elif job_id in self._seen:
                self._seen[job_id] = latest
                self._wakers.wake([job_id])

    async def _wake_for_more(self) -> None:
        await self._wanted.wait()
        async with self._redis.pipeline(transaction=False) as both:
            both.xadd(self._wake, {"n": ""}, maxlen=1, approximate=False)
            both.expire(self._wake, _WAKE_KEPT_S)
            async with asyncio.timeout(ANSWER_S):
                await both.execute()


def _pairs(found: Any) -> list[tuple[bytes, list[Any]]]:
    """What a blocking read found, in either version of the protocol."""
    return list(found.items()) if isinstance(found, dict) else list(found or ())
