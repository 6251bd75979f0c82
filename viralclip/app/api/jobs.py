"""A job as a program sees it: `Job` for ordinary code, `AsyncJob` for code in an event loop."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from viralclip.app.api.background import background
from viralclip.app.api.tracked import Tracked
from viralclip.progress import ClipState, Progress, SceneState
from viralclip.steps import Step

T = TypeVar("T")


@dataclass(frozen=True)
class Clip:
    """A finished clip: `url` is where it lies, `path` the same for a file on this machine.

    `is_kept` says that it was made before and nothing changed.
    """

    scene_id: int
    title: str
    style: str
    url: str
    is_kept: bool

    @property
    def path(self) -> Path | None:
        return Path(self.url) if Path(self.url).is_absolute() else None


class _Job:
    """What is known of a job without waiting for anything."""

    def __init__(self, tracked: Tracked, *, base: str = "") -> None:
        self._tracked = tracked
        self._base = base

    @property
    def job_id(self) -> str:
        """What `viralclip watch`, `retry` and `cancel` take."""
        return self.progress.job_id

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the request: what was left out, corrected, or gone on with."""
        return self._tracked.run.notes if self._tracked.run else ()

    @property
    def progress(self) -> Progress:
        """How far it is now."""
        return self._tracked.latest.progress

    @property
    def clips(self) -> tuple[Clip, ...]:
        """The clips that are finished by now, in the order of the scenes."""
        return tuple(
            self._clip(scene, clip)
            for scene in self.progress.scenes
            for clip in scene.clips
            if clip.step is Step.COMPLETE
        )

    def _clip(self, scene: SceneState, clip: ClipState) -> Clip:
        url = clip.url or ""
        shown = self._base + url if url.startswith("/api/") else url
        return Clip(scene.scene_id, scene.title, clip.style, shown, clip.kept)


class Job(_Job):
    """A job that goes on in the background; Ctrl-C in one of the methods that wait cancels it.

    As a context manager it is waited for at the end of the block, and cancelled by an exception
    that leaves the block.
    """

    def updates(self) -> Iterator[Progress]:
        """The progress now and whenever it changes, until the job has ended.

        Each is a whole `Progress`; what happened while you were busy with one is in the next.
        """
        number = 0
        while update := self._interruptible(self._tracked.after(number)):
            number = update.number
            yield update.progress

    def wait(self) -> Progress:
        """The progress at the end, with the `outcome`; clips that failed raise nothing."""
        return self._interruptible(self._tracked.end())

    def cancel(self) -> None:
        """Stop the job, and wait until it has ended; clips that are finished are kept."""
        background().run(self._tracked.stop())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if error is None:
            self.wait()
        else:
            self.cancel()

    def _interruptible(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for the work; Ctrl-C cancels the job first, and a second one leaves at once."""
        try:
            return background().run(work)
        except KeyboardInterrupt:
            self.cancel()
            raise


class AsyncJob(_Job):
    """The same job for code in an event loop, which none of it blocks.

    As an asynchronous context manager it is waited for at the end of the block, and cancelled by
    an exception that leaves the block, such as a Ctrl-C that ends `asyncio.run`.
    """

    async def updates(self) -> AsyncIterator[Progress]:
        """The progress now and whenever it changes, until the job has ended; see `Job.updates`."""
        number = 0
        while update := await background().arun(self._tracked.after(number)):
            number = update.number
            yield update.progress

    async def wait(self) -> Progress:
        """The progress at the end; one who stops waiting does not disturb the job."""
        return await background().arun(self._tracked.end())

    async def cancel(self) -> None:
        """Stop the job, and wait until it has ended; clips that are finished are kept."""
        await background().arun(self._tracked.stop())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if error is None:
            await self.wait()
        else:
            await asyncio.shield(self.cancel())
