"""The pipeline as plain functions: records, channel and storage in a folder, and no engine."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel, ModelPlace
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.records import FoundRun, JobRecord
from viralclip.channel.opening import open_channel
from viralclip.channel.port import BEGINNING, ProgressChannel
from viralclip.engine.jobs import new_job_id, new_trace_id, outline
from viralclip.events import Envelope, NewEvent
from viralclip.live import EventFrame
from viralclip.media.encoders import X264, Choice
from viralclip.media.probe import probe
from viralclip.pipeline.clip import make_clip
from viralclip.pipeline.job import process_job, tasks_of
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.pipeline.scene import process_scene
from viralclip.pipeline.tools import (
    AnalysisTools,
    Checkpoint,
    ClipEnd,
    ClipTask,
    RenderTools,
    Retries,
    StorageTools,
    Tools,
    WorkerIdentity,
    uncheckpointed,
)
from viralclip.plan import Options, choose, make_plan
from viralclip.processes.runner import Watchdogs
from viralclip.scenes import Scene
from viralclip.storage.objects import Storage, Stored
from viralclip.storage.opening import open_storage
from viralclip.styles import STYLES
from viralclip.words.transcript import Word

Put = Callable[[Path, str], None]


class Shelf(Storage):
    """A folder that can be told to fail: `before_put` sees every file that is to be stored."""

    def __init__(self, folder: Path) -> None:
        real = open_storage(folder.as_uri())
        super().__init__(real._store, url=folder.as_uri(), folder=folder)
        self.before_put: Put = lambda _path, _key: None

    async def put(self, path: Path, key: str, **how: Any) -> Stored:
        self.before_put(path, key)
        return await super().put(path, key, **how)

    async def create(self, path: Path, key: str, **how: Any) -> Stored:
        self.before_put(path, key)
        return await super().create(path, key, **how)


@dataclass
class Shop:
    """Everything that making clips needs, and the ways to make them."""

    tools: Tools
    channel: ProgressChannel
    reporter: Reporter
    shelf: Shelf
    out: Path
    waits: list[float]
    ffmpegs: list[int] = field(default_factory=list)

    def use(self, **changes: Any) -> None:
        """Other tools from now on, each in the part of them that has one of that name."""
        for name, tool in changes.items():
            for part in ("rendering", "analysing", "storing"):
                if hasattr(held := getattr(self.tools, part), name):
                    self.tools = replace(self.tools, **{part: replace(held, **{name: tool})})
                    break
            else:
                self.tools = replace(self.tools, **{name: tool})

    async def job(
        self,
        video: Path,
        *spans: tuple[float, float],
        styles: Sequence[str] = ("original",),
        titles: Sequence[str] = (),
        words: Sequence[tuple[Word, ...]] = (),
        **options: Any,
    ) -> JobRecord:
        """A job of these scenes, recorded and told."""
        scenes = [
            Scene(
                id=place + 1,
                title=titles[place] if titles else f"Scene {place + 1}",
                start=start,
                end=end,
                words=words[place] if words else None,
            )
            for place, (start, end) in enumerate(spans or [(0.0, 0.4)])
        ]
        wanted = Options(**{"preset": "fast", **options})
        choices = [choose(STYLES[name], captioned=wanted.captions.are_burnt) for name in styles]
        job = JobRecord(
            job_id=new_job_id(),
            owner="local",
            plan=make_plan(probe(video).video, scenes, choices, wanted),
            storage_url=self.out.as_uri(),
            engine_url="",
            trace_id=new_trace_id(),
            created_at=datetime.now(UTC),
        )
        await self.tools.catalog.jobs.add(job)
        await self.tell(job)
        return job

    async def tell(self, job: JobRecord) -> None:
        """Say that the job's run is queued."""
        queued = outline(job, await self.tools.catalog.clips.of(job.job_id))
        at, trace = datetime.now(UTC), job.trace_id
        draft = NewEvent(job_id=job.job_id, run=job.run, at=at, trace_id=trace, event=queued)
        await self.channel.publish([draft])

    def report(self, job: JobRecord) -> JobReport:
        return JobReport(self.reporter, job.job_id, job.run, job.trace_id)

    async def found(self, job: JobRecord) -> FoundRun:
        """The job as it is handed over, with its clips as they stand."""
        return FoundRun(job, await self.tools.catalog.clips.of(job.job_id))

    async def tasks(self, job: JobRecord, scene_id: int = 1) -> list[ClipTask]:
        current = await self.tools.catalog.jobs.find(job.job_id)
        clips = await self.tools.catalog.clips.of(job.job_id)
        scene = next(scene for scene in job.plan.scenes if scene.id == scene_id)
        return tasks_of(current or job, scene, clips)

    async def make(self, task: ClipTask, checkpoint: Checkpoint = uncheckpointed) -> ClipEnd:
        report = self.report(task.job).clip(task.clip.scene.id, task.clip.style)
        return await make_clip(task, self.tools, report, checkpoint)

    async def make_first(self, job: JobRecord, checkpoint: Checkpoint = uncheckpointed) -> ClipEnd:
        return await self.make((await self.tasks(job))[0], checkpoint)

    async def run(self, job: JobRecord) -> str:
        """The whole job, scene after scene, a scene's clips side by side."""
        report = self.report(job)

        async def run_clips(tasks: Sequence[ClipTask]) -> None:
            async with asyncio.TaskGroup() as group:
                for task in tasks:
                    group.create_task(self.make(task))

        async def run_scenes(scenes: Sequence[Scene]) -> None:
            for scene in scenes:
                tasks = await self.tasks(job, scene.id)
                await process_scene(scene, tasks, self.tools, report, run_clips)

        return await process_job(await self.found(job), 1, self.tools, report, run_scenes)

    async def history(self, job: JobRecord) -> list[Envelope]:
        """All that was said of the job so far."""
        await self.reporter.flush()
        _, end = await self.channel.progress(job.job_id)
        told: list[Envelope] = []
        async for frame in self.channel.watch(job.job_id, BEGINNING):
            if isinstance(frame, EventFrame):
                told.append(frame.envelope)
            if frame.cursor == end:
                break
        return told

    async def steps(self, job: JobRecord) -> list[str]:
        events: list[Any] = [envelope.event for envelope in await self.history(job)]
        return [event.step for event in events if event.type == "clip_progress"]

    def stored(self) -> set[str]:
        return {path.name for path in self.out.iterdir()}

    def unfinished(self) -> list[Path]:
        return [path for path in self.tools.storing.work.rglob("*") if path.is_file()]


