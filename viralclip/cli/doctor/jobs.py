"""Jobs that are not done: whether a worker is at each."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from viralclip.app.lives import attended
from viralclip.app.records import open_records
from viralclip.catalog.records import JobSummary
from viralclip.cli.doctor.finding import Finding
from viralclip.cli.figures import interrupted, standstill
from viralclip.progress import Progress
from viralclip.settings import Settings
from viralclip.text import counted

_LATEST = 100
_NAMED = 5
_PATIENCE_S = 20.0


async def check(settings: Settings) -> list[Finding]:
    """Of the latest jobs those that nobody is at; nothing where the records do not answer."""
    if not settings.databases.postgresql and not _path(settings.databases.tables_url).exists():
        return []
    try:
        async with asyncio.timeout(_PATIENCE_S):
            unfinished = await _unfinished(settings)
    except Exception:  # noqa: BLE001 - the database's own finding says what is wrong with it
        return []
    return findings(
        unfinished, shared=settings.databases.service_engine_name, now=datetime.now(UTC)
    )


def findings(
    unfinished: list[tuple[JobSummary, Progress]], *, shared: str, now: datetime
) -> list[Finding]:
    alone = [(job, progress) for job, progress in unfinished if not progress.has_worker]
    if not alone:
        return [Finding("jobs", "ok", f"{counted(len(unfinished), 'job')} in progress")]
    named = [
        _without_worker(job, progress, shared=shared, now=now) for job, progress in alone[:_NAMED]
    ]
    more = len(alone) - len(named)
    return [
        *named,
        *([Finding("jobs", "note", f"and {more} more without a worker")] if more else []),
    ]


def _without_worker(job: JobSummary, progress: Progress, *, shared: str, now: datetime) -> Finding:
    if job.engine_url == shared:
        found = f"{job.job_id}: {standstill(progress.moved_at, now)}"
        return Finding("jobs", "note", found, "start `viralclip serve` or `viralclip worker`")
    found = f"{job.job_id}: {interrupted(progress.moved_at, now)}"
    return Finding("jobs", "note", found, f"`viralclip retry {job.job_id}` goes on with it")


async def _unfinished(settings: Settings) -> list[tuple[JobSummary, Progress]]:
    async with open_records(settings) as records:
        channel = attended(settings, records)
        latest = await records.catalog.jobs.latest(limit=_LATEST)
        open_jobs = [job for job in latest if job.outcome is None]
        return [(job, (await channel.progress(job.job_id))[0]) for job in open_jobs]


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
