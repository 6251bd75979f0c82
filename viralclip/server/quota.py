"""How many of one thing each user has open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from viralclip.server.problems import TooManyError


class Quota:
    """Counts what is open by user and refuses one too many; `what` names it in the refusal."""

    def __init__(self, what: str, limit: int) -> None:
        self._what = what
        self._limit = limit
        self._open: Counter[str] = Counter()

    @contextmanager
    def room_for(self, owner: str) -> Iterator[None]:
        if self._open[owner] >= self._limit:
            raise TooManyError(what=self._what, limit=self._limit)
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]