@pytest.fixture
async def shop(tmp_path: Path, ffmpeg: Path, yunet: Path | None) -> AsyncIterator[Shop]:
    out = tmp_path / "out"
    out.mkdir()
    shelf = Shelf(out)
    waits: list[float] = []
    pids: list[int] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    async with (
        open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog,
        open_channel("memory://") as channel,
        Reporter(channel) as reporter,
    ):
        tools = Tools(
            catalog=catalog,
            storing=StorageTools(lambda _url: shelf, tmp_path / "work"),
            rendering=RenderTools(
                ffmpeg, Choice(X264), threads=os.cpu_count() or 1, on_ffmpeg=pids.append
            ),
            analysing=AnalysisTools(
                Analyses(tmp_path / "analyses", threads=1, limits=Watchdogs()),
                FaceModel(ModelPlace(tmp_path / "models", named=yunet)),
            ),
            worker=WorkerIdentity("here"),
            retries=Retries(spread=lambda: 1.0, sleep=wait),
        )
        yield Shop(tools, channel, reporter, shelf, out, waits, pids)


class _Proxy:
    """An object with some of its methods replaced."""

    def __init__(self, real: object, methods: dict[str, Any]) -> None:
        self._real = real
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._real, name)


@pytest.fixture
def replaced() -> Callable[..., Any]:
    """`replaced(real, method=other)` is `real` with another method."""
    return lambda real, **methods: _Proxy(real, methods)
