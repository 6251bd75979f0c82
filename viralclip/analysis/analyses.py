"""Analyses of scenes: made in a process of their own, once for all who ask, and kept on disk."""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viralclip.analysis.analyst import (
    UNREADABLE,
    AnalysisTask,
    FrameTask,
    FramingTask,
    command,
    environment,
)
from viralclip.analysis.fingerprint import framing_code, looking_code
from viralclip.analysis.models import checksum
from viralclip.errors import AnalysisFailedError, AnalysisStalledError, SourceUnreadableError
from viralclip.geometry import Rect
from viralclip.plan import Video
from viralclip.processes.eviction import evict
from viralclip.processes.runner import (
    ProcessFailedError,
    ProcessStalledError,
    ProcessTimedOutError,
    Watchdogs,
    run_process,
)
from viralclip.processes.shared import OnProgress, SharedByKey
from viralclip.styles import Framing, Raster, View

if TYPE_CHECKING:
    from viralclip.analysis.footage_file import DetectionSummary
    from viralclip.reframe.footage import Footage

LIMIT_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class AnalysisInput:
    """The part of a video that is looked at, and the model that finds its faces, if any.

    `area` is the part of the picture that is looked at, in whose pixels everything is told.
    """

    video: Video
    start: float
    duration: float
    model: Path | None
    area: Rect | None = None


@dataclass(frozen=True)
class FramingRequest:
    """A clip of the scene: how it is to be framed, in which frames."""

    style: str
    view: View
    raster: Raster


