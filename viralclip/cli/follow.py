"""Follows a job's channel to the end of its run, into a display and an event file."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import IO

from viralclip.catalog.records import JobRecord
from viralclip.channel.port import BEGINNING, ProgressChannel
from viralclip.cli.display.port import Display
from viralclip.live import EventFrame, Frame, Reset, Snapshot, TickFrame
from viralclip.progress import Progress, advance

Locate = Callable[[Progress], Awaitable[Progress]]


async def as_told(progress: Progress) -> Progress:
    """Its clips are where they are said to be."""
    return progress


async def follow(
    channel: ProgressChannel,
    job: JobRecord,
    display: Display | None,
    events: IO[str] | None,
    locate: Locate = as_told,
) -> Progress:
    """Show every frame from the job's first on; return when the run is over.

    `locate` is asked where the clips are that are shown at the end.
    """
    progress = Progress(job_id=job.job_id)
    async with aclosing(channel.watch(job.job_id, after=BEGINNING)) as frames:
        async for frame in frames:
            progress = _after(progress, frame)
            _write(frame, events)
            if display is not None:
                display.show(frame, progress)
            if progress.status == "finished" and progress.run >= job.run:
                break
    if display is not None:
        display.finish(await locate(progress))
    return progress


def _after(progress: Progress, frame: Frame) -> Progress:
    match frame:
        case Snapshot(progress=whole) | Reset(progress=whole):
            return whole
        case EventFrame(envelope=envelope):
            return advance(progress, envelope)
        case TickFrame(tick=tick):
            return advance(progress, tick)


def _write(frame: Frame, events: IO[str] | None) -> None:
    """One JSON line per envelope and tick, as they are on the wire."""
    if events is None:
        return
    match frame:
        case EventFrame(envelope=envelope):
            events.write(envelope.model_dump_json() + "\n")
        case TickFrame(tick=tick):
            events.write(tick.model_dump_json() + "\n")
        case _:
            return
    events.flush()
