"""Which clips a worker makes side by side."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager


class ExclusiveGate:
    """Lets clips in together, and a suspect one alone.

    A clip whose worker died may be what it died of. Made alone it takes no sibling with it, and
    the next crash counts against it and nobody else.
    """

    def __init__(self) -> None:
        self._door = asyncio.Lock()
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @asynccontextmanager
    async def join(self, *, alone: bool) -> AsyncIterator[None]:
        """Be inside, in the order of asking: who waits to be alone lets nobody in before it."""
        async with AsyncExitStack() as door:
            await door.enter_async_context(self._door)
            if alone:
                await self._empty.wait()
            with self._being_inside():
                if not alone:
                    await door.aclose()
                yield

    @contextmanager
    def _being_inside(self) -> Iterator[None]:
        self._inside += 1
        self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()
