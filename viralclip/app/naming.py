"""What a job's clips are called where others lie already, and what is said about those."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from viralclip.catalog.port import Catalog
from viralclip.catalog.records import ClipRecord, JobRecord
from viralclip.names import is_numbered, labels
from viralclip.pipeline.ownership import is_file_of, may_be_renamed, shows_same, thumbnail_key
from viralclip.storage.objects import Storage
from viralclip.text import counted

_SHOWN = 3
_LATEST = 200


@dataclass(frozen=True)
class Finished:
    """A clip of an earlier job, whose file is still as it was stored."""

    job: JobRecord
    record: ClipRecord

    @property
    def key(self) -> str:
        return self.record.key or ""


@dataclass(frozen=True)
class Shelf:
    """What lies where a job's clips are to go: every name, and the clips known among them."""

    names: frozenset[str]
    finished: tuple[Finished, ...]
    in_the_making: tuple[JobRecord, ...]


async def look_at(job: JobRecord, catalog: Catalog, storage: Storage) -> Shelf:
    """The names and the finished clips at the top of the job's storage."""
    names = await storage.names()
    jobs: dict[str, JobRecord | None] = {}
    finished: list[Finished] = []
    for record in await catalog.clips.stored(job.storage_url):
        if record.key not in names or record.ending != "complete":
            continue
        if record.job_id not in jobs:
            jobs[record.job_id] = await catalog.jobs.find(record.job_id)
        maker, stored = jobs[record.job_id], await storage.head(record.key or "")
        if maker is not None and stored is not None and is_file_of(record, stored):
            finished.append(Finished(maker, record))
    latest = await catalog.jobs.latest(owner=job.owner, limit=_LATEST)
    making = [
        await catalog.jobs.find(it.job_id)
        for it in latest
        if it.outcome is None and it.storage_url == job.storage_url
    ]
    return Shelf(names, tuple(finished), tuple(it for it in making if it is not None))


def named(job: JobRecord, shelf: Shelf) -> tuple[JobRecord, list[str]]:
    """The job with names that no other's clips have, and what to say of what lies there."""
    known = [*(each.job for each in shelf.finished), *shelf.in_the_making]
    mine = [it for it in known if it.plan.video.is_same_as(job.plan.video)]
    alike = next((it for it in mine if _aspect(it) == _aspect(job)), None)
    if alike is not None:
        job = job.model_copy(update={"prefix": alike.prefix})
        return job, _rename_notes(job, shelf)
    others = [it for it in known if not it.plan.video.is_same_as(job.plan.video)]
    taken = {it.prefix for it in known}
    for label in _labels(job, others=bool(others), mine=bool(mine)):
        job = job.model_copy(update={"prefix": label})
        if label not in taken and not _clashes(job, shelf):
            break
    return job, _name_notes(job, others, mine, shelf)


def _labels(job: JobRecord, *, others: bool, mine: bool) -> Iterator[str]:
    name, aspect = job.plan.video.name, _aspect(job)
    return labels(name, aspect, of_video=others, of_aspect=mine)


def _aspect(job: JobRecord) -> str:
    return job.plan.options.aspect


def _clashes(job: JobRecord, shelf: Shelf) -> list[str]:
    """Files that have the names of the job's clips or thumbnails."""
    keys = [job.prefix + clip.filename for clip in job.plan.clips()]
    return [name for key in keys for name in (key, thumbnail_key(key)) if name in shelf.names]


def _name_notes(
    job: JobRecord, others: Sequence[JobRecord], mine: Sequence[JobRecord], shelf: Shelf
) -> list[str]:
    if not job.prefix:
        return []
    plain = _clashes(job.model_copy(update={"prefix": ""}), shelf)
    if others:
        why = f"has clips of another video, {others[0].plan.video.name}"
    elif mine:
        why = f"has this video's clips in {_aspect(mine[0])}"
    else:
        why = f"has files of the same names that no job here made, like {plain[0]}"
    return [f"{_place(job)} {why}: the names of these clips begin with {job.prefix}"]


def _rename_notes(job: JobRecord, shelf: Shelf) -> list[str]:
    """What becomes of the video's earlier clips that the job does not ask for by their names."""
    own = [it for it in shelf.finished if it.job.plan.video.is_same_as(job.plan.video)]
    own = [
        it
        for it in {it.key: it for it in reversed(own)}.values()
        if _aspect(it.job) == _aspect(job)
    ]
    digests = {clip.digest for clip in job.plan.clips()}
    renamed = [it for it in own if _digest(it) in digests and may_be_renamed(it.record, job)]
    left = sorted(it.key for it in own if _digest(it) not in digests and _is_left(it, job))
    notes: list[str] = []
    if renamed:
        is_are = "has a new title and is" if len(renamed) == 1 else "have new titles and are"
        notes.append(f"{counted(len(renamed), 'clip')} {is_are} renamed, not made again.")
    if left:
        is_are = "is" if len(left) == 1 else "are"
        shown = ", ".join(left[:_SHOWN]) + (", ..." if len(left) > _SHOWN else "")
        count = counted(len(left), "clip")
        notes.append(f"{count} of an earlier list {is_are} still in {_place(job)}: {shown}")
    return notes


def _digest(it: Finished) -> str:
    """Without what its worker adds: by which code it was analysed, and whether without a model."""
    return it.record.digest.partition("-")[0]


def _is_left(it: Finished, job: JobRecord) -> bool:
    """Whether a job in the same styles neither asks for the clip nor replaces it."""
    clips = [clip for clip in job.plan.clips() if clip.style == it.record.style]
    replaced = any(
        is_numbered(it.key, of=job.prefix + clip.filename)
        and shows_same(it.job, it.record, job, clip)
        for clip in clips
    )
    return bool(clips) and not replaced


def _place(job: JobRecord) -> str:
    """The folder's name, or the store's address."""
    parts = urlsplit(job.storage_url)
    return f"{Path(parts.path).name}/" if parts.scheme == "file" else job.storage_url
