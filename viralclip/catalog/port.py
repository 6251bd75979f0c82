"""The port of the catalog, which every database behind it keeps."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from viralclip.catalog.records import (
    Claim,
    ClipPlace,
    ClipRecord,
    EndedClip,
    Endings,
    JobRecord,
    JobSummary,
    Priority,
)
from viralclip.durations import Machine, Observation, Timings
from viralclip.events import Outcome
from viralclip.plan import Video


class Catalog(Protocol):
    """The records; every method is safe to call again with the same arguments."""

    async def add_job(self, job: JobRecord) -> None: ...

    async def job(self, job_id: str) -> JobRecord | None: ...

    async def jobs(
        self, *, owner: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> list[JobSummary]:
        """The latest jobs first."""
        ...

    async def unfinished(self, digest: str, storage_url: str) -> JobRecord | None:
        """The latest job with the same work and destination that has not ended."""
        ...

    async def begin_run(self, job_id: str, run: int) -> None:
        """Open the next run: no outcome, no stop; clips that did not complete may end anew."""
        ...

    async def begin_attempt(self, job_id: str, run: int) -> int:
        """A worker begins or goes on with the run; how often that has happened."""
        ...

    async def finish_job(self, job_id: str, run: int, outcome: Outcome, at: datetime) -> bool:
        """Record how the run ended; the first to record it stands. Whether this is the first."""
        ...

    async def stop_job(self, job_id: str, *, by: str, failed: bool) -> None:
        """Ask every clip of the job that has not ended to stop; the first to ask is remembered."""
        ...

    async def stop_clip(self, job_id: str, scene_id: int, style: str, *, by: str) -> None:
        """Ask one clip to stop; the first to ask is remembered."""
        ...

    async def set_priority(self, job_id: str, priority: Priority) -> None: ...

    async def count_running(self, owner: str) -> int:
        """How many of the owner's jobs have not ended."""
        ...

    async def claim(self, owner: str, key: str, digest: str, job_id: str) -> Claim:
        """Let an idempotency key stand for a job, unless it stands for one already."""
        ...

    async def find_idempotency_key(self, owner: str, key: str) -> Claim | None:
        """What an idempotency key stands for, if it was used."""
        ...

    async def add_video(self, owner: str, video: Video) -> None: ...

    async def videos(self, owner: str) -> list[Video]:
        """The owner's videos, the latest first."""
        ...

    async def video(self, owner: str, identity: str) -> Video | None: ...

    async def forget_video(self, owner: str, identity: str) -> None: ...

    async def forget_videos_at(self, paths: Collection[str]) -> None:
        """Forget the videos that lie there, whoever's they are."""
        ...

    async def paths_in_use(self, since: datetime | None = None) -> frozenset[str]:
        """Where the videos lie of jobs that have not ended, or have not before `since`."""
        ...

    async def ended_before(self, at: datetime) -> list[JobSummary]:
        """The jobs whose latest run ended before then, the oldest first."""
        ...

    async def delete_job(self, job_id: str) -> None: ...

    async def forget_idempotency_keys(self, job_id: str) -> None:
        """Let the idempotency keys that stand for the job stand for nothing."""
        ...

    async def clips(
        self,
        job_id: str,
        scene_id: int | None = None,
        *,
        after: ClipPlace | None = None,
        limit: int | None = None,
    ) -> list[ClipRecord]:
        """The clips of a job, or of one of its scenes, in order; those after a place, and no more
        than the limit."""
        ...

    async def clip(self, job_id: str, scene_id: int, style: str) -> ClipRecord | None:
        """One clip, found without looking at the others."""
        ...

    async def count_endings(self, job_ids: Sequence[str]) -> Mapping[str, Endings]:
        """How the clips of each of the jobs ended, counted without reading them."""
        ...

    async def count_waiting(self, owner: str, priority: Priority, before: datetime) -> int:
        """How many clips there are in the owner's jobs of that priority that were submitted before
        then and have not ended."""
        ...

    async def end_clip(self, record: ClipRecord) -> EndedClip:
        """Record how a clip ended; the first ending in a run stands and is returned."""
        ...

    async def end_clips(self, records: Sequence[ClipRecord]) -> list[EndedClip]:
        """The same for many clips, in their order, at the cost of about one."""
        ...

    async def begin_clip(self, job_id: str, scene_id: int, style: str, *, worker: str) -> None:
        """A worker begins to make the clip: from now on its crash counts against the clip."""
        ...

    async def count_crash(self, job_id: str, scene_id: int, style: str, *, worker: str) -> int:
        """The worker died; if it was making this clip, count that once. How many so far."""
        ...

    async def reserve_key(
        self, job_id: str, scene_id: int, style: str, *, key: str, size: int
    ) -> None:
        """A file of so many bytes is about to be stored there for the clip.

        It is known to be the clip's even if nobody lives to record that it was stored.
        """
        ...

    async def stored(
        self, storage_url: str, *, key: str | None = None, digest: str | None = None
    ) -> list[ClipRecord]:
        """Clips with files in the storage, or about to have, under the key and of the work if
        given, those of the latest job first."""
        ...

    async def timings(self) -> Timings:
        """What was learned of how long clips take; what cannot be read any more is not known."""
        ...

    async def learn(self, seen: Observation) -> Machine:
        """Let the model of the stage learn from one clip, whoever else learns at the same time;
        what is known of the clip's machine then."""
        ...
