"""The clips that this process makes: how many it is at, and how it leaves them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from viralclip.telemetry.metrics import SLOTS
from viralclip.worker.exclusive_gate import ExclusiveGate

log = structlog.get_logger(__name__)


class ClipSlots:
    """Counts the clips in the making; the queue sees to it that they are no more than the slots."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._clips = 0
        self._gate = ExclusiveGate()
        # Set once the first clip is begun.
        self.begun = asyncio.Event()
        self._draining = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._show()

    @asynccontextmanager
    async def acquire(self, *, alone: bool) -> AsyncIterator[None]:
        """Make a clip within the context; one that workers died of is made alone."""
        async with self._gate.join(alone=alone):
            await self._while_draining()
            self._clips += 1
            self._show()
            self.begun.set()
            self._idle.clear()
            try:
                yield
            finally:
                self._clips -= 1
                self._show()
                if not self._clips:
                    self._idle.set()

    async def drain(self, grace_s: float) -> None:
        """Begin no more clips, and let those that run end within the grace."""
        self._draining = True
        try:
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("Clips handed back unfinished", count=self._clips)

    async def _while_draining(self) -> None:
        """A clip that is begun while this worker leaves stays unended, for the next worker."""
        if self._draining:
            await asyncio.get_running_loop().create_future()

    def _show(self) -> None:
        SLOTS.set(self._clips, state="busy")
        SLOTS.set(max(0, self._slots - self._clips), state="free")
