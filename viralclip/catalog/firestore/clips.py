"""Records of clips in Firestore, to be read; a clip's name sorts as its scene does in its job."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from viralclip.catalog.firestore.client import Firestore
from viralclip.catalog.firestore.documents import (
    clip_name,
    count,
    created_at,
    documents,
    equal,
    pages,
)
from viralclip.catalog.records import ClipPlace, ClipRecord, Endings, Priority


class FirestoreClips:
    """The records of clips; what becomes of them is written beside."""

    def __init__(self, firestore: Firestore) -> None:
        self._clips = firestore.db.collection("clips")
        self._jobs = firestore.db.collection("jobs")

    async def of(
        self,
        job_id: str,
        scene_id: int | None = None,
        *,
        after: ClipPlace | None = None,
        limit: int | None = None,
    ) -> list[ClipRecord]:
        prefix = f"{job_id}." if scene_id is None else f"{job_id}.{scene_id:010}."
        begin = clip_name(job_id, *after) if after is not None else None
        clips: list[ClipRecord] = []
        async for page in pages(self._clips, "place", prefix, after=begin, most=limit):
            clips += (ClipRecord.model_validate(found.to_dict()) for found in page)
        return clips

    async def unfinished(self, job_id: str) -> list[ClipRecord]:
        return [clip for clip in await self.of(job_id) if clip.ending is None]

    async def find(self, job_id: str, scene_id: int, style: str) -> ClipRecord | None:
        found = (await self._clips.document(clip_name(job_id, scene_id, style)).get()).to_dict()
        return ClipRecord.model_validate(found) if found is not None else None

    async def count_endings(self, job_ids: Sequence[str]) -> Mapping[str, Endings]:
        return {job_id: await self._count_endings(job_id) for job_id in job_ids}

    async def count_waiting(self, owner: str, priority: Priority, before: datetime) -> int:
        query = equal(self._jobs, owner=owner, running=True, priority=priority)
        jobs = [fields async for fields in documents(query.select(["job_id", "created_at"]))]
        earlier = [fields["job_id"] for fields in jobs if fields["created_at"] < before]
        counts = [await count(equal(self._clips, job_id=job_id)) for job_id in earlier]
        return sum(counts)

    async def stored(
        self, storage_url: str, *, key: str | None = None, digest: str | None = None
    ) -> list[ClipRecord]:
        asked = {"storage_url": storage_url, "key": key, "digest": digest}
        query = equal(self._clips, **{name: it for name, it in asked.items() if it is not None})
        found = [fields async for fields in documents(query) if fields["key"] is not None]
        # Sorted twice, as the latest job comes first and its clips in their order.
        found.sort(key=lambda fields: fields["place"])
        found.sort(key=created_at, reverse=True)
        return [ClipRecord.model_validate(fields) for fields in found]

    async def _count_endings(self, job_id: str) -> Endings:
        whole = await count(equal(self._clips, job_id=job_id))
        complete, failed, cancelled = [
            await count(equal(self._clips, job_id=job_id, ending=ending))
            for ending in ("complete", "failed", "cancelled")
        ]
        still = max(0, whole - complete - failed - cancelled)
        return Endings(complete=complete, failed=failed, cancelled=cancelled, open=still)
