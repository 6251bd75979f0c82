"""One trace per job, whichever workers it goes through; and log lines that say what they are of."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from peers.taken import Taken, taking

from viralclip.catalog.records import JobRecord
from viralclip.events import ExtractingSegment, ExtractingSegmentDetails
from viralclip.pipeline.published import Published
from viralclip.pipeline.reporter import JobReport, Reporter
from viralclip.pipeline.settling import announce
from viralclip.pipeline.tools import ClipTask
from viralclip.telemetry.logs import log_to
from viralclip.workflow_ref import WorkflowRef


@pytest.fixture
def taken() -> Iterator[Taken]:
    with taking() as spans:
        yield spans


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """`logged(job_id)` are the lines about the job."""
    folder = tmp_path / "logs"
    log_to(folder, level="debug")

    def lines(job_id: str) -> list[dict[str, Any]]:
        text = "".join(path.read_text() for path in folder.iterdir())
        found = (json.loads(line) for line in text.splitlines())
        return [line for line in found if line.get("job_id") == job_id]

    yield lines
    structlog.reset_defaults()


async def run(plant, job, worker: str = "w1") -> None:
    await plant.jobs.submit(job)
    async with plant.worker(worker):
        await plant.told(job.job_id, type="job_finished")


async def test_a_job_is_one_trace_of_its_scenes_clips_and_steps(plant, source, taken):
    styles = ("original", "left_focus")
    job = plant.job("a1", source("small"), (0.0, 0.2), (0.2, 0.4), styles=styles)
    await plant.jobs.submit(job)
    async with plant.worker("w1"):
        await taken.ended("job")
    submit, whole = taken.one("submit"), taken.one("job")
    scenes, clips = taken.named("scene"), taken.named("clip")

    assert {span.trace_id for span in taken} == {job.trace_id}
    assert len({span.span_id for span in taken}) == len(taken)
    assert (submit.parent_id, whole.parent_id) == (None, submit.span_id)
    assert [scene.parent_id for scene in scenes] == [whole.span_id] * 2
    assert Counter(clip.parent_id for clip in clips) == {scene.span_id: 2 for scene in scenes}
    for clip in clips:
        steps = [span.name for span in taken if span.parent_id == clip.span_id]
        assert steps == ["extracting_segment", "rendering", "uploading"]
        assert clip.attributes["viralclip.outcome"] == "complete"
        assert clip.attributes["messaging.operation.type"] == "process"
        assert clip.attributes["messaging.destination.name"] == "clips"
        assert clip.attributes["viralclip.worker"] == "w1"
    assert whole.attributes["viralclip.outcome"] == "succeeded"
    parents = {span.span_id: span for span in taken}
    for span in taken:
        if span.parent_id and span.name != "job":
            assert parents[span.parent_id].started_ns <= span.started_ns + 1_000_000
            assert span.ended_ns <= parents[span.parent_id].ended_ns
    assert not any(span.links for span in taken)


async def test_what_a_dead_worker_was_making_is_ended_for_it_and_linked(plant, source, taken):
    """w1 has begun the job's only clip, says so, and is gone without a word."""
    job = plant.job("a1", source("small"))
    work = WorkflowRef("a1", 1, 1, "original")
    await plant.jobs.submit(job)
    await plant.engine.enqueue([WorkflowRef("a1", 1, 1), work], priority=1)
    await plant.catalog.runs.begin_attempt("a1", 1)
    await plant.catalog.clip_runs.begin("a1", 1, "original", worker="w1")
    async with Reporter(plant.channel) as reporter:
        say_that_it_is_made(job, JobReport(reporter, "a1", 1, job.trace_id))
    begun_by(plant, "w1")
    plant.locks.mkdir(exist_ok=True)
    (plant.locks / "w1.lock").touch()
    async with plant.worker("w2"):
        await taken.ended("job")
    lost, again = taken.one("clip", attempt=1), taken.one("clip", attempt=2)

    assert {span.trace_id for span in taken} == {job.trace_id}
    assert (lost.error, lost.attributes["viralclip.worker"]) == ("worker_crashed", "w1")
    assert (again.error, again.attributes["viralclip.worker"]) == (None, "w2")
    assert again.links == (lost.span_id,)
    assert lost.parent_id == again.parent_id == taken.one("scene").span_id
    assert taken.one("scene").parent_id == taken.one("job").span_id
    assert taken.one("job").attributes["viralclip.attempt"] == 2
    assert lost.started_ns < lost.ended_ns <= again.started_ns


