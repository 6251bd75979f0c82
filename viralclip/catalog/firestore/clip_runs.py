"""What becomes of clips, in Firestore."""

from collections.abc import Callable, Sequence

from viralclip.catalog.firestore.client import Document, Firestore
from viralclip.catalog.firestore.clips import FirestoreClips
from viralclip.catalog.firestore.documents import clip_name
from viralclip.catalog.records import ClipRecord, EndedClip, ended_facts


class FirestoreClipRuns:
    """The latest run of each clip, in the document of the clip."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore
        self._clips = firestore.db.collection("clips")

    async def begin(
        self, job_id: str, scene_id: int, style: str, *, worker: str
    ) -> list[ClipRecord]:
        await self._change(
            (job_id, scene_id, style),
            lambda was: {"worker": worker} if was["ending"] is None else None,
        )
        return await FirestoreClips(self._firestore).of(job_id, scene_id)

    async def reserve_key(
        self, job_id: str, scene_id: int, style: str, *, key: str, size: int
    ) -> None:
        file = {"key": key, "size": size, "tag": None}
        await self._change(
            (job_id, scene_id, style), lambda was: file if was["ending"] is None else None
        )

    async def end(self, record: ClipRecord) -> EndedClip:
        ended = ended_facts(record)
        is_first = False

        def end(was: Document) -> Document | None:
            # A worker that was thought dead may still speak of an earlier run.
            nonlocal is_first
            is_first = was["run"] == record.run and was["ending"] is None
            return ended if is_first else None

        now = await self._change((record.job_id, record.scene_id, record.style), end)
        stands = now is not None and now["ending"] is not None
        return EndedClip(ClipRecord.model_validate(now) if stands else record, is_first)

    async def end_all(self, records: Sequence[ClipRecord]) -> list[EndedClip]:
        """Each document is compared and set for itself: a clip that another ends holds up none."""
        return [await self.end(record) for record in records]

    async def stop(self, job_id: str, scene_id: int, style: str, *, by: str) -> None:
        await self._change(
            (job_id, scene_id, style),
            lambda was: {"stop_by": by} if was["stop_by"] is None else None,
        )

    async def count_crash(self, job_id: str, scene_id: int, style: str, *, worker: str) -> int:
        def count(was: Document) -> Document | None:
            crashed = was.get("worker") == worker
            return {"crashes": was["crashes"] + 1, "worker": None} if crashed else None

        now = await self._change((job_id, scene_id, style), count)
        return now["crashes"] if now is not None else 0

    async def _change(
        self, here: tuple[str, int, str], change: Callable[[Document], Document | None]
    ) -> Document | None:
        clip = self._clips.document(clip_name(*here))
        return await self._firestore.change_existing(clip, change)
