"""Cleanup: files of jobs that ended while their worker was away, or on another machine."""

import asyncio
import shutil
from pathlib import Path

import structlog

from viralclip.catalog.port import Catalog

LOOK_S = 5.0

log = structlog.get_logger(__name__)


async def remove_finished_work(work: Path, catalog: Catalog) -> None:
    """For ever: remove what was made here for jobs that have come to their end."""
    while True:
        try:
            await clear(work, catalog)
        except Exception as error:  # noqa: BLE001 - a database that restarts; look again
            log.warning("Leftovers not removed", error=repr(error))
        await asyncio.sleep(LOOK_S)


async def clear(work: Path, catalog: Catalog) -> None:
    """A job that goes on keeps its files: the clips that are made of them may be wanted here."""
    for folder in await asyncio.to_thread(_folders, work):
        job = await catalog.jobs.find(folder.name)
        if job is None or job.outcome is not None:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def _folders(work: Path) -> list[Path]:
    return [path for path in work.iterdir() if path.is_dir()] if work.is_dir() else []