async def test_another_run_is_linked_to_the_one_that_it_repeats(plant, source, taken):
    job = plant.job("a1", source("small"))
    await plant.jobs.submit(job)
    await plant.jobs.cancel("a1", by="user")
    async with plant.worker("w1"):
        await taken.ended("job", run=1)
        await plant.jobs.retry("a1", job.created_at)
        await taken.ended("job", run=2)
    first, second = taken.one("job", run=1), taken.one("job", run=2)

    assert {span.trace_id for span in taken} == {job.trace_id}
    assert (first.links, second.links) == ((), (first.span_id,))
    assert taken.one("submit", run=2).parent_id == taken.one("submit", run=1).span_id
    assert (first.attributes["viralclip.outcome"], second.error) == ("cancelled", None)


async def test_a_worker_that_leaves_lets_the_next_one_end_the_job(plant, source, taken):
    await plant.jobs.submit(plant.job("a1", source("five_minutes"), (0.0, 60.0)))
    async with plant.worker("w1"):
        await plant.rendering("a1", 1)
    left = list(taken)
    await plant.jobs.cancel("a1", by="user")
    async with plant.worker("w2"):
        await taken.ended("job")

    assert {span.name for span in left} == {"submit", "extracting_segment", "rendering", "clip"}
    assert taken.one("clip").attributes["viralclip.outcome"] == "interrupted"
    assert taken.one("scene").attributes["viralclip.worker"] == "w2"
    assert taken.one("job").attributes["viralclip.outcome"] == "cancelled"


async def test_every_line_says_what_it_is_of(plant, source, logged):
    job = plant.job("a1", source("small"), (0.0, 0.2), styles=("original", "left_focus"))
    await run(plant, job)
    lines = logged("a1")
    clips = [line for line in lines if "style" in line]

    assert {line["trace_id"] for line in lines} == {job.trace_id}
    assert {line.get("worker") for line in lines if line["message"] != "Job queued"} == {"w1"}
    assert all({"scene_id", "clip_index", "step", "attempt"} <= line.keys() for line in clips)
    steps = {line["message"]: line["step"] for line in clips}
    assert steps["Clip processing began"] == "queued"
    assert steps["FFmpeg started"] in {"rendering", "uploading"}
    assert steps["Clip processing completed successfully"] == "complete"


async def test_a_takeover_is_found_by_the_jobs_trace(plant, source, logged):
    job = plant.job("a1", source("small"))
    await plant.jobs.submit(job)
    await plant.engine.enqueue(
        [WorkflowRef("a1", 1, 1), WorkflowRef("a1", 1, 1, "original")], priority=1
    )
    begun_by(plant, "w1")
    async with plant.worker("w2"):
        await plant.told("a1", type="job_finished")
    taken_over = [line for line in logged("a1") if line["message"] == "Work taken over"]

    assert len(taken_over) == 3
    for line in taken_over:
        assert (line["trace_id"], line["worker"], line["from_worker"]) == (
            job.trace_id,
            "w2",
            "w1",
        )
    assert {line.get("style") for line in taken_over} == {None, "original"}


def say_that_it_is_made(job: JobRecord, report: JobReport) -> None:
    """What its scene and its worker say of a clip that is begun."""
    announce([ClipTask(job, clip) for clip in job.plan.clips_of(1)], Published(), report)
    details = ExtractingSegmentDetails(start_sec=0.0, end_sec=0.2, duration_sec=0.2)
    report.clip(1, "original").emit(
        ExtractingSegment(scene_id=1, style="original", details=details)
    )


def begun_by(plant, worker: str) -> None:
    """Leave in the engine's book what a worker leaves that has begun everything."""
    with sqlite3.connect(plant.engine_url.removeprefix("sqlite:///")) as db:
        db.execute(
            "update workflow_status set status = 'PENDING', executor_id = ?,"
            " started_at_epoch_ms = created_at + 1",
            [worker],
        )
