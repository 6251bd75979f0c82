"""`python -m bench.forecasts.collect FILE [--jobs N] [--long]`: real renders, to be replayed.

One line of JSON for each job is appended; jobs that are in the file already are skipped, so that
collecting can go on where it stopped.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import rig
from bench.forecasts.recipes import Recipe, long_recipe, make_source, recipe, scenes_of
from bench.machine import describe
from bench.plain_job import Discarding
from viralclip.analysis.analyses import Analyses
from viralclip.analysis.models import FaceModel, ModelPlace
from viralclip.catalog.opening import open_catalog
from viralclip.catalog.port import Catalog, LearnedTimeTable
from viralclip.catalog.records import FoundRun, JobRecord
from viralclip.durations import Timings
from viralclip.engine.jobs import new_job_id, new_trace_id
from viralclip.events import ClipTick, JobTick, NewEvent
from viralclip.factors import Machine
from viralclip.media.encoders import X264, Choice, threads_for
from viralclip.media.probe import probe
from viralclip.pipeline.clip import make_clip
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
from viralclip.plan import Options, choose, make_plan
from viralclip.processes.runner import Watchdogs
from viralclip.scenes import Scene
from viralclip.storage.opening import open_storage
from viralclip.styles import STYLES
from viralclip.telemetry.logs import log_to
from viralclip.workload import Observation

_EACH_S = 0.9


@dataclass
class Recorder(Discarding):
    """Takes what is said of a job, with the seconds since it began."""

    began: float = field(default_factory=time.monotonic)
    rows: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)

    async def publish(self, drafts: list[NewEvent]) -> list[int]:
        for draft in drafts:
            event = draft.event
            if event.type == "clip_progress":
                at = round(time.monotonic() - self.began, 2)
                # A scene's end tells the ends of its clips once more.
                self.row(event.scene_id, event.style)["steps"].setdefault(str(event.step), at)
        return await super().publish(drafts)

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        for tick in ticks:
            if isinstance(tick, ClipTick) and tick.step == "rendering":
                self._add(self.row(tick.scene_id, tick.style)["ticks"], tick)

    def row(self, scene_id: int, style: str) -> dict[str, Any]:
        empty = {"scene": scene_id, "style": style, "steps": {}, "ticks": []}
        return self.rows.setdefault((scene_id, style), empty)

    def _add(self, ticks: list[list[float | None]], tick: ClipTick) -> None:
        at = round(time.monotonic() - self.began, 2)
        if ticks and at - (ticks[-1][0] or 0.0) < _EACH_S:
            return
        eta = None if tick.eta_sec is None else round(tick.eta_sec, 2)
        ticks.append([at, round(tick.fraction, 4), eta])


class Learning:
    """The learned times, with what they would learn from one clip written into the clip's row."""

    def __init__(self, learned: LearnedTimeTable, row: dict[str, Any]) -> None:
        self._learned = learned
        self._row = row

    async def read(self) -> Timings:
        return await self._learned.read()

    async def learn(self, seen: Observation) -> Machine:
        self._row[seen.workload.stage] = [round(seen.seconds, 3), round(seen.busy, 3)]
        return Machine()


