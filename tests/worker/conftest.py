"""Workers on a real engine in a folder, with tiny clips to make."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel, ModelPlace
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog
from viralclip.catalog.records import JobRecord
from viralclip.channel.opening import open_channel
from viralclip.channel.port import BEGINNING, ProgressChannel
from viralclip.engine.jobs import Jobs, new_trace_id
from viralclip.engine.opening import open_engine, runtime_of
from viralclip.engine.port import Engine
from viralclip.events import ClipTick, Envelope
from viralclip.live import EventFrame, TickFrame
from viralclip.media.encoders import X264, Choice
from viralclip.media.probe import probe
from viralclip.pipeline.tools import (
    AnalysisTools,
    RenderTools,
    StorageTools,
    Tools,
    WorkerIdentity,
)
from viralclip.plan import Options, StyleChoice, make_plan
from viralclip.processes.runner import Watchdogs
from viralclip.scenes import Scene
from viralclip.storage.opening import open_storage
from viralclip.worker.intake import Reason
from viralclip.worker.liveness import FileRoster
from viralclip.worker.process import Worker


@dataclass
class Plant:
    """Where workers work: records, channel, engine and folders."""

    folder: Path
    ffmpeg: Path
    catalog: Catalog
    channel: ProgressChannel
    engine: Engine
    engine_url: str

    @property
    def locks(self) -> Path:
        return self.folder / "workers"

    @property
    def roster(self) -> FileRoster:
        return FileRoster(self.locks)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def jobs(self) -> Jobs:
        return Jobs(catalog=self.catalog, channel=self.channel, engine=self.engine)

    @asynccontextmanager
    async def worker(
        self,
        name: str,
        *,
        slots: int = 2,
        grace_s: float = 0.0,
        reasons: Sequence[Reason] = (),
    ) -> AsyncIterator[Worker]:
        tools = Tools(
            catalog=self.catalog,
            storing=StorageTools(open_storage, self.folder / "work"),
            rendering=RenderTools(self.ffmpeg, Choice(X264), threads=1),
            analysing=AnalysisTools(
                Analyses(self.folder / "analyses", threads=1, limits=Watchdogs()),
                FaceModel(ModelPlace(self.folder / "models", named=self.folder / "none")),
            ),
            worker=WorkerIdentity(name),
        )
        async with Worker(
            engine=self.engine,
            runtime=runtime_of(self.engine_url),
            tools=tools,
            channel=self.channel,
            roster=self.roster,
            slots=slots,
            grace_s=grace_s,
            advertised=lambda why: why or "takes clips",
            reasons=reasons,
            check_s=0.05,
        ) as worker:
            yield worker

    def job(
        self,
        job_id: str,
        video: Path,
        *spans: tuple[float, float],
        styles: Sequence[str] = ("original",),
    ) -> JobRecord:
        scenes = [
            Scene(id=place + 1, title=f"{job_id} {place + 1}", start=start, end=end)
            for place, (start, end) in enumerate(spans or [(0.0, 0.2)])
        ]
        choices = [StyleChoice(name=name) for name in styles]
        return JobRecord(
            job_id=job_id,
            owner="local",
            plan=make_plan(probe(video).video, scenes, choices, Options(preset="fast")),
            storage_url=self.out.as_uri(),
            engine_url=self.engine_url,
            prefix=f"{job_id}/",
            trace_id=new_trace_id(),
            created_at=datetime.now(UTC),
        )

    async def told(self, job_id: str, **facts: object) -> list[Envelope]:
        """The job's events up to the first that has these facts, as soon as it is there."""
        seen: list[Envelope] = []
        async with asyncio.timeout(60):
            async for frame in self.channel.watch(job_id, BEGINNING):
                if isinstance(frame, EventFrame):
                    seen.append(frame.envelope)
                    if _has(frame.envelope, facts):
                        break
        return seen

    async def history(self, job_id: str) -> list[Envelope]:
        """All that was told of the job so far."""
        progress, _ = await self.channel.progress(job_id)
        seen: list[Envelope] = []
        async for frame in self.channel.watch(job_id, BEGINNING):
            if isinstance(frame, EventFrame):
                seen.append(frame.envelope)
            if len(seen) == progress.seq:
                break
        return seen

    async def rendering(self, job_id: str, scene_id: int) -> None:
        """Return when FFmpeg is making progress with the scene."""
        async with asyncio.timeout(60):
            async for frame in self.channel.watch(job_id, BEGINNING):
                tick = frame.tick if isinstance(frame, TickFrame) else None
                if isinstance(tick, ClipTick) and _is_rendering(tick, scene_id):
                    break


def _is_rendering(tick: ClipTick, scene_id: int) -> bool:
    return (tick.scene_id, tick.step) == (scene_id, "rendering")


def _has(envelope: Envelope, facts: dict[str, object]) -> bool:
    return all(getattr(envelope.event, name, None) == fact for name, fact in facts.items())


@pytest.fixture
async def plant(tmp_path: Path, ffmpeg: Path) -> AsyncIterator[Plant]:
    url = f"sqlite:///{tmp_path / 'engine.db'}"
    async with (
        open_catalog(f"sqlite:///{tmp_path / 'catalog.db'}") as catalog,
        open_channel("memory://") as channel,
        open_engine(url) as engine,
    ):
        yield Plant(tmp_path, ffmpeg, catalog, channel, engine, url)
