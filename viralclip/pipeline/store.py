"""The stage that puts a rendered clip and its thumbnail where they belong."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import structlog
from pydantic import BaseModel

from viralclip.captioning import clip_words
from viralclip.catalog.records import CAPTION_FORMATS, ClipRecord, caption_keys
from viralclip.errors import ThumbnailFailedError
from viralclip.pipeline.ownership import Room, find_room, keys_of, thumbnail_key
from viralclip.pipeline.render import Rendition, RenditionLostError, discard_renditions
from viralclip.pipeline.reporter import ClipReport
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.processes.memory import trim_heap
from viralclip.storage.objects import AlreadyStoredError, Storage, Stored
from viralclip.words.transcript import Transcript
from viralclip.words.writing import write_transcript

Store = Callable[..., Awaitable[Stored]]

log = structlog.get_logger(__name__)


class StoredClip(BaseModel, frozen=True):
    """A clip in storage, as the catalog will know it."""

    key: str
    size: int
    tag: str
    thumbnail: str | None
    captions: bool = False
    duration: float
    width: int
    height: int

    def record(self, task: ClipTask) -> ClipRecord:
        return task.record("complete").model_copy(update=self.model_dump())


async def store_clip(
    task: ClipTask, rendition: Rendition, tools: Tools, report: ClipReport
) -> StoredClip:
    """Store the thumbnail, then the clip; the local file is gone when both are safe.

    What lies there and is not this clip's stays as it is: the clip gets a number then.
    """
    path = Path(rendition.path)
    if not await asyncio.to_thread(path.is_file):
        raise RenditionLostError
    stored = await _store_where_it_may(task, rendition, tools, report)
    discard_renditions(task, tools)
    return stored


async def _store_where_it_may(
    task: ClipTask, rendition: Rendition, tools: Tools, report: ClipReport
) -> StoredClip:
    storage = tools.storing.open_storage(task.job.storage_url)
    for key in keys_of(task):
        # Another process may have been quicker. Or this one was, and the store's answer was lost:
        # a second look finds the file to be the clip's own.
        for _ in range(2):
            if room := await find_room(key, task, tools.catalog, storage):
                with suppress(AlreadyStoredError):
                    return await _store_under(key, room, task, rendition, tools, report)
    raise AssertionError  # pragma: no cover - the numbers have no end


async def _store_under(
    key: str,
    room: Room,
    task: ClipTask,
    rendition: Rendition,
    tools: Tools,
    report: ClipReport,
) -> StoredClip:
    storage = tools.storing.open_storage(task.job.storage_url)
    path, clip = Path(rendition.path), task.clip
    await tools.catalog.clip_runs.reserve_key(
        task.job.job_id, clip.scene.id, clip.style, key=key, size=rendition.bytes
    )
    store = storage.put if room.thumbnail else storage.create
    thumbnail = await _store_thumbnail(path, thumbnail_key(key), store, task, report)
    if thumbnail is None and room.thumbnail:
        # An earlier attempt's, which would be left behind without a record.
        await _forget([thumbnail_key(key)], storage)
    store = storage.put if room.clip else storage.create
    beside = [thumbnail] if thumbnail else []
    try:
        beside += await _store_captions(key, room, task, rendition, storage)
        stored = await store(path, key, writer=_writer(task), on_progress=report.tick)
    except BaseException:
        await _forget(beside, storage)
        raise
    if room.captions and not task.has_captions:
        await _forget(caption_keys(key), storage)
    return StoredClip(
        key=stored.key,
        size=stored.size,
        tag=stored.tag,
        thumbnail=thumbnail,
        captions=task.has_captions,
        duration=rendition.duration,
        width=rendition.width,
        height=rendition.height,
    )


def _writer(task: ClipTask) -> str:
    return f"{task.job.job_id}-{task.clip.clip_id}"


async def _forget(keys: Sequence[str], storage: Storage) -> None:
    """What stands beside a clip is of no use without it."""
    for key in keys:
        try:
            await storage.delete(key)
        except Exception as error:  # noqa: BLE001 - what keeps the clip away is the error to tell
            log.warning("File beside the clip not removed", error=repr(error))


async def _store_captions(
    key: str, room: Room, task: ClipTask, rendition: Rendition, storage: Storage
) -> list[str]:
    """The words of the clip in its own time, as players and editors read them; the files' keys."""
    if not task.has_captions:
        return []
    store = storage.put if room.captions else storage.create
    transcript = Transcript(words=clip_words(task.clip.scene, rendition.start))
    stored: list[str] = []
    for kind, target in zip(CAPTION_FORMATS, caption_keys(key), strict=True):
        file = Path(rendition.path).with_suffix(f".{kind}")
        await asyncio.to_thread(file.write_text, write_transcript(transcript, kind), "utf-8")
        try:
            await store(file, target, writer=_writer(task))
        except BaseException:
            await _forget(stored, storage)
            raise
        stored.append(target)
    return stored


async def _store_thumbnail(
    clip: Path, key: str, store: Store, task: ClipTask, report: ClipReport
) -> str | None:
    """The thumbnail's key; a clip without one is still a clip."""
    picture = clip.with_suffix(".jpg")
    try:
        await asyncio.to_thread(_make_thumbnail, clip, picture)
        await store(picture, key, writer=_writer(task))
    except (ThumbnailFailedError, OSError) as error:
        log.warning("Thumbnail failed", error=repr(error))
        report.warn("thumbnail_failed", "The clip has no thumbnail: no good frame could be stored.")
        return None
    return key


def _make_thumbnail(clip: Path, picture: Path) -> None:
    # By the time a clip is made it is imported; before the first one that would only delay it.
    from viralclip.media.thumbnail import make_thumbnail  # noqa: PLC0415

    try:
        make_thumbnail(clip, picture)
    finally:
        trim_heap()
