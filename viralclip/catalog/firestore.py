"""The catalog in Firestore.

Every query is a range over one field or compares for equality: a fresh database needs no index.
What depends on what is stored already is a compare-and-set on the document's time of change.
"""

import asyncio
import hashlib
import random
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from google.api_core import exceptions as refusals
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore
from google.cloud.firestore_v1.async_document import AsyncDocumentReference
from google.cloud.firestore_v1.async_query import AsyncQuery
from google.cloud.firestore_v1.base_document import DocumentSnapshot
from google.cloud.firestore_v1.base_query import FieldFilter

from viralclip.catalog.records import (
    Claim,
    ClipPlace,
    ClipRecord,
    EndedClip,
    Endings,
    JobRecord,
    JobSummary,
    Priority,
    ended_facts,
)
from viralclip.durations import Machine, Observation, Timings, read_model, read_timings
from viralclip.errors import InvalidRequestError
from viralclip.events import Outcome
from viralclip.plan import Clip, Plan, Video

Document = dict[str, Any]
Change = Callable[[Document | None], Document | None]

# Firestore takes 500 writes at once.
_BATCH = 400
_KNOWN_PLANS = 32
# Of a job, what is told without its plan.
_SUMMARY = [*JobSummary.model_fields]
_HELLO_S = 10.0
_CONTENTION_S = 30.0
# Numbers that fall as time goes on: in a rising order the latest comes first.
_END_OF_TIME = 10**17
# The sign after the dot: what begins with `x.` lies between `x.` and `x/`.
_AFTER_DOT = "/"
_LOST = (
    refusals.FailedPrecondition,
    refusals.AlreadyExists,
    refusals.NotFound,
    refusals.Aborted,
)


class CatalogUnavailableError(InvalidRequestError):
    """Firestore does not let us in; check the project, the credentials and the network."""

    code = "catalog_unavailable"


class Firestore:
    """The database behind `firestore://project` or `firestore://project/database`."""

    def __init__(self, url: str) -> None:
        project, _, database = url.removeprefix("firestore://").partition("/")
        self._project = project
        self._database = database or None

    async def __aenter__(self) -> Self:
        try:
            self.db = firestore.AsyncClient(project=self._project, database=self._database)
            async with asyncio.timeout(_HELLO_S):
                await self.db.collection("hello").document("hello").get()
        except (refusals.GoogleAPIError, GoogleAuthError, TimeoutError) as error:
            raise CatalogUnavailableError(detail=repr(error)) from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.db.close()

    async def change(self, place: AsyncDocumentReference, change: Change) -> Document | None:
        """What the document is after `change` of what it was; a change of None leaves it alone.

        Whoever is overtaken by another's change looks again and decides anew.
        """
        async with asyncio.timeout(_CONTENTION_S):
            while True:
                found = await place.get()
                was = found.to_dict()
                fields = change(was)
                if fields is None:
                    return was
                with suppress(*_LOST):
                    await self._write(place, found, fields)
                    return (was or {}) | fields
                await asyncio.sleep(random.random() / 20)  # noqa: S311 - so as not to meet again

    async def _write(
        self, place: AsyncDocumentReference, found: DocumentSnapshot, fields: Document
    ) -> None:
        if found.exists:
            unchanged = self.db.write_option(last_update_time=found.update_time)
            await place.update(fields, option=unchanged)
        else:
            await place.create(fields)


