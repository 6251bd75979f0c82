"""Whose the files in a storage are: a clip replaces its own forerunner, and nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import structlog

from viralclip.catalog.port import Catalog
from viralclip.catalog.records import ClipRecord, JobRecord, caption_keys
from viralclip.errors import ViralclipError
from viralclip.names import is_numbered, numbered
from viralclip.pipeline.tools import ClipTask, Tools
from viralclip.plan import Clip
from viralclip.storage.objects import AlreadyStoredError, Storage, Stored, is_unchanged

log = structlog.get_logger(__name__)


def keys_of(task: ClipTask) -> Iterator[str]:
    """Where the clip may be stored: under its own name, or numbered where that is taken."""
    return (task.job.prefix + name for name in numbered(task.clip.filename))


def thumbnail_key(key: str) -> str:
    return str(PurePosixPath(key).with_suffix(".jpg"))


def is_file_of(record: ClipRecord, stored: Stored) -> bool:
    """Whether the stored file is the one that was recorded, or was about to be."""
    return record.size is not None and is_unchanged(stored, size=record.size, tag=record.tag)


@dataclass(frozen=True)
class Room:
    """What of this clip's own, or of its forerunner's, is in a place and may be replaced."""

    clip: bool
    thumbnail: bool
    captions: bool = False


async def find_room(key: str, task: ClipTask, catalog: Catalog, storage: Storage) -> Room | None:
    """The room for a clip and what stands beside it; None if anything is there that is not its
    own."""
    clip, thumbnail = await storage.head(key), await storage.head(thumbnail_key(key))
    words = task.has_captions and await _any_there(caption_keys(key), storage)
    if clip is None and thumbnail is None and not words:
        return Room(clip=False, thumbnail=False)
    found = await catalog.clips.stored(task.job.storage_url, key=key)
    own = [record for record in found if await _is_forerunner(record, task, catalog)]
    clip_is_own = clip is None or any(is_file_of(record, clip) for record in own)
    # An attempt that was killed has left words without a record of them.
    mine = task.job.job_id if task.has_captions else None
    had_words = any(record.captions or record.job_id == mine for record in own)
    # Nothing is recorded of the others but that they are there.
    is_own = clip_is_own and (thumbnail is None or bool(own)) and (had_words or not words)
    return Room(clip is not None, thumbnail is not None, had_words) if is_own else None


async def _any_there(keys: Sequence[str], storage: Storage) -> bool:
    for key in keys:
        if await storage.head(key) is not None:
            return True
    return False


async def find_kept(task: ClipTask, tools: Tools) -> ClipRecord | None:
    """An earlier clip of equal work whose stored file is still the one that was recorded.

    One that was stored under another title gets the present one's name.
    """
    storage = tools.storing.open_storage(task.job.storage_url)
    found = await tools.catalog.clips.stored(task.job.storage_url, digest=task.clip.digest)
    made = [record for record in found if record.ending == "complete" and record.key]
    for record in sorted(made, key=lambda record: not _is_named_so(record, task.clip, task.job)):
        stored = await storage.head(record.key or "")
        if stored is None or not is_file_of(record, stored):
            continue
        now = record.model_copy(update={"job_id": task.job.job_id, "run": task.job.run})
        if _is_named_so(record, task.clip, task.job):
            return now
        if may_be_renamed(record, task.job):
            return await _renamed(now, task, storage)
    return None


def may_be_renamed(record: ClipRecord, job: JobRecord) -> bool:
    """Whether the file lies among this job's, and is not one that another of its clips is."""
    name = (record.key or "").removeprefix(job.prefix)
    beside = (record.key or "").startswith(job.prefix) and "/" not in name
    return beside and not any(_is_named_so(record, clip, job) for clip in job.plan.clips())


async def _is_forerunner(record: ClipRecord, task: ClipTask, catalog: Catalog) -> bool:
    """Whether the record is of this clip, or of the same moment of the same video, made before."""
    if record.style != task.clip.style:
        return False
    if record.job_id == task.job.job_id:
        return record.scene_id == task.clip.scene.id
    other = await catalog.jobs.find(record.job_id)
    return other is not None and shows_same(other, record, task.job, task.clip)


def shows_same(other: JobRecord, record: ClipRecord, job: JobRecord, clip: Clip) -> bool:
    """Whether another job's clip shows the same moment of the same video in the same shape."""
    scene = next((scene for scene in other.plan.scenes if scene.id == record.scene_id), None)
    return (
        scene is not None
        and record.style == clip.style
        and other.plan.video.is_same_as(job.plan.video)
        and other.plan.options.aspect == job.plan.options.aspect
        and scene.start < clip.scene.end
        and clip.scene.start < scene.end
    )


def _is_named_so(record: ClipRecord, clip: Clip, job: JobRecord) -> bool:
    return is_numbered(record.key or "", of=job.prefix + clip.filename)


async def _renamed(record: ClipRecord, task: ClipTask, storage: Storage) -> ClipRecord:
    """The record of the file under its new name; under its old one if that cannot be changed."""
    for key in keys_of(task):
        beside = (thumbnail_key(key), *(caption_keys(key) if record.captions else ()))
        if await _any_there(beside, storage):
            continue
        try:
            moved = await storage.move(record.key or "", key)
            thumbnail = await _thumbnail_moved(record, key, storage)
            captions = await _captions_moved(record, key, storage)
        except AlreadyStoredError:
            continue
        except ViralclipError as error:
            log.warning("Clip not renamed", error=error.detail)
            return record
        return record.model_copy(
            update={
                "key": moved.key,
                "tag": moved.tag,
                "thumbnail": thumbnail,
                "captions": captions,
            }
        )
    raise AssertionError  # pragma: no cover - the numbers have no end


async def _captions_moved(record: ClipRecord, key: str, storage: Storage) -> bool:
    """Whether the clip has its captions under the new name, too: both files or none are its."""
    moves = list(zip(record.caption_keys, caption_keys(key), strict=False))
    for old, new in moves:
        if await storage.head(old) is None:
            return False
        await storage.move(old, new)
    return bool(moves)


async def _thumbnail_moved(record: ClipRecord, key: str, storage: Storage) -> str | None:
    if record.thumbnail is None or await storage.head(record.thumbnail) is None:
        return None
    try:
        return (await storage.move(record.thumbnail, thumbnail_key(key))).key
    except AlreadyStoredError:
        return record.thumbnail
