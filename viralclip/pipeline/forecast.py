"""A running job's time left, said once a second from what was learned and what is going on."""

import asyncio

import structlog

from viralclip.catalog import Catalog, JobRecord
from viralclip.channel import ProgressChannel
from viralclip.eta import time_left
from viralclip.events import JobTick
from viralclip.pipeline.reporter import JobReport

EVERY_S = 1.0

log = structlog.get_logger(__name__)


async def forecast(
    job: JobRecord,
    catalog: Catalog,
    channel: ProgressChannel,
    report: JobReport,
    *,
    slots: int,
) -> None:
    """Tick for as long as the job runs; the caller cancels it."""
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await _tick(job, catalog, channel, report, slots=slots)
        except Exception as error:  # noqa: BLE001 - a forecast is not worth a job
            log.debug("Time left not known", error=repr(error))


async def _tick(
    job: JobRecord,
    catalog: Catalog,
    channel: ProgressChannel,
    report: JobReport,
    *,
    slots: int,
) -> None:
    progress, _ = await channel.progress(job.job_id)
    timings = await catalog.timings()
    left = time_left(progress, timings, preset=job.plan.options.preset, slots=slots)
    report.tick(
        JobTick(
            job_id=job.job_id,
            at=report.reporter.now(),
            fraction=progress.fraction,
            eta_sec=left.expected if left else None,
            eta_low_sec=left.low if left else None,
            eta_high_sec=left.high if left else None,
        )
    )
