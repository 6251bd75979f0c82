"""A job that is followed in the background: its latest progress, for any number of readers."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import NamedTuple, Protocol

from viralclip.progress import Progress


class Followed(Protocol):
    """A run of a job, wherever it is made."""

    @property
    def job_id(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What whoever asked for the job should know."""
        ...

    def updates(self) -> AsyncGenerator[Progress, None]:
        """The progress whenever it changes, until the run is over."""
        ...

    async def cancel(self) -> None:
        """Ask every clip to stop; the end arrives as an update."""
        ...


class Update(NamedTuple):
    """A progress, and its number among those of its job."""

    number: int
    progress: Progress


class Tracked:
    """Follows a run in a task of its own from `begin` to its end; lives in one event loop."""

    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[Followed]]) -> None:
        self._opened = opened
        self._updated = asyncio.Condition()
        self.run: Followed | None = None
        self.latest = Update(0, Progress(job_id=""))
        self._is_over = False

    async def begin(self) -> Followed:
        """The run, once it is under way; whatever kept it from that is raised."""
        self._task = asyncio.create_task(self._follow(), name="job")
        try:
            await self._changed(lambda: self.run is not None)
        except asyncio.CancelledError:
            await self.leave()
            raise
        if self.run is None:
            await self._task
        return self._started

    async def after(self, number: int) -> Update | None:
        """The latest update, once it is a later one than that; None when no other will come."""
        await self._changed(lambda: self.latest.number > number)
        if self.latest.number > number:
            return self.latest
        await self.end()
        return None

    async def end(self) -> Progress:
        """The progress at the end of the run."""
        await asyncio.shield(self._task)
        return self.latest.progress

    async def stop(self) -> Progress:
        """Cancel the run, unless it ends by itself before; the progress at its end."""
        if not self._is_over:
            await self._started.cancel()
        return await self.end()

    async def leave(self) -> None:
        """Stop following; a run that is made in this process is cut short."""
        self._task.cancel()
        await asyncio.wait({self._task})

    @property
    def _started(self) -> Followed:
        if self.run is None:
            raise RuntimeError("the job has not begun")
        return self.run

    async def _follow(self) -> None:
        try:
            async with self._opened() as run:
                await self._publish(run, Update(1, Progress(job_id=run.job_id)))
                async with aclosing(run.updates()) as updates:
                    async for progress in updates:
                        await self._publish(run, Update(self.latest.number + 1, progress))
        finally:
            self._is_over = True
            async with self._updated:
                self._updated.notify_all()

    async def _publish(self, run: Followed, update: Update) -> None:
        async with self._updated:
            self.run, self.latest = run, update
            self._updated.notify_all()

    async def _changed(self, is_so: Callable[[], bool]) -> None:
        """Wait until it is so, or the run is over."""
        async with self._updated:
            await self._updated.wait_for(lambda: is_so() or self._is_over)
