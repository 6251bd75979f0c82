"""How far each job of a list is: counts of its clips, at a cost that does not grow with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from viralclip.catalog.port import Catalog
from viralclip.catalog.records import Endings, JobSummary
from viralclip.channel.port import ProgressChannel
from viralclip.progress import Progress


@dataclass(frozen=True)
class Overview:
    """A job's progress in a line; a job that has ended has neither lost its worker nor moves.

    `eta_at` is when it will be done, between which times, where that is known.
    """

    fraction: float
    has_worker: bool
    moved_at: datetime | None
    clips_total: int
    clips_completed: int
    clips_failed: int
    clips_cancelled: int
    eta_at: datetime | None = None
    eta_low_at: datetime | None = None
    eta_high_at: datetime | None = None


async def overviews(
    jobs: Sequence[JobSummary], catalog: Catalog, channel: ProgressChannel
) -> list[Overview]:
    """An overview of each job: the records count the clips of those that have ended, and only the
    progress of the others is read, and of those that got no further than a part."""
    ended = await catalog.clips.count_endings(
        [job.job_id for job in jobs if job.outcome is not None]
    )
    return [await _overview(job, ended.get(job.job_id), channel) for job in jobs]


async def _overview(job: JobSummary, endings: Endings | None, channel: ProgressChannel) -> Overview:
    made_it = job.outcome in ("succeeded", "partial")
    if endings is not None and made_it:
        return _of_ended(job, endings, fraction=1.0)
    progress, _ = await channel.progress(job.job_id)
    if endings is not None:
        return _of_ended(job, endings, fraction=progress.fraction)
    return _of_running(progress)


def _of_ended(job: JobSummary, endings: Endings, *, fraction: float) -> Overview:
    return Overview(
        fraction=fraction,
        has_worker=True,
        moved_at=job.finished_at,
        clips_total=endings.total,
        clips_completed=endings.complete,
        clips_failed=endings.failed,
        clips_cancelled=endings.cancelled,
    )


def _of_running(progress: Progress) -> Overview:
    return Overview(
        fraction=progress.fraction,
        has_worker=progress.has_worker,
        moved_at=progress.moved_at,
        clips_total=progress.clips_total,
        clips_completed=progress.clips_completed,
        clips_failed=progress.clips_failed,
        clips_cancelled=progress.clips_cancelled,
        eta_at=progress.eta_at,
        eta_low_at=progress.eta_low_at,
        eta_high_at=progress.eta_high_at,
    )
