"""Clips wait for slots, jobs for their first clip; both are measured when a clip begins."""

from datetime import UTC, datetime, timedelta

import pytest

from viralclip.events import (
    ClipOutline,
    Complete,
    CompleteDetails,
    Envelope,
    Event,
    ExtractingSegment,
    ExtractingSegmentDetails,
    JobQueued,
    Queued,
    SceneOutline,
)
from viralclip.pipeline.tools import ClipTask
from viralclip.progress import Progress, advance
from viralclip.worker.waits import Waits

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WAIT = "viralclip_slot_wait_seconds"
START = "viralclip_schedule_to_start_seconds"


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def queued(*styles: str, run: int = 1) -> JobQueued:
    clips = tuple(ClipOutline(style=style) for style in styles)
    scene = SceneOutline(scene_id=1, title="One", start_sec=0, duration_sec=1, clips=clips)
    return JobQueued(run=run, scenes=(scene,))


def begun(style: str) -> ExtractingSegment:
    details = ExtractingSegmentDetails(start_sec=0, end_sec=1, duration_sec=1)
    return ExtractingSegment(scene_id=1, style=style, details=details)


def told(*said: tuple[float, Event]) -> Progress:
    """The progress after what was said at those seconds."""
    progress = Progress(job_id="a1")
    for seq, (seconds, event) in enumerate(said, start=1):
        envelope = Envelope(seq=seq, job_id="a1", at=after(seconds), trace_id="0" * 32, event=event)
        progress = advance(progress, envelope)
    return progress


@pytest.fixture
def task(plant, source):
    def of(style: str, *, run: int = 1) -> ClipTask:
        job = plant.job("a1", source("small"), styles=("original", "split"))
        job = job.model_copy(update={"run": run, "priority": "urgent"})
        return ClipTask(job=job, clip=job.plan.clip(1, style))

    return of


def test_of_clips_that_begin_together_each_waited_and_the_job_began_once(task, counted):
    waits = Waits()
    progress = told(
        (0, queued("original", "split")),
        (1, Queued(scene_id=1, style="original")),
        (1, Queued(scene_id=1, style="split")),
    )
    waits.observe(task("original"), progress, after(5))
    waits.observe(task("split"), progress, after(7))

    assert counted(f"{WAIT}_count") == 2
    assert counted(f"{WAIT}_sum") == 4 + 6
    assert counted(f"{START}_count", priority="urgent") == 1
    assert counted(f"{START}_sum") == 5


def test_a_job_that_another_worker_began_has_begun(task, counted):
    progress = told(
        (0, queued("original", "split")),
        (1, Queued(scene_id=1, style="original")),
        (1, Queued(scene_id=1, style="split")),
        (2, begun("original")),
    )
    Waits().observe(task("split"), progress, after(7))

    assert counted(f"{WAIT}_count") == 1
    assert counted(f"{START}_count") == 0


def test_a_clip_that_goes_on_elsewhere_does_not_wait_again(task, counted):
    progress = told(
        (0, queued("original")), (1, Queued(scene_id=1, style="original")), (2, begun("original"))
    )
    Waits().observe(task("original"), progress, after(60))

    assert counted(f"{WAIT}_count") == counted(f"{START}_count") == 0


def test_a_retried_job_begins_anew_whatever_its_earlier_run_made(task, counted):
    made = CompleteDetails(clip_id="1-original", url="file:///one.mp4", kept=False)
    progress = told(
        (0, queued("original", "split")),
        (3, Complete(scene_id=1, style="original", details=made)),
        (100, queued("split", run=2)),
        (101, Queued(scene_id=1, style="split")),
    )
    Waits().observe(task("split", run=2), progress, after(104))

    assert counted(f"{WAIT}_sum") == 3
    assert counted(f"{START}_sum", priority="urgent") == 4


def test_a_clock_that_runs_behind_makes_no_wait_negative(task, counted):
    progress = told((10, queued("original")), (11, Queued(scene_id=1, style="original")))
    Waits().observe(task("original"), progress, after(9))

    assert counted(f"{WAIT}_count") == 1
    assert counted(f"{WAIT}_sum") == counted(f"{START}_sum") == 0
