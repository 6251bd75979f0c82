"""Shows a job on a display, and writes its events to a file, until its run is over."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import IO

from viralclip.app.following import follow_run
from viralclip.catalog.records import JobRecord
from viralclip.channel.port import ProgressChannel
from viralclip.cli.display.port import Display
from viralclip.live import EventFrame, Frame, TickFrame
from viralclip.progress import Progress

Locate = Callable[[Progress], Awaitable[Progress]]


async def as_recorded(progress: Progress) -> Progress:
    """Its clips are where they are said to be."""
    return progress


async def follow(
    channel: ProgressChannel,
    job: JobRecord,
    display: Display,
    events: IO[str] | None,
    locate: Locate = as_recorded,
) -> Progress:
    """Show every frame from the job's first on; return when the run is over.

    `locate` is asked where the clips are that are shown at the end.
    """
    return await show(follow_run(channel, job), display, events, locate)


async def show(
    updates: AsyncGenerator[tuple[Frame, Progress], None],
    display: Display,
    events: IO[str] | None,
    locate: Locate = as_recorded,
) -> Progress:
    """Show the updates of a run as they come, and at the end what became of it."""
    progress = Progress(job_id="")
    async with aclosing(updates):
        async for frame, after in updates:
            progress = after
            _write(frame, events)
            display.show(frame, progress)
    display.finish(await locate(progress))
    return progress


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
