"""`viralclip render` and `retry`: make a job in this process, and show its progress."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO

from viralclip.app.preview import describe_paths
from viralclip.app.rendering import Run, check, open_render, open_retry
from viralclip.app.request import Request
from viralclip.cli.display.port import Display
from viralclip.cli.follow import show
from viralclip.progress import Progress
from viralclip.settings import Settings
from viralclip.telemetry.logs import log_file

EXIT_CODES = {"succeeded": 0, "partial": 3, "failed": 1, "cancelled": 130}


async def render(
    request: Request,
    settings: Settings,
    display: Display,
    events: IO[str] | None,
    paths: IO[str] | None = None,
) -> int:
    """Make the clips that were asked for, or go on where the same request was cut short.

    `paths` is given what `--debug-path` promises once they are made.
    """
    accepted = await check(request, settings)
    with display:
        async with open_render(accepted, settings, display.note) as run:
            progress = await _shown(run, display, events)
    if paths is not None:
        json.dump(await describe_paths(accepted.plan, settings), paths)
        paths.write("\n")
    return _exit_code(progress)


async def retry(job_id: str, settings: Settings, display: Display, events: IO[str] | None) -> int:
    """Make those clips of an ended job that did not complete."""
    with display:
        async with open_retry(job_id, settings, display.note) as run:
            progress = await _shown(run, display, events)
    return _exit_code(progress)


async def _shown(run: Run, display: Display, events: IO[str] | None) -> Progress:
    """What is made elsewhere is only watched: leaving does not disturb it."""
    if not run.is_made_here:
        return await show(run.follow(), display, events)
    async with _interruptible(run, display):
        progress = await show(run.follow(), display, events)
    if progress.clips_failed and (path := log_file()):
        display.note(f"Why clips failed is in the log: {path}")
        display.note(f"To read it: viralclip logs job {run.job.job_id}")
    return progress


@asynccontextmanager
async def _interruptible(run: Run, display: Display) -> AsyncIterator[None]:
    """Ctrl-C cancels the job and lets it say so; a second one leaves, which no third disturbs."""
    loop = asyncio.get_running_loop()
    cancelling: list[asyncio.Task[None]] = []

    def interrupt() -> None:
        if cancelling:
            loop.remove_signal_handler(signal.SIGINT)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            raise KeyboardInterrupt
        display.note("Cancelling … (Ctrl-C again to leave at once)")
        cancelling.append(loop.create_task(run.cancel()))

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        # What is left is to close what was opened, and that takes no longer than being impatient.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        await asyncio.gather(*cancelling)


def _exit_code(progress: Progress) -> int:
    return EXIT_CODES[progress.outcome or "failed"]
