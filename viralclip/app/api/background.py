"""The thread in which the jobs of a program are made, whatever its own threads and loops do."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import wait
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """An event loop in a thread of its own, which ends with the process.

    The engine's runtime takes over the loop it is started in, and the kernel ends the children of a
    thread together with it: neither may happen to a loop or a thread of the program's own.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="viralclip", daemon=True).start()
        # The engine has one runtime in a process: its jobs are made one after the other.
        self.turn = asyncio.Lock()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work there and wait for it here; Ctrl-C cancels the work, and is raised once that
        has cleaned up."""
        tasks: list[asyncio.Task[Any]] = []
        future = asyncio.run_coroutine_threadsafe(_noted(work, tasks), self._loop)
        try:
            return future.result()
        except KeyboardInterrupt:
            self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
            wait([future])
            raise

    async def arun(self, work: Coroutine[Any, Any, T]) -> T:
        """The same for a caller with a loop of its own."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


async def _noted(work: Coroutine[Any, Any, T], tasks: list[asyncio.Task[Any]]) -> T:
    """Do the work, with the task that does it in the list."""
    if task := asyncio.current_task():
        tasks.append(task)
    return await work


@cache
def background() -> Background:
    """The process's own, started when it is needed first."""
    return Background()
