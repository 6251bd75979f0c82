"""The line to an object store: how fast it is, how much may be on its way, and whether it is dead.

All uploads of a process share it. A line at 1 Mbit/s takes one part at a time, one at 1 Gbit/s as
many as there are.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from viralclip.storage.traffic import Traffic

# What a line carries in so long may be on its way: two parts overlap from 5 Mbit/s on.
_AHEAD_S = 8.0
# The throughput is that of the last seconds.
_SPAN_S = 5.0
# What first moves fills buffers on the way: a speed is that of so much, or of so long.
_SURE_BYTES, _SURE_S = 4 * 1024 * 1024, 2.0
# What little moves is another's: a database, a webhook, a probe of the kernel.
_NOISE = 4096
_SHORTEST_LOOK_S, _LONGEST_LOOK_S = 0.01, 0.5
# What goes with the bytes of a part: TLS takes 22 bytes for 16 KiB, a request's head a few hundred.
_RECORDS, _HEAD = 512, 2048
# A line that stands still for this share of the silence has nothing on its way.
_STILL = 1 / 15


class Line:
    """What is sent over it counts as on its way until the kernel says that it has arrived."""

    def __init__(
        self,
        traffic: Traffic,
        *,
        silence_s: float,
        ahead_s: float = _AHEAD_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.silence_s = silence_s
        self.counts = traffic.moved() is not None
        self._traffic = traffic
        self._ahead_s = ahead_s
        self._clock = clock
        self._lock = threading.Lock()
        self._uploads = 0
        self._given = 0
        self._moved = 0
        self._noted = 0
        self._moved_at = clock()
        self._speed = 0.0
        self._past: deque[tuple[float, int]] = deque()

    @contextmanager
    def used(self) -> Iterator[None]:
        """An upload goes over the line."""
        with self._lock:
            if self._uploads == 0:
                self._begin()
            self._uploads += 1
        try:
            yield
        finally:
            with self._lock:
                self._uploads -= 1

    async def room(self, size: int) -> None:
        """Wait until so many bytes more may be on their way."""
        look_s = _SHORTEST_LOOK_S
        while not self._has_room(size):
            await asyncio.sleep(look_s)
            look_s = min(2 * look_s, _LONGEST_LOOK_S)

    def on_its_way(self) -> int:
        """How many bytes of all uploads have not arrived yet."""
        with self._lock:
            self._sample()
            return max(0, self._given - self._moved)

    def is_silent(self) -> bool:
        """Whether nothing has moved for as long as a store may be silent."""
        return self.counts and self._still_s() >= self.silence_s

    def _has_room(self, size: int) -> bool:
        if not self.counts:
            return True
        still_s = self._still_s()
        with self._lock:
            waiting = self._given - self._moved
            if still_s > self.silence_s * _STILL:
                # A connection that was closed took its last count with it.
                self._given = self._moved
            elif waiting > 0 and waiting + size > self._speed * self._ahead_s:
                return False
            # Rather too much: what has arrived is never said to be more than it is.
            self._given += size + size // _RECORDS + _HEAD
            return True

    def _still_s(self) -> float:
        with self._lock:
            self._sample()
            return self._clock() - self._moved_at

    def _begin(self) -> None:
        self._moved = self._given = self._noted = self._traffic.moved() or 0
        self._moved_at = self._clock()
        self._past.clear()

    def _sample(self) -> None:
        now, self._moved = self._clock(), self._traffic.moved() or 0
        if self._moved - self._noted >= _NOISE:
            self._noted, self._moved_at = self._moved, now
        self._past.append((now, self._moved))
        while len(self._past) > 2 and self._past[1][0] < now - _SPAN_S:  # noqa: PLR2004
            self._past.popleft()
        began, had = self._past[0]
        span_s, moved = now - began, self._moved - had
        if span_s > 0 and (moved >= _SURE_BYTES or span_s >= _SURE_S):
            self._speed = moved / span_s
