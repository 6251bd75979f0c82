"""Run as a script: one job by the plain pipeline, its progress told or not, and its CPU time."""

import asyncio
import json
import resource
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.rig import BenchError, Job, ffmpeg, slots, threads
from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel, ModelPlace
from viralclip.app.following import follow_run
from viralclip.app.request import accept
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import FoundRun, JobRecord
from viralclip.channel.opening import open_channel
from viralclip.channel.port import EventRange, ProgressChannel
from viralclip.engine.jobs import new_job_id, new_trace_id, outline
from viralclip.events import ClipTick, JobTick, NewEvent
from viralclip.job_work import Line
from viralclip.live import Frame
from viralclip.media.encoders import X264, Choice
from viralclip.pipeline.clip import make_clip
from viralclip.pipeline.forecast import Forecast
from viralclip.pipeline.job import process_job, tasks_of
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.pipeline.scene import process_scene
from viralclip.pipeline.tools import (
    AnalysisTools,
    ClipTask,
    RenderTools,
    StorageTools,
    Tools,
    WorkerIdentity,
)
from viralclip.processes.runner import Watchdogs
from viralclip.progress import Progress
from viralclip.scenes import Scene
from viralclip.storage.opening import open_storage
from viralclip.telemetry.logs import log_to

_FULL = Job(count=3, seconds=8, styles=("center_focus", "streamer"))
_SHORT = Job(count=1, seconds=4, styles=("center_focus", "streamer"))


class Discarding:
    """A channel that takes everything and keeps nothing: progress switched off."""

    async def publish(self, drafts: list[NewEvent]) -> list[int]:
        return [0 for _ in drafts]

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:  # noqa: ARG002 - discarded
        return

    async def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        raise BenchError(f"nothing is kept of {job_id} to watch after {after}")
        yield

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        return Progress(job_id=job_id), ""

    async def events(self, job_id: str, after: str, *, limit: int) -> EventRange | None:  # noqa: ARG002
        return None

    async def forget(self, job_id: str) -> None:  # noqa: ARG002 - nothing to forget
        return


@dataclass(frozen=True)
class _Run:
    """One job, and what it is made with."""

    job: JobRecord
    catalog: Catalog
    tools: Tools
    report: JobReport

    async def make(self) -> None:
        async with asyncio.timeout(3600):
            found = FoundRun(self.job, await self.catalog.clips.of(self.job.job_id))
            outcome = await process_job(found, 1, self.tools, self.report, self._scenes)
        if outcome != "succeeded":
            raise BenchError(f"the job ended as {outcome}")

    async def _scenes(self, scenes: Sequence[Scene]) -> None:
        gate = asyncio.Semaphore(slots())
        clips = await self.catalog.clips.of(self.job.job_id)

        async def one(task: ClipTask) -> None:
            async with gate:
                report = self.report.clip(task.clip.scene.id, task.clip.style)
                await make_clip(task, self.tools, report)

        async def all_of(tasks: Sequence[ClipTask]) -> None:
            await asyncio.gather(*map(one, tasks))

        async with asyncio.TaskGroup() as group:
            for scene in scenes:
                tasks = tasks_of(self.job, scene, clips)
                work = process_scene(scene, tasks, self.tools, self.report, all_of)
                group.create_task(work)


async def _measure(folder: Path, source: Path, job: Job, *, told: bool) -> dict[str, float]:
    accepted = await accept(job.request(source, folder, folder / "clips"), open_storage)
    record = JobRecord(
        job_id=new_job_id(),
        owner="bench",
        plan=accepted.plan,
        storage_url=accepted.storage_url,
        engine_url="",
        trace_id=new_trace_id(),
        created_at=datetime.now(UTC),
    )
    async with AsyncExitStack() as stack:
        catalog = await stack.enter_async_context(open_catalog(f"sqlite:///{folder}/catalog.db"))
        await catalog.jobs.add(record)
        channel: ProgressChannel = Discarding()
        if told:
            channel = await stack.enter_async_context(open_channel(f"sqlite:///{folder}/events.db"))
        before = _cpu()
        async with Reporter(channel) as reporter:
            run = _Run(
                record,
                catalog,
                _tools(catalog, folder),
                JobReport(reporter, record.job_id, record.run, record.trace_id),
            )
            await (_make_told(run, channel) if told else run.make())
        after = _cpu()
    return {name: after[name] - before[name] for name in before}


async def _make_told(run: _Run, channel: ProgressChannel) -> None:
    """With all that a viewer costs: events, ticks, the time left, and a watcher that folds."""
    run.report.emit(outline(run.job, await run.catalog.clips.of(run.job.job_id)))
    watching = asyncio.create_task(_watch(channel, run.job))

    async def line() -> Line:
        return Line(slots(), slots(), run.tools.worker.machine)

    told = Forecast(run.job, run.tools, channel, run.report, line)
    forecasting = asyncio.create_task(told.run())
    try:
        await run.make()
    finally:
        forecasting.cancel()
    seen = await watching
    if seen.outcome != "succeeded" or seen.clips_completed != seen.clips_total:
        raise BenchError("the watcher did not see the job succeed")


async def _watch(channel: ProgressChannel, job: JobRecord) -> Progress:
    progress = Progress(job_id=job.job_id)
    async with aclosing(follow_run(channel, job)) as updates:
        async for _, after in updates:
            progress = after
    return progress


def _tools(catalog: Catalog, folder: Path) -> Tools:
    return Tools(
        catalog=catalog,
        storing=StorageTools(open_storage, folder / "work"),
        rendering=RenderTools(ffmpeg(), Choice(X264), threads()),
        analysing=AnalysisTools(
            Analyses(folder / "analyses", threads=threads(), limits=Watchdogs()),
            FaceModel(ModelPlace(folder / "models", named=folder / "none")),
        ),
        worker=WorkerIdentity("bench"),
    )


def _cpu() -> dict[str, float]:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "own": own.ru_utime + own.ru_stime,
        "ffmpeg": children.ru_utime + children.ru_stime,
    }


def main(folder: Path, source: Path, job: Job, *, told: bool) -> None:
    log_to(folder / "logs")
    print(json.dumps(asyncio.run(_measure(folder, source, job, told=told))))


if __name__ == "__main__":
    where, video, telling, length = sys.argv[1:]
    chosen = _SHORT if length == "short" else _FULL
    main(Path(where), Path(video), chosen, told=telling == "told")