async def render(
    made: Recipe,
    source: Path,
    folder: Path,
    *,
    on_ffmpeg: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Make the job; what it was made of, and how it went."""
    probed = probe(source)
    scenes = scenes_of(made)
    styles = [choose(STYLES[name]) for name in made.styles]
    options = Options.model_validate({"preset": made.preset, "aspect": made.aspect})
    job = JobRecord(
        job_id=new_job_id(),
        owner="local",
        plan=make_plan(probed.video, scenes, styles, options),
        storage_url=(folder / "out").as_uri(),
        engine_url="",
        trace_id=new_trace_id(),
        created_at=datetime.now(UTC),
    )
    recorder = Recorder()
    before, load = os.times(), os.getloadavg()[0]
    async with open_catalog(f"sqlite:///{folder}/catalog.db") as catalog:
        await catalog.jobs.add(job)
        async with Reporter(recorder) as reporter:
            recorder.began = time.monotonic()
            tools = _tools(catalog, folder, made, on_ffmpeg)
            await _make(job, made, tools, reporter, recorder)
    after = os.times()
    wall = after.elapsed - before.elapsed
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return {
        "recipe": made.number,
        "video": probed.video.model_dump(
            include={"width", "height", "fps", "codec", "bit_rate", "duration"}
        ),
        "preset": made.preset,
        "aspect": made.aspect,
        "slots": made.slots,
        "threads": threads_for(made.slots, os.cpu_count() or 1),
        "scenes": [round(scene.duration, 3) for scene in scenes],
        "styles": list(made.styles),
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "load": round(load, 2),
        "clips": [row for _, row in sorted(recorder.rows.items())],
    }


async def _make(
    job: JobRecord, made: Recipe, tools: Tools, reporter: Reporter, recorder: Recorder
) -> None:
    report = JobReport(reporter, job.job_id, job.run, job.trace_id)
    gate = asyncio.Semaphore(made.slots)
    clips = await tools.catalog.clips.of(job.job_id)

    async def one(task: ClipTask) -> None:
        place = (task.clip.scene.id, task.clip.style)
        learning = Learning(tools.catalog.learned_times, recorder.row(*place))
        async with gate:
            own = replace(tools, catalog=replace(tools.catalog, learned_times=learning))
            await make_clip(task, own, report.clip(*place))

    async def run_clips(tasks: Sequence[ClipTask]) -> None:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(one(task))

    async def run_scenes(scenes: Sequence[Scene]) -> None:
        async with asyncio.TaskGroup() as group:
            for scene in scenes:
                tasks = tasks_of(job, scene, clips)
                group.create_task(process_scene(scene, tasks, tools, report, run_clips))

    outcome = await process_job(FoundRun(job, clips), 1, tools, report, run_scenes)
    if outcome != "succeeded":
        raise rig.BenchError(f"job {made.number} ended as {outcome}")


def _tools(
    catalog: Catalog, folder: Path, made: Recipe, on_ffmpeg: Callable[[int], None] | None
) -> Tools:
    threads = threads_for(made.slots, os.cpu_count() or 1)
    named = Path(os.environ[rig.MODEL]) if os.environ.get(rig.MODEL) else None
    return Tools(
        catalog=catalog,
        storing=StorageTools(open_storage, folder / "work"),
        rendering=RenderTools(rig.ffmpeg(), Choice(X264), threads, on_ffmpeg=on_ffmpeg),
        analysing=AnalysisTools(
            Analyses(folder / "analyses", threads=threads, limits=Watchdogs()),
            FaceModel(ModelPlace(folder / "models", named=named)),
        ),
        worker=WorkerIdentity("bench", machine="bench"),
    )


def collect(target: Path, *, jobs: int, drawn: Callable[[int], Recipe] = recipe) -> None:
    """Append the jobs that are not in `target` yet."""
    if not target.exists():
        machine = {"machine": describe(rig.ffmpeg())[:2]}
        target.write_text(json.dumps(machine) + "\n", encoding="utf-8")
    done = {row["recipe"] for row in read(target)}
    with tempfile.TemporaryDirectory(prefix="viralclip-forecasts-") as name:
        sources = Path(name) / "sources"
        sources.mkdir()
        for number in range(jobs):
            if number in done:
                continue
            made = drawn(number)
            source = make_source(sources, made)
            with tempfile.TemporaryDirectory(dir=name) as folder:
                row = asyncio.run(render(made, source, Path(folder)))
            with target.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row, separators=(",", ":")) + "\n")
            print(number, len(row["clips"]), row["wall_s"], row["cpu_s"], row["load"], flush=True)


def read(path: Path) -> list[dict[str, Any]]:
    """The jobs of a recording; the first line, if there is one, says what they were made on."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines]
    return [row for row in rows if "recipe" in row]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.forecasts.collect", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--jobs", type=int, default=45, help="how many, about 8 clips each")
    parser.add_argument("--long", action="store_true", help="clips as long as people want them")
    asked = parser.parse_args()
    print(*describe(rig.ffmpeg()), sep="\n", flush=True)
    log_to(asked.file.with_name(f"{asked.file.name}.logs"))
    collect(asked.file, jobs=asked.jobs, drawn=long_recipe if asked.long else recipe)


if __name__ == "__main__":
    main()
