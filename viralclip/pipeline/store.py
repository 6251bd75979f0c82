"""The stage that puts a rendered clip and its thumbnail where they belong."""

import asyncio
from pathlib import Path, PurePosixPath

import structlog
from pydantic import BaseModel

from viralclip.catalog import ClipRecord
from viralclip.errors import ThumbnailFailedError
from viralclip.media.memory import give_memory_back
from viralclip.pipeline import ClipTask, Tools
from viralclip.pipeline.render import Rendition, RenditionLostError, discard_renditions
from viralclip.pipeline.reporter import ClipReport
from viralclip.storage import Storage

log = structlog.get_logger(__name__)


class StoredClip(BaseModel, frozen=True):
    """A clip in storage, as the catalog will know it."""

    key: str
    size: int
    tag: str
    thumbnail: str | None
    duration: float
    width: int
    height: int

    def record(self, task: ClipTask) -> ClipRecord:
        return task.record("complete").model_copy(update=self.model_dump())


async def store_clip(
    task: ClipTask, rendition: Rendition, tools: Tools, report: ClipReport
) -> StoredClip:
    """Store the thumbnail, then the clip; the local file is gone when both are safe."""
    path = Path(rendition.path)
    if not await asyncio.to_thread(path.is_file):
        raise RenditionLostError
    storage = tools.open_storage(task.job.storage_url)
    thumbnail = await _store_thumbnail(path, task.key, storage, report)
    try:
        stored = await storage.put(path, task.key, on_progress=report.tick)
    except BaseException:
        await _forget(thumbnail, storage)
        raise
    discard_renditions(task, tools)
    return StoredClip(
        key=stored.key,
        size=stored.size,
        tag=stored.tag,
        thumbnail=thumbnail,
        duration=rendition.duration,
        width=rendition.width,
        height=rendition.height,
    )


async def _forget(thumbnail: str | None, storage: Storage) -> None:
    """A thumbnail without its clip is of no use."""
    if thumbnail is None:
        return
    try:
        await storage.delete(thumbnail)
    except Exception as error:  # noqa: BLE001 - what keeps the clip away is the error to tell
        log.warning("Thumbnail not removed", error=repr(error))


async def _store_thumbnail(
    clip: Path, key: str, storage: Storage, report: ClipReport
) -> str | None:
    """The thumbnail's key; a clip without one is still a clip."""
    picture = clip.with_suffix(".jpg")
    name = str(PurePosixPath(key).with_suffix(".jpg"))
    try:
        await asyncio.to_thread(_make_thumbnail, clip, picture)
        await storage.put(picture, name)
    except (ThumbnailFailedError, OSError) as error:
        log.warning("Thumbnail failed", error=repr(error))
        report.warn("thumbnail_failed", "The clip has no thumbnail: no good frame could be stored.")
        return None
    return name


def _make_thumbnail(clip: Path, picture: Path) -> None:
    # By the time a clip is made it is imported; before the first one that would only delay it.
    from viralclip.media.thumbnail import make_thumbnail  # noqa: PLC0415

    try:
        make_thumbnail(clip, picture)
    finally:
        give_memory_back()
