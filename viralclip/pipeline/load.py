"""How many clips this process works at side by side, over time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Stretch:
    """Some work, how long it has taken so far, and in what company.

    `busy` is how many were at work on average meanwhile, this work included. `is_own` says that it
    is work, and not only waiting for work of others.
    """

    load: "Load"
    is_own: bool
    began: float
    area: float
    ended: float | None = None
    area_at_end: float = 0.0

    @property
    def seconds(self) -> float:
        return (self.load.now() if self.ended is None else self.ended) - self.began

    @property
    def busy(self) -> float:
        area = self.load.area() if self.ended is None else self.area_at_end
        seconds = self.seconds
        return max((area - self.area) / seconds, 1.0) if seconds > 0 else 1.0

    def end(self) -> None:
        self.area_at_end, self.ended = self.load.area(), self.load.now()


@dataclass
class Load:
    """Counts what is being worked at, so that it is known in what company something was done."""

    clock: Callable[[], float] = time.monotonic
    _count: int = field(default=0, init=False)
    _area: float = field(default=0.0, init=False)
    _at: float = field(default=0.0, init=False)

    @property
    def busy(self) -> int:
        """How many are at work now."""
        return self._count

    @contextmanager
    def work(self) -> Iterator[Stretch]:
        """Count as one of those at work until the context is left."""
        self._change(+1)
        try:
            with self._stretch(is_own=True) as stretch:
                yield stretch
        finally:
            self._change(-1)

    @contextmanager
    def wait(self) -> Iterator[Stretch]:
        """The same for what waits for work that is counted elsewhere."""
        with self._stretch(is_own=False) as stretch:
            yield stretch

    def now(self) -> float:
        return self.clock()

    def area(self) -> float:
        """The sum, over all seconds so far, of how many were at work."""
        return self._area + self._count * (self.clock() - self._at)

    @contextmanager
    def _stretch(self, *, is_own: bool) -> Iterator[Stretch]:
        stretch = Stretch(self, is_own, self.now(), self.area())
        try:
            yield stretch
        finally:
            stretch.end()

    def _change(self, by: int) -> None:
        self._area, self._at = self.area(), self.now()
        self._count += by
