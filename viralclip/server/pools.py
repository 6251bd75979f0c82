"""Threads for slow work, each kind apart: what fills one pool does not hold up the others."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from viralclip.server.problems import ProblemError
from viralclip.server.quota import Quota
from viralclip.server.shares import Shares

P = ParamSpec("P")
T = TypeVar("T")


class BusyError(ProblemError):
    """The server is busy with other requests of this kind; try again in a moment."""

    code = "busy"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers = {"Retry-After": "5"}  # noqa: RUF012 - the base class says what it is


class Pool:
    """`threads` pieces of work at a time, of one user `each`; BusyError after `within_s`."""

    def __init__(self, name: str, *, threads: int, each: int, within_s: float) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._shares = Shares(threads, each)
        self._within_s = within_s

    async def run(self, user: str, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the work gives. A thread cannot be stopped: its turn lasts until it has ended."""
        task = asyncio.ensure_future(self._in_turn(user, lambda: work(*args, **kwargs)))
        try:
            async with asyncio.timeout(self._within_s):
                return await asyncio.shield(task)
        except TimeoutError as error:
            task.cancel()
            raise BusyError from error
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def _in_turn(self, user: str, work: Callable[[], T]) -> T:
        async with self._shares.turn(user):
            running = asyncio.get_running_loop().run_in_executor(self._executor, work)
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                await asyncio.wait({running})
                raise


@dataclass(frozen=True)
class Pools:
    """Where slow work is done, each kind apart and each user with a share of it."""

    parsing: Pool = field(default_factory=lambda: Pool("parse", threads=2, each=1, within_s=20))
    previews: Shares = field(default_factory=lambda: Shares(2, 1))
    downloads: Shares = field(default_factory=lambda: Shares(16, 4))
    # Each is an open file beside its connection.
    files: Quota = field(default_factory=lambda: Quota("downloads", 32))