class Analyses:
    """Looks at scenes and plans framings, for all clips of a worker.

    Whoever asks for what is being made waits for it with the others; it is killed when the last of
    them is gone. Only what was made whole is kept, under a name made of everything it depends on.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int,
        limits: Watchdogs,
        on_start: Callable[[int], None] | None = None,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self._folder = folder
        self._threads = threads
        self._limits = limits
        self._on_start = on_start
        self._limit_bytes = limit_bytes
        self._shared = SharedByKey[None]()

    async def detect(
        self,
        scene_input: AnalysisInput,
        on_progress: OnProgress,
        requests: Sequence[FramingRequest] = (),
        *,
        on_begin: Callable[[], None] = lambda: None,
    ) -> "DetectionSummary":
        """Have the scene looked at, unless it was; ClipError if that cannot be done.

        `wishes` are the clips it is looked at for: who looks plans them, too. `on_begin` is called
        if it is this call that has it looked at.
        """
        key = await asyncio.to_thread(_key_of, scene_input)
        path = self._footage(key)
        with suppress(OSError):
            os.utime(path.parent)
        found = await asyncio.to_thread(_read_sighting, path)
        if found is None:

            def analyze(on_tick: OnProgress) -> Coroutine[Any, Any, None]:
                on_begin()
                return self._analyze(scene_input, key, requests, on_tick)

            await self._shared.wait(path.name + key, analyze, on_progress)
            found = await asyncio.to_thread(_read_sighting, path)
        if found is None:
            raise AnalysisFailedError(detail="what was seen cannot be read back")
        return found

    async def footage(self, scene_input: AnalysisInput) -> "Footage":
        """What a look at the scene gave, had again if it is lost; ClipError if it cannot be."""
        from viralclip.analysis.footage_file import read_footage  # noqa: PLC0415 - see below

        await self.detect(scene_input, lambda _: None)
        key = await asyncio.to_thread(_key_of, scene_input)
        found = await asyncio.to_thread(read_footage, self._footage(key))
        if found is None:
            raise AnalysisFailedError(detail="what was seen cannot be read back")
        return found

    async def frame(
        self,
        scene_input: AnalysisInput,
        request: FramingRequest,
        others: Sequence[FramingRequest],
        on_progress: OnProgress,
    ) -> Framing:
        """The framing of a clip; with it those of `others` are planned, clips of the same scene."""
        key = await asyncio.to_thread(_key_of, scene_input)
        task = self._framing_task(key, request)
        if found := await asyncio.to_thread(_read_framing, Path(task.framing)):
            return found
        requests = (request, *others)
        await self.detect(scene_input, lambda _: None, requests)
        if found := await asyncio.to_thread(_read_framing, Path(task.framing)):
            return found
        tasks = self._framing_tasks(key, requests)
        name = " ".join(task.framing for task in tasks)
        with suppress(AnalysisFailedError):
            await self._shared.wait(
                name, lambda on_tick: self._frame(key, tasks, on_tick), on_progress
            )
        found = await asyncio.to_thread(_read_framing, Path(task.framing))
        if found is None:
            # One of the others may have been in the way; alone, it tells its own error.
            await self._shared.wait(
                task.framing, lambda on_tick: self._frame(key, (task,), on_tick), on_progress
            )
            found = await asyncio.to_thread(_read_framing, Path(task.framing))
        if found is None:
            raise AnalysisFailedError(detail="what was planned cannot be read back")
        return found

    async def inspect(self, scene_input: AnalysisInput, request: FramingRequest) -> Framing:
        """The framing of a clip with its inspection, made if need be."""
        from viralclip.analysis.footage_file import read_inspection  # noqa: PLC0415 - see below

        framing = await self.frame(scene_input, request, (), lambda _: None)
        key = await asyncio.to_thread(_key_of, scene_input)
        path = Path(self._framing_task(key, request).framing)
        return replace(framing, inspection=await asyncio.to_thread(read_inspection, path))

    async def _analyze(
        self,
        scene_input: AnalysisInput,
        key: str,
        requests: Sequence[FramingRequest],
        on_progress: OnProgress,
    ) -> None:
        await asyncio.to_thread(evict, self._folder, limit=self._limit_bytes)
        task = AnalysisTask(
            source=scene_input.video.path,
            start=scene_input.start,
            duration=scene_input.duration,
            model=str(scene_input.model) if scene_input.model else None,
            threads=self._threads,
            area=scene_input.area,
            footage=str(self._footage(key)),
            framings=self._framing_tasks(key, requests),
        )
        await self._run(task, scene_input.duration, on_progress, lead_s=scene_input.start)

    async def _frame(
        self, key: str, tasks: tuple[FramingTask, ...], on_progress: OnProgress
    ) -> None:
        task = FrameTask(footage=str(self._footage(key)), framings=tasks)
        await self._run(task, float(len(tasks)), on_progress)

    async def _run(
        self,
        task: AnalysisTask | FrameTask,
        duration: float,
        on_progress: OnProgress,
        *,
        lead_s: float = 0.0,
    ) -> None:
        try:
            await run_process(
                command(task),
                duration=duration,
                on_progress=on_progress,
                limits=self._limits,
                lead_s=lead_s,
                on_start=self._on_start,
                env=environment(),
            )
        except ProcessFailedError as error:
            unreadable = error.returncode == UNREADABLE
            kind = SourceUnreadableError if unreadable else AnalysisFailedError
            raise kind(detail=error.tail) from error
        except ProcessTimedOutError as error:
            raise AnalysisFailedError(detail=str(error)) from error
        except ProcessStalledError as error:
            raise AnalysisStalledError(seconds=error.seconds) from error

    def _footage(self, key: str) -> Path:
        return self._folder / key / "footage.npz"

    def _framing_tasks(
        self, key: str, requests: Sequence[FramingRequest]
    ) -> tuple[FramingTask, ...]:
        """The tasks in one order, whoever asks; two clips of one framing have one task."""
        tasks = {
            task.framing: task
            for task in (self._framing_task(key, request) for request in requests)
        }
        return tuple(tasks[path] for path in sorted(tasks))

    def _framing_task(self, key: str, request: FramingRequest) -> FramingTask:
        view, raster = request.view, request.raster
        task = FramingTask(
            style=request.style,
            scene=view.scene,
            source=(view.source.width, view.source.height),
            target=(view.target.width, view.target.height),
            frames=raster.frames,
            fps=str(raster.fps),
            framing="",
        )
        facts = task.model_dump(mode="json") | {
            "scene": view.scene.model_dump(exclude={"id", "title"})
        }
        name = f"{request.style}-{_digest(facts, framing_code(request.style))}.npz"
        return task.model_copy(update={"framing": str(self._folder / key / name)})


def _read_sighting(path: Path) -> "DetectionSummary | None":
    # NumPy's import is for those who analyse: the others' first clip begins without it.
    from viralclip.analysis.footage_file import read_sighting  # noqa: PLC0415

    return read_sighting(path)


def _read_framing(path: Path) -> Framing | None:
    from viralclip.analysis.footage_file import read_framing  # noqa: PLC0415 - see above

    return read_framing(path)


def _key_of(scene_input: AnalysisInput) -> str:
    facts = {
        "video": scene_input.video.identity,
        "start": scene_input.start,
        "duration": scene_input.duration,
        "model": checksum(scene_input.model) if scene_input.model else "",
        "area": str(scene_input.area),
    }
    return _digest(facts, looking_code())


def _digest(facts: dict[str, Any], code: str) -> str:
    written = json.dumps({**facts, "code": code}, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:32]
