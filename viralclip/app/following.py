"""Follows a run of a job to its end: each frame, and the progress that it leads to."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from viralclip.catalog.records import JobRecord
from viralclip.channel.port import BEGINNING, ProgressChannel
from viralclip.live import EventFrame, Frame, Reset, Snapshot, TickFrame
from viralclip.progress import Progress, advance


async def follow_run(
    channel: ProgressChannel, job: JobRecord
) -> AsyncGenerator[tuple[Frame, Progress], None]:
    """Every frame from the job's first on, with the progress after it, until the run is over.

    Whoever leaves it closes it: `async with aclosing(...)`.
    """
    progress = Progress(job_id=job.job_id)
    async with aclosing(channel.watch(job.job_id, after=BEGINNING)) as frames:
        async for frame in frames:
            progress = fold(progress, frame)
            yield frame, progress
            if has_ended(progress, job):
                return


def has_ended(progress: Progress, job: JobRecord) -> bool:
    """Whether the run that the job is in is over."""
    return progress.status == "finished" and progress.run >= job.run


def fold(progress: Progress, frame: Frame) -> Progress:
    """The progress after the frame."""
    match frame:
        case Snapshot(progress=whole) | Reset(progress=whole):
            return whole
        case EventFrame(envelope=envelope):
            return advance(progress, envelope)
        case TickFrame(tick=tick):
            return advance(progress, tick)
