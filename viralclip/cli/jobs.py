"""`viralclip jobs`, `watch` and `cancel`: list jobs, follow one, stop one."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import IO

from rich.console import Console
from rich.table import Table

from viralclip.app.lives import attended
from viralclip.app.openers import storage_opener
from viralclip.app.records import Records, open_records
from viralclip.app.rendering import cancel_job, find_job, is_served
from viralclip.catalog.records import JobRecord, JobSummary
from viralclip.cli.display.port import Display
from viralclip.cli.figures import done_about, interrupted, standstill
from viralclip.cli.follow import follow
from viralclip.cli.render import EXIT_CODES
from viralclip.cli.words import OUTCOMES
from viralclip.engine.overview import Overview, overviews
from viralclip.progress import ClipState, Progress, SceneState
from viralclip.settings import Settings
from viralclip.storage.objects import Storage


async def show(settings: Settings, *, limit: int, as_json: bool) -> int:
    """List the latest jobs."""
    async with open_records(settings) as records:
        jobs = await records.catalog.jobs.latest(limit=limit)
        seen = await overviews(jobs, records.catalog, attended(settings, records))
        found = list(zip(jobs, seen, strict=True))
    if as_json:
        for job, progress in found:
            sys.stdout.write(json.dumps(_facts(job, progress), ensure_ascii=False) + "\n")
    else:
        table = _table(found, shared=settings.databases.service_engine_name)
        Console().print(table if found else "There are no jobs yet.", markup=False)
    return 0


async def watch(job_id: str, settings: Settings, display: Display, events: IO[str] | None) -> int:
    """Follow a job that is made elsewhere; leaving does not disturb it."""
    async with open_records(settings) as records:
        job = await find_job(job_id, records)
        with display:
            if job.outcome is None and not await is_served(job, records, settings):
                display.note(
                    f"No worker is at this job; `viralclip retry {job_id}` goes on with it."
                )
            channel = attended(settings, records)
            locate = partial(_located, job, records, storage_opener(settings))
            progress = await follow(channel, job, display, events, locate)
    return EXIT_CODES[progress.outcome or "failed"]


async def _located(
    job: JobRecord, records: Records, opener: Callable[[str], Storage], progress: Progress
) -> Progress:
    """The progress with its clips where they are stored: a server tells other addresses."""
    storage = opener(job.storage_url)
    clips = await records.catalog.clips.of(job.job_id)
    stored = {(clip.scene_id, clip.style): storage.url(clip.key) for clip in clips if clip.key}

    def clip_of(scene: SceneState, clip: ClipState) -> ClipState:
        url = stored.get((scene.scene_id, clip.style)) if clip.url else None
        return clip.model_copy(update={"url": url}) if url else clip

    scenes = tuple(
        scene.model_copy(update={"clips": tuple(clip_of(scene, clip) for clip in scene.clips)})
        for scene in progress.scenes
    )
    return progress.model_copy(update={"scenes": scenes})


async def cancel(job_id: str, settings: Settings) -> int:
    """Stop a job's clips, and where nobody is left to say that it has ended, end it here."""
    outcome = await cancel_job(job_id, settings)
    if outcome is not None:
        sys.stdout.write(f"Job {job_id} has already ended: {OUTCOMES[outcome]}\n")
    else:
        sys.stdout.write(f"Job {job_id} is cancelled.\n")
    return 0


def _table(found: list[tuple[JobSummary, Overview]], *, shared: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("job", "began", "video", "clips", "state"):
        table.add_column(heading)
    for job, progress in found:
        began = f"{job.created_at.astimezone():%Y-%m-%d %H:%M}"
        clips = f"{progress.clips_completed}/{progress.clips_total}"
        state = _state(job, progress, is_service=job.engine_url == shared)
        table.add_row(job.job_id, began, job.video_name, clips, state)
    return table


def _state(job: JobSummary, progress: Overview, *, is_service: bool) -> str:
    if job.outcome:
        return OUTCOMES[job.outcome]
    if progress.has_worker:
        return _going_on(progress, datetime.now(UTC))
    describe = standstill if is_service else interrupted
    return describe(progress.moved_at, datetime.now(UTC))


def _going_on(progress: Overview, now: datetime) -> str:
    done, low, high = progress.eta_at, progress.eta_low_at, progress.eta_high_at
    if done is None or low is None or high is None:
        return f"{progress.fraction:.0%}"
    return f"{progress.fraction:.0%}, {done_about(done, low, high, now=now)}"


def _facts(job: JobSummary, progress: Overview) -> dict[str, object]:
    return {
        "job_id": job.job_id,
        "created_at": job.created_at.isoformat(),
        "video": job.video_name,
        "outcome": job.outcome,
        "fraction": progress.fraction,
        "has_worker": progress.has_worker,
        "moved_at": progress.moved_at.isoformat() if progress.moved_at else None,
        "clips_total": progress.clips_total,
        "clips_completed": progress.clips_completed,
        "clips_failed": progress.clips_failed,
        "clips_cancelled": progress.clips_cancelled,
        "eta_at": progress.eta_at.isoformat() if progress.eta_at else None,
    }
