"""Jobs in Firestore: one document for each; a plan is read and checked once in a process."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from google.api_core import exceptions as refusals
from google.cloud.firestore_v1.base_query import FieldFilter

from viralclip.catalog.firestore.client import Document, Firestore
from viralclip.catalog.firestore.documents import (
    AFTER_DOT,
    BATCH,
    clip_name,
    count,
    created_at,
    documents,
    equal,
    hashed,
    pages,
    rank,
)
from viralclip.catalog.firestore.summaries import SUMMARY, job_of, plan_fields, summary_of
from viralclip.catalog.firestore.videos import remember
from viralclip.catalog.plans import KnownPlans
from viralclip.catalog.records import ClipRecord, JobRecord, JobSummary, Priority, new_clips


class FirestoreJobs:
    """The jobs, with the plans that were read of them."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore
        self._jobs = firestore.db.collection("jobs")
        self._clips = firestore.db.collection("clips")
        self._plans = KnownPlans()

    async def add(self, job: JobRecord) -> None:
        """The job's own document comes last: where it is, everything is."""
        if (await self._jobs.document(job.job_id).get()).exists:
            return
        for clips in _pieces(new_clips(job)):
            batch = self._firestore.db.batch()
            for clip in clips:
                fields = _clip_fields(job, clip)
                batch.create(self._clips.document(fields["place"]), fields)
            with suppress(refusals.AlreadyExists):
                await batch.commit()
        await remember(self._firestore, job.owner, job.plan.video, job.created_at)
        with suppress(refusals.AlreadyExists):
            await self._jobs.document(job.job_id).create(_job_fields(job))

    async def find(self, job_id: str) -> JobRecord | None:
        fields = (await self._jobs.document(job_id).get()).to_dict()
        if fields is None:
            return None
        known = self._plans.get(job_id)
        job = job_of(fields, known.plan if known and known.run == fields["run"] else None)
        self._plans.keep(job)
        return job

    async def latest(
        self, *, owner: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> list[JobSummary]:
        field, prefix = ("rank", "") if owner is None else ("owner_rank", f"{hashed(owner)}.")
        after = prefix if before is None else prefix + rank(before) + AFTER_DOT
        query = self._jobs.where(filter=FieldFilter(field, ">", after)).order_by(field)
        if owner is not None:
            query = query.where(filter=FieldFilter(field, "<", prefix[:-1] + AFTER_DOT))
        # Of the plan, which may be long, only what a list shows leaves the database.
        query = query.select(SUMMARY).limit(limit)
        return [await summary_of(self._firestore, fields) async for fields in documents(query)]

    async def find_unfinished(self, digest: str, storage_url: str) -> JobRecord | None:
        query = equal(self._jobs, digest=digest, storage_url=storage_url, running=True)
        found = [fields async for fields in documents(query)]
        return job_of(max(found, key=created_at)) if found else None

    async def set_priority(self, job_id: str, priority: Priority) -> None:
        job = self._jobs.document(job_id)
        await self._firestore.change_existing(job, lambda _: {"priority": priority})

    async def count_running(self, owner: str) -> int:
        return await count(equal(self._jobs, owner=owner, running=True))

    async def ended_before(self, at: datetime) -> list[JobSummary]:
        earlier = FieldFilter("finished_at", "<", at.astimezone(UTC))
        query = self._jobs.where(filter=earlier).order_by("finished_at").select(SUMMARY)
        return [await summary_of(self._firestore, fields) async for fields in documents(query)]

    async def delete(self, job_id: str) -> None:
        """The job's own document goes last: until then the deletion can be repeated."""
        async for page in pages(self._clips, "place", f"{job_id}."):
            batch = self._firestore.db.batch()
            for clip in page:
                batch.delete(clip.reference)
            await batch.commit()
        await self._jobs.document(job_id).delete()


def _pieces(clips: Sequence[ClipRecord]) -> Iterator[Sequence[ClipRecord]]:
    return (clips[start : start + BATCH] for start in range(0, len(clips), BATCH))


def _job_fields(job: JobRecord) -> Document:
    place = f"{rank(job.created_at)}.{job.job_id}"
    fields = job.summary.model_dump() | job.model_dump(exclude={"plan"})
    fields["created_at"] = job.created_at.astimezone(UTC)
    return fields | {
        **plan_fields(job.plan),
        "running": job.outcome is None,
        "rank": place,
        "owner_rank": f"{hashed(job.owner)}.{place}",
    }


def _clip_fields(job: JobRecord, clip: ClipRecord) -> Document:
    return clip.model_dump() | {
        "place": clip_name(job.job_id, clip.scene_id, clip.style),
        "storage_url": job.storage_url,
        "created_at": job.created_at.astimezone(UTC),
    }
