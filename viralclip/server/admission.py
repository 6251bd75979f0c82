"""Who is heard first: whoever shows a token, however many others ask at that moment."""

import asyncio

# Requests without a token that begin in one turn of the event loop.
_AT_ONCE = 4


class Admission:
    """Lets a few requests begin in each turn of the event loop; none waits for another to end.

    The newest goes first. While more come than can be answered, those that have waited longest
    are the ones whose clients have given up, and whoever has just come is answered soon.
    """

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self._at_once = at_once
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Return when this request may begin."""
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._begin_some, loop)
        self._waiting.append(waiting)
        await waiting

    def _begin_some(self, loop: asyncio.AbstractEventLoop) -> None:
        for _ in range(min(self._at_once, len(self._waiting))):
            waiting = self._waiting.pop()
            if not waiting.done():  # its client may have gone
                waiting.set_result(None)
        if self._waiting:
            loop.call_soon(self._begin_some, loop)
