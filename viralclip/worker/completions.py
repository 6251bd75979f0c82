"""Waiting for workflows to end: told at once about those of this process, asking about the rest."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

import structlog

# Which of the workflows have ended, as the engine knows.
Ended = Callable[[Sequence[str]], Awaitable[set[str]]]

ASK_S = 1.0

log = structlog.get_logger(__name__)


class Completions:
    """One question to the engine per interval, however many wait and for however much.

    What runs in this process (`here`) has not ended before it says so itself, whatever the engine
    says: a cancelled clip may still be ending its FFmpeg.
    """

    def __init__(self, ended: Ended, here: Collection[str], *, ask_s: float = ASK_S) -> None:
        self._ended = ended
        self._here = here
        self._ask_s = ask_s
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._asking: asyncio.Task[None] | None = None

    def notify(self, workflow_id: str) -> None:
        """The workflow has ended in this process."""
        for future in self._waiting.pop(workflow_id, ()):
            if not future.done():
                future.set_result(None)

    async def wait(self, workflow_ids: Iterable[str]) -> None:
        """Return when all of the workflows have ended, wherever they ran."""
        futures = [self._future(workflow_id) for workflow_id in workflow_ids]
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._poll(), name="settled")
        await asyncio.gather(*futures)

    def _future(self, workflow_id: str) -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workflow_id, []).append(future)
        return future

    async def _poll(self) -> None:
        while self._waiting:
            elsewhere = [wid for wid in self._waiting if wid not in self._here]
            try:
                for workflow_id in await self._ended(elsewhere):
                    self.notify(workflow_id)
            except Exception as error:  # noqa: BLE001 - who waits would wait for ever; ask again
                log.warning("Ended workflows unknown", error=repr(error))
            await asyncio.sleep(self._ask_s)
