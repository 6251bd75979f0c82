"""Turns at slow work: so many at once, and of each user so many, so that nobody takes them all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Shares:
    """`total` turns at a time, at most `each` of them for one user; else first come, first served.

    Who has used up a share waits without a place in the line: others go past.
    """

    def __init__(self, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._taken: Counter[str] = Counter()
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []

    @property
    def each(self) -> int:
        return self._each

    def is_used_up(self, user: str) -> bool:
        """Whether the user has all the turns that one user can have."""
        return self._taken.get(user, 0) >= self._each

    @asynccontextmanager
    async def turn(self, user: str) -> AsyncIterator[None]:
        """Wait for a turn, and have it for as long as the context is open."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((user, place))
        self._admit()
        try:
            await place
            yield
        finally:
            if place.done() and not place.cancelled():
                self._taken[user] -= 1
                if not self._taken[user]:
                    del self._taken[user]
            self._waiting = [(who, other) for who, other in self._waiting if other is not place]
            self._admit()

    def _admit(self) -> None:
        for user, place in list(self._waiting):
            if self._taken.total() >= self._total:
                return
            if self._taken[user] < self._each and not place.done():
                self._taken[user] += 1
                self._waiting.remove((user, place))
                place.set_result(None)
