"""Work that several wait for at once, each told how far it is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from viralclip.processes.ffmpeg_progress import FfmpegProgress

OnProgress = Callable[[FfmpegProgress], None]
R = TypeVar("R")


class Shared(Generic[R]):
    """Work that several wait for; each is told how far it is, and leaves without stopping it."""

    def __init__(self, work: Callable[[OnProgress], Awaitable[R]]) -> None:
        self._listeners: list[OnProgress] = []
        self._task = asyncio.ensure_future(work(self._tell))

    @property
    def waited_for(self) -> bool:
        return bool(self._listeners)

    async def wait(self, on_progress: OnProgress) -> R:
        self._listeners.append(on_progress)
        try:
            return await asyncio.shield(self._task)
        finally:
            self._listeners.remove(on_progress)

    async def end(self) -> None:
        """Stop the work if it still goes on, and return when it has stopped."""
        self._task.cancel()
        await asyncio.wait({self._task})

    def _tell(self, progress: FfmpegProgress) -> None:
        for listener in tuple(self._listeners):
            listener(progress)
