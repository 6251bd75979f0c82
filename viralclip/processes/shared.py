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
        self._task = asyncio.ensure_future(work(self._forward))

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

    def _forward(self, progress: FfmpegProgress) -> None:
        for listener in tuple(self._listeners):
            listener(progress)


class SharedByKey(Generic[R]):
    """Works that go on: whoever asks for one of them joins it, and the last to leave ends it."""

    def __init__(self) -> None:
        self._going_on: dict[object, Shared[R]] = {}

    async def wait(
        self, key: object, work: Callable[[OnProgress], Awaitable[R]], on_progress: OnProgress
    ) -> R:
        shared = self._going_on.get(key)
        if shared is None:
            shared = self._going_on[key] = Shared(work)
        try:
            return await shared.wait(on_progress)
        finally:
            if not shared.waited_for and self._going_on.get(key) is shared:
                del self._going_on[key]
                await shared.end()
