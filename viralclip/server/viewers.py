"""How many live views each user has open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from viralclip.server.problems import TooManyError


class Viewers:
    """Counts views by user and refuses one too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: Counter[str] = Counter()

    @contextmanager
    def room_for(self, owner: str) -> Iterator[None]:
        if self._open[owner] >= self._limit:
            raise TooManyError(what="live views", limit=self._limit)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