class FirestoreCatalog:
    """Records as documents; a clip's name sorts as its scene does within its job."""

    def __init__(self, url: str) -> None:
        self._firestore = Firestore(url)
        self._plans: dict[str, Plan] = {}

    async def __aenter__(self) -> Self:
        await self._firestore.__aenter__()
        self._db = self._firestore.db
        self._jobs = self._db.collection("jobs")
        self._clips = self._db.collection("clips")
        self._videos = self._db.collection("videos")
        self._claims = self._db.collection("claims")
        self._models = self._db.collection("models")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self._firestore.__aexit__(kind, error, tb)

    async def add_job(self, job: JobRecord) -> None:
        """The job's own document comes last: where it is, everything is."""
        if (await self._jobs.document(job.job_id).get()).exists:
            return
        for clips in _pieces(job.plan.clips()):
            batch = self._db.batch()
            for clip in clips:
                fields = _new_clip(job, clip)
                batch.create(self._clips.document(fields["place"]), fields)
            with suppress(refusals.AlreadyExists):
                await batch.commit()
        await self._remember(job.owner, job.plan.video, job.created_at)
        with suppress(refusals.AlreadyExists):
            await self._jobs.document(job.job_id).create(_job_fields(job))

    async def job(self, job_id: str) -> JobRecord | None:
        fields = (await self._jobs.document(job_id).get()).to_dict()
        if fields is None:
            return None
        # A plan never changes: it is checked once, and shared by all who ask after it.
        job = _job(fields, self._plans.get(job_id))
        self._plans[job_id] = job.plan
        while len(self._plans) > _KNOWN_PLANS:
            self._plans.pop(next(iter(self._plans)))
        return job

    async def jobs(
        self, *, owner: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> list[JobSummary]:
        field, prefix = ("rank", "") if owner is None else ("owner_rank", f"{_hash(owner)}.")
        after = prefix if before is None else prefix + _rank(before) + _AFTER_DOT
        query = self._jobs.where(filter=FieldFilter(field, ">", after)).order_by(field)
        if owner is not None:
            query = query.where(filter=FieldFilter(field, "<", prefix[:-1] + _AFTER_DOT))
        # Of the plan, which may be long, only what a list shows leaves the database.
        query = query.select(_SUMMARY).limit(limit)
        return [await self._summary(fields) async for fields in _documents(query)]

    async def _summary(self, fields: Document) -> JobSummary:
        """Earlier versions kept what a list shows within the plan only."""
        if "video_path" in fields:
            return JobSummary.model_validate(fields)
        job = (await self._jobs.document(fields["job_id"]).get()).to_dict()
        return _job(job or fields).summary

    async def unfinished(self, digest: str, storage_url: str) -> JobRecord | None:
        query = _equal(self._jobs, digest=digest, storage_url=storage_url, running=True)
        found = [fields async for fields in _documents(query)]
        return _job(max(found, key=_created_at)) if found else None

    async def begin_run(self, job_id: str, run: int) -> None:
        """The clips first: a job that is in its run has every clip ready for it."""
        async for page in self._pages(f"{job_id}."):
            await self._open_again(page, run)

        def begin(was: Document | None) -> Document | None:
            if was is None or was["run"] >= run:
                return None
            fresh = {"outcome": None, "finished_at": None, "stop_by": None, "stop_failed": False}
            return fresh | {"run": run, "attempt": 0, "running": True}

        await self._firestore.change(self._jobs.document(job_id), begin)

    async def begin_attempt(self, job_id: str, run: int) -> int:
        def begin(was: Document | None) -> Document | None:
            if was is None or was["run"] != run:
                return None
            return {"attempt": was["attempt"] + 1}

        now = await self._firestore.change(self._jobs.document(job_id), begin)
        return now["attempt"] if now is not None and now["run"] == run else 0

    async def finish_job(self, job_id: str, run: int, outcome: Outcome, at: datetime) -> bool:
        ended = {"outcome": outcome, "finished_at": at.astimezone(UTC), "running": False}
        is_first = False

        def end(was: Document) -> Document | None:
            nonlocal is_first
            is_first = was["run"] == run and was["outcome"] is None
            return ended if is_first else None

        await self._change_job(job_id, end)
        return is_first

    async def stop_job(self, job_id: str, *, by: str, failed: bool) -> None:
        stop = {"stop_by": by, "stop_failed": failed}
        await self._change_job(job_id, lambda was: stop if was["stop_by"] is None else None)

    async def stop_clip(self, job_id: str, scene_id: int, style: str, *, by: str) -> None:
        await self._change_clip(
            (job_id, scene_id, style),
            lambda was: {"stop_by": by} if was["stop_by"] is None else None,
        )

    async def set_priority(self, job_id: str, priority: Priority) -> None:
        await self._change_job(job_id, lambda _: {"priority": priority})

    async def count_running(self, owner: str) -> int:
        return await _count(_equal(self._jobs, owner=owner, running=True))

    async def claim(self, owner: str, key: str, digest: str, job_id: str) -> Claim:
        mine = Claim(digest=digest, job_id=job_id)
        try:
            await self._claims.document(_hash(owner, key)).create(mine.model_dump())
        except refusals.AlreadyExists:
            return await self.find_idempotency_key(owner, key) or mine
        return mine

    async def find_idempotency_key(self, owner: str, key: str) -> Claim | None:
        fields = (await self._claims.document(_hash(owner, key)).get()).to_dict()
        return Claim.model_validate(fields) if fields is not None else None

    async def add_video(self, owner: str, video: Video) -> None:
        await self._remember(owner, video, datetime.now(UTC))

    async def videos(self, owner: str) -> list[Video]:
        videos: list[Video] = []
        async for page in _pages(self._videos, "place", f"{_hash(owner)}."):
            videos += (Video.model_validate_json(found.get("facts")) for found in page)
        return videos

    async def video(self, owner: str, identity: str) -> Video | None:
        fields = (await self._videos.document(_hash(owner, identity)).get()).to_dict()
        return Video.model_validate_json(fields["facts"]) if fields is not None else None

    async def forget_video(self, owner: str, identity: str) -> None:
        await self._videos.document(_hash(owner, identity)).delete()

    async def forget_videos_at(self, paths: Collection[str]) -> None:
        async for found in self._videos.stream():
            if Video.model_validate_json(found.get("facts")).path in paths:
                await found.reference.delete()

    async def paths_in_use(self, since: datetime | None = None) -> frozenset[str]:
        queries = [_equal(self._jobs, running=True)]
        if since is not None:
            later = FieldFilter("finished_at", ">=", since.astimezone(UTC))
            queries.append(self._jobs.where(filter=later))
        return frozenset(
            [
                (await self._summary(fields)).video_path
                for query in queries
                async for fields in _documents(query.select(_SUMMARY))
            ]
        )

    async def ended_before(self, at: datetime) -> list[JobSummary]:
        earlier = FieldFilter("finished_at", "<", at.astimezone(UTC))
        query = self._jobs.where(filter=earlier).order_by("finished_at").select(_SUMMARY)
        return [await self._summary(fields) async for fields in _documents(query)]

    async def forget_idempotency_keys(self, job_id: str) -> None:
        async for found in _equal(self._claims, job_id=job_id).stream():
            await found.reference.delete()

    async def delete_job(self, job_id: str) -> None:
        """The job's own document goes last: until then the deletion can be repeated."""
        async for page in self._pages(f"{job_id}."):
            batch = self._db.batch()
            for clip in page:
                batch.delete(clip.reference)
            await batch.commit()
        await self._jobs.document(job_id).delete()

    async def clips(
        self,
        job_id: str,
        scene_id: int | None = None,
        *,
        after: ClipPlace | None = None,
        limit: int | None = None,
    ) -> list[ClipRecord]:
        prefix = f"{job_id}." if scene_id is None else f"{job_id}.{scene_id:010}."
        begin = _place(job_id, *after) if after is not None else None
        clips: list[ClipRecord] = []
        async for page in _pages(self._clips, "place", prefix, after=begin, most=limit):
            clips += (ClipRecord.model_validate(found.to_dict()) for found in page)
        return clips

    async def clip(self, job_id: str, scene_id: int, style: str) -> ClipRecord | None:
        found = (await self._clips.document(_place(job_id, scene_id, style)).get()).to_dict()
        return ClipRecord.model_validate(found) if found is not None else None

    async def count_endings(self, job_ids: Sequence[str]) -> Mapping[str, Endings]:
        return {job_id: await self._count_endings(job_id) for job_id in job_ids}

    async def _count_endings(self, job_id: str) -> Endings:
        whole = await _count(_equal(self._clips, job_id=job_id))
        complete, failed, cancelled = [
            await _count(_equal(self._clips, job_id=job_id, ending=ending))
            for ending in ("complete", "failed", "cancelled")
        ]
        still = max(0, whole - complete - failed - cancelled)
        return Endings(complete=complete, failed=failed, cancelled=cancelled, open=still)

    async def count_waiting(self, owner: str, priority: Priority, before: datetime) -> int:
        query = _equal(self._jobs, owner=owner, running=True, priority=priority)
        jobs = [fields async for fields in _documents(query.select(["job_id", "created_at"]))]
        earlier = [fields["job_id"] for fields in jobs if fields["created_at"] < before]
        counts = [await _count(_equal(self._clips, job_id=job_id)) for job_id in earlier]
        return sum(counts)

    async def end_clip(self, record: ClipRecord) -> EndedClip:
        ended = ended_facts(record)
        is_first = False

        def end(was: Document) -> Document | None:
            # A worker that was thought dead may still speak of an earlier run.
            nonlocal is_first
            is_first = was["run"] == record.run and was["ending"] is None
            return ended if is_first else None

        here = (record.job_id, record.scene_id, record.style)
        now = await self._change_clip(here, end)
        stands = now is not None and now["ending"] is not None
        return EndedClip(ClipRecord.model_validate(now) if stands else record, is_first)

    async def end_clips(self, records: Sequence[ClipRecord]) -> list[EndedClip]:
        return [await self.end_clip(record) for record in records]

    async def begin_clip(self, job_id: str, scene_id: int, style: str, *, worker: str) -> None:
        await self._change_clip(
            (job_id, scene_id, style),
            lambda was: {"worker": worker} if was["ending"] is None else None,
        )

    async def count_crash(self, job_id: str, scene_id: int, style: str, *, worker: str) -> int:
        def count(was: Document) -> Document | None:
            crashed = was.get("worker") == worker
            return {"crashes": was["crashes"] + 1, "worker": None} if crashed else None

        now = await self._change_clip((job_id, scene_id, style), count)
        return now["crashes"] if now is not None else 0

    async def reserve_key(
        self, job_id: str, scene_id: int, style: str, *, key: str, size: int
    ) -> None:
        file = {"key": key, "size": size, "tag": None}
        await self._change_clip(
            (job_id, scene_id, style), lambda was: file if was["ending"] is None else None
        )

    async def stored(
        self, storage_url: str, *, key: str | None = None, digest: str | None = None
    ) -> list[ClipRecord]:
        asked = {"storage_url": storage_url, "key": key, "digest": digest}
        query = _equal(self._clips, **{name: it for name, it in asked.items() if it is not None})
        found = [fields async for fields in _documents(query) if fields["key"] is not None]
        # Sorted twice, as the latest job comes first and its clips in their order.
        found.sort(key=lambda fields: fields["place"])
        found.sort(key=_created_at, reverse=True)
        return [ClipRecord.model_validate(fields) for fields in found]

    async def timings(self) -> Timings:
        states = {
            fields["stage"]: fields["state"]
            async for fields in _documents(self._models.order_by("stage"))
        }
        return read_timings(states)

    async def learn(self, seen: Observation) -> Machine:
        stage = seen.workload.stage

        def observe(was: Document | None) -> Document:
            known = read_model(was["state"] if was is not None else "").observe(seen)
            return {"stage": stage, "state": known.model_dump_json()}

        state = await self._firestore.change(self._models.document(stage), observe)
        return read_model(state["state"] if state else "").machines[seen.machine]

    async def _change_job(self, job_id: str, change: Callable[[Document], Document | None]) -> None:
        await self._firestore.change(self._jobs.document(job_id), _of_existing(change))

    async def _change_clip(
        self, here: tuple[str, int, str], change: Callable[[Document], Document | None]
    ) -> Document | None:
        return await self._firestore.change(
            self._clips.document(_place(*here)), _of_existing(change)
        )

    async def _remember(self, owner: str, video: Video, at: datetime) -> None:
        """The latest place of the video is the one that counts; when it was first added stays."""
        facts = {"facts": video.model_dump_json()}
        new = facts | {"place": f"{_hash(owner)}.{_rank(at)}.{video.identity}"}
        await self._firestore.change(
            self._videos.document(_hash(owner, video.identity)),
            lambda was: new if was is None else facts,
        )

    def _pages(self, prefix: str) -> AsyncIterator[list[DocumentSnapshot]]:
        return _pages(self._clips, "place", prefix)

    async def _open_again(self, page: Sequence[DocumentSnapshot], run: int) -> None:
        """Clips that did not complete may end anew; what changes meanwhile is looked at again."""
        again = {"ending": None, "failure": None, "worker": None, "crashes": 0, "stop_by": None}
        fresh = {"run": run, **again}
        while stale := [clip for clip in page if _is_stale(clip, run)]:
            batch = self._db.batch()
            for clip in stale:
                unchanged = self._db.write_option(last_update_time=clip.update_time)
                batch.update(clip.reference, fresh, option=unchanged)
            with suppress(*_LOST):
                await batch.commit()
                return
            page = [clip async for clip in self._db.get_all([clip.reference for clip in stale])]


def _is_stale(clip: DocumentSnapshot, run: int) -> bool:
    return clip.exists and clip.get("run") < run and clip.get("ending") != "complete"


def _of_existing(change: Callable[[Document], Document | None]) -> Change:
    return lambda was: change(was) if was is not None else None


async def _count(query: AsyncQuery) -> int:
    counted = await query.count().get()
    return int(counted[0][0].value)


async def _pages(
    collection: firestore.AsyncCollectionReference,
    field: str,
    prefix: str,
    *,
    after: str | None = None,
    most: int | None = None,
) -> AsyncIterator[list[DocumentSnapshot]]:
    """The documents whose field begins with the prefix, which ends in a dot, in its order."""
    after, end = after or prefix, prefix[:-1] + _AFTER_DOT
    left = sys.maxsize if most is None else most
    while left > 0:
        size = min(_BATCH, left)
        within = collection.where(filter=FieldFilter(field, ">", after))
        within = within.where(filter=FieldFilter(field, "<", end))
        page = [found async for found in within.order_by(field).limit(size).stream()]
        if page:
            yield page
        if len(page) < size:
            return
        left -= size
        after = page[-1].get(field)


async def _documents(query: AsyncQuery) -> AsyncIterator[Document]:
    async for found in query.stream():
        if (fields := found.to_dict()) is not None:
            yield fields


def _equal(collection: firestore.AsyncCollectionReference, **facts: object) -> AsyncQuery:
    query = AsyncQuery(collection)
    for name, fact in facts.items():
        query = query.where(filter=FieldFilter(name, "==", fact))
    return query


def _pieces(clips: Sequence[Clip]) -> Iterator[Sequence[Clip]]:
    return (clips[start : start + _BATCH] for start in range(0, len(clips), _BATCH))


def _place(job_id: str, scene_id: int, style: str) -> str:
    """A clip's name, which sorts as its scene does; the name of a style may hold anything."""
    return f"{job_id}.{scene_id:010}.{quote(style, safe='')}"


def _rank(at: datetime) -> str:
    micros = int(at.timestamp() * 1_000_000) if at.year > 1970 else 0  # noqa: PLR2004
    return f"{_END_OF_TIME - micros:018}"


def _hash(*parts: str) -> str:
    """Users choose their names, Firestore's signs have meanings."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _created_at(fields: Document) -> datetime:
    return fields["created_at"]


def _job_fields(job: JobRecord) -> Document:
    rank = f"{_rank(job.created_at)}.{job.job_id}"
    fields = job.summary.model_dump() | job.model_dump(exclude={"plan"})
    fields["created_at"] = job.created_at.astimezone(UTC)
    return fields | {
        "plan": job.plan.model_dump_json(),
        "digest": job.plan.digest,
        "running": job.outcome is None,
        "rank": rank,
        "owner_rank": f"{_hash(job.owner)}.{rank}",
    }


def _new_clip(job: JobRecord, clip: Clip) -> Document:
    record = ClipRecord(
        job_id=job.job_id,
        scene_id=clip.scene.id,
        style=clip.style,
        digest=clip.digest,
        run=job.run,
    )
    return record.model_dump() | {
        "place": _place(job.job_id, clip.scene.id, clip.style),
        "storage_url": job.storage_url,
        "created_at": job.created_at.astimezone(UTC),
    }


def _job(fields: Document, plan: Plan | None = None) -> JobRecord:
    known = plan or Plan.model_validate_json(fields["plan"])
    return JobRecord.model_validate({**fields, "plan": known})
