"""Whether the server can do its work, said at once whatever else it is doing."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

# An answer waits so long for a fresh look before it is that of the last one.
_FRESH_S = 0.05
# What was good so long ago counts as good; after that a look has so long.
_GOOD_S, _LOOK_S = 10.0, 5.0

log = structlog.get_logger(__name__)


class Readiness:
    """Asks one at a time; `ask` raises if something that is needed does not answer."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[object]],
        *,
        good_s: float = _GOOD_S,
        look_s: float = _LOOK_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._good_s = good_s
        self._look_s = look_s
        self._clock = clock
        self._good_at = float("-inf")
        self._check: asyncio.Task[bool] | None = None

    async def is_ready(self) -> bool:
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(self._once(), name="readiness")
        look = self._check
        await asyncio.wait({look}, timeout=_FRESH_S)
        if not look.done() and self._clock() - self._good_at <= self._good_s:
            return True
        return await asyncio.shield(look)

    async def _once(self) -> bool:
        try:
            async with asyncio.timeout(self._look_s):
                await self._ask()
        except Exception:
            log.warning("Not ready", exc_info=True)
            return False
        self._good_at = self._clock()
        return True
