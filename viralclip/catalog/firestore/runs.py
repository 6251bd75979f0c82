"""Runs of jobs in Firestore."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from google.cloud.firestore_v1.base_document import DocumentSnapshot

from viralclip.catalog.firestore.client import LOST, Document, Firestore
from viralclip.catalog.firestore.clips import FirestoreClips
from viralclip.catalog.firestore.documents import pages
from viralclip.catalog.firestore.jobs import FirestoreJobs
from viralclip.catalog.firestore.summaries import job_of, plan_fields
from viralclip.catalog.records import ClipPlace, FoundRun
from viralclip.events import Outcome
from viralclip.plan import Plan, changed_clips


class FirestoreRuns:
    """The latest run of each job, in the document of the job."""

    def __init__(self, firestore: Firestore, jobs: FirestoreJobs, clips: FirestoreClips) -> None:
        self._firestore = firestore
        self._job_table = jobs
        self._clip_table = clips
        self._jobs = firestore.db.collection("jobs")
        self._clips = firestore.db.collection("clips")

    async def find(self, job_id: str, scene_id: int | None = None) -> FoundRun | None:
        job = await self._job_table.find(job_id)
        if job is None:
            return None
        return FoundRun(job, await self._clip_table.of(job_id, scene_id))

    async def begin(self, job_id: str, run: int, plan: Plan | None = None) -> None:
        """The clips first: a job that is in its run has every clip ready for it."""
        changed = await self._changed(job_id, plan) if plan else frozenset[ClipPlace]()
        async for page in pages(self._clips, "place", f"{job_id}."):
            await self._open_again(page, run, changed)
        planned = plan_fields(plan) if plan else {}

        def begin(was: Document) -> Document | None:
            if was["run"] >= run:
                return None
            fresh = {"outcome": None, "finished_at": None, "stop_by": None, "stop_failed": False}
            return fresh | planned | {"run": run, "attempt": 0, "running": True}

        await self._firestore.change_existing(self._jobs.document(job_id), begin)

    async def begin_attempt(self, job_id: str, run: int) -> int:
        def begin(was: Document) -> Document | None:
            return {"attempt": was["attempt"] + 1} if was["run"] == run else None

        now = await self._firestore.change_existing(self._jobs.document(job_id), begin)
        return now["attempt"] if now is not None and now["run"] == run else 0

    async def finish(self, job_id: str, run: int, outcome: Outcome, at: datetime) -> bool:
        ended = {"outcome": outcome, "finished_at": at.astimezone(UTC), "running": False}
        is_first = False

        def end(was: Document) -> Document | None:
            nonlocal is_first
            is_first = was["run"] == run and was["outcome"] is None
            return ended if is_first else None

        await self._firestore.change_existing(self._jobs.document(job_id), end)
        return is_first

    async def stop(self, job_id: str, *, by: str, failed: bool) -> None:
        stop = {"stop_by": by, "stop_failed": failed}
        await self._firestore.change_existing(
            self._jobs.document(job_id), lambda was: stop if was["stop_by"] is None else None
        )

    async def _changed(self, job_id: str, plan: Plan) -> frozenset[ClipPlace]:
        fields = (await self._jobs.document(job_id).get()).to_dict()
        return changed_clips(job_of(fields).plan, plan) if fields else frozenset()

    async def _open_again(
        self, page: Sequence[DocumentSnapshot], run: int, changed: Collection[ClipPlace]
    ) -> None:
        """Clips that changed or did not complete may end anew; what is written meanwhile is looked
        at again."""
        again = {"ending": None, "failure": None, "worker": None, "crashes": 0, "stop_by": None}
        fresh = {"run": run, **again}
        db = self._firestore.db
        while stale := [clip for clip in page if _is_stale(clip, run, changed)]:
            batch = db.batch()
            for clip in stale:
                unchanged = db.write_option(last_update_time=clip.update_time)
                batch.update(clip.reference, fresh, option=unchanged)
            with suppress(*LOST):
                await batch.commit()
                return
            page = [clip async for clip in db.get_all([clip.reference for clip in stale])]


def _is_stale(clip: DocumentSnapshot, run: int, changed: Collection[ClipPlace]) -> bool:
    if not clip.exists or clip.get("run") >= run:
        return False
    return clip.get("ending") != "complete" or (clip.get("scene_id"), clip.get("style")) in changed
