"""The ports of the catalog, one for each table, which every database behind them keeps.

Every method is safe to call again with the same arguments.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from viralclip.catalog.records import (
    Claim,
    ClipPlace,
    ClipRecord,
    EndedClip,
    Endings,
    FoundRun,
    JobRecord,
    JobSummary,
    Priority,
)
from viralclip.catalog.tokens import TokenTable
from viralclip.durations import Machine, Observation, Timings
from viralclip.events import Outcome
from viralclip.plan import Plan, Video


class JobTable(Protocol):
    """The jobs: what to make of a video, and whose they are."""

    async def add(self, job: JobRecord) -> None:
        """The job with a record for every clip, unless it is there; its owner has its video then.

        Nothing of it is there before all of it is.
        """
        ...

    async def find(self, job_id: str) -> JobRecord | None: ...

    async def latest(
        self, *, owner: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> list[JobSummary]:
        """The latest jobs first."""
        ...

    async def find_unfinished(self, digest: str, storage_url: str) -> JobRecord | None:
        """The latest job with the same work and destination that has not ended."""
        ...

    async def set_priority(self, job_id: str, priority: Priority) -> None: ...

    async def count_running(self, owner: str) -> int:
        """How many of the owner's jobs have not ended."""
        ...

    async def ended_before(self, at: datetime) -> list[JobSummary]:
        """The jobs whose latest run ended before then, the oldest first."""
        ...

    async def delete(self, job_id: str) -> None:
        """The job with its clips."""
        ...


class RunTable(Protocol):
    """The latest run of each job: how often it was begun, whether it is to stop, how it ended."""

    async def find(self, job_id: str, scene_id: int | None = None) -> FoundRun | None:
        """The job with its clips, or with those of one of its scenes, in order."""
        ...

    async def begin(self, job_id: str, run: int, plan: Plan | None = None) -> None:
        """Open the next run: no outcome, no stop; clips that did not complete may end anew.

        A new plan has the same scenes and styles; the clips that it changes may end anew, too.
        """
        ...

    async def begin_attempt(self, job_id: str, run: int) -> int:
        """A worker begins or goes on with the run; how often that has happened."""
        ...

    async def finish(self, job_id: str, run: int, outcome: Outcome, at: datetime) -> bool:
        """Record how the run ended; the first to record it stands. Whether this is the first."""
        ...

    async def stop(self, job_id: str, *, by: str, failed: bool) -> None:
        """Ask every clip of the job that has not ended to stop; the first to ask is remembered."""
        ...


class ClipTable(Protocol):
    """The records of clips, to be read."""

    async def of(
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

    async def unfinished(self, job_id: str) -> list[ClipRecord]:
        """The clips of the job that have not ended, in order."""
        ...

    async def find(self, job_id: str, scene_id: int, style: str) -> ClipRecord | None:
        """One clip, found without looking at the others."""
        ...

    async def count_endings(self, job_ids: Sequence[str]) -> Mapping[str, Endings]:
        """How the clips of each of the jobs ended, counted without reading them."""
        ...

    async def count_waiting(self, owner: str, priority: Priority, before: datetime) -> int:
        """How many clips there are in the owner's jobs of that priority that were submitted before
        then and have not ended."""
        ...

    async def stored(
        self, storage_url: str, *, key: str | None = None, digest: str | None = None
    ) -> list[ClipRecord]:
        """Clips with files in the storage, or about to have, under the key and of the work if
        given, those of the latest job first."""
        ...


class ClipRunTable(Protocol):
    """What becomes of each clip in the latest run of its job."""

    async def begin(
        self, job_id: str, scene_id: int, style: str, *, worker: str
    ) -> list[ClipRecord]:
        """A worker begins to make the clip: from now on its crash counts against the clip. The
        clips of its scene then, in order."""
        ...

    async def reserve_key(
        self, job_id: str, scene_id: int, style: str, *, key: str, size: int
    ) -> None:
        """A file of so many bytes is about to be stored there for the clip.

        It is known to be the clip's even if nobody lives to record that it was stored.
        """
        ...

    async def end(self, record: ClipRecord) -> EndedClip:
        """Record how a clip ended; the first ending in a run stands and is returned."""
        ...

    async def end_all(self, records: Sequence[ClipRecord]) -> list[EndedClip]:
        """Record how each of the clips ended, as `end` does, in as few transactions as can be; the
        endings that stand, in the order given."""
        ...

    async def stop(self, job_id: str, scene_id: int, style: str, *, by: str) -> None:
        """Ask one clip to stop; the first to ask is remembered."""
        ...

    async def count_crash(self, job_id: str, scene_id: int, style: str, *, worker: str) -> int:
        """The worker died; if it was making this clip, count that once. How many so far."""
        ...


class VideoTable(Protocol):
    """The videos, each as its owner knows it."""

    async def add(self, owner: str, video: Video) -> None: ...

    async def of(self, owner: str) -> list[Video]:
        """The owner's videos, the latest first."""
        ...

    async def find(self, owner: str, identity: str) -> Video | None: ...

    async def forget(self, owner: str, identity: str) -> None: ...

    async def forget_at(self, paths: Collection[str]) -> None:
        """Forget the videos that lie there, whoever's they are."""
        ...

    async def paths_in_use(self, since: datetime | None = None) -> frozenset[str]:
        """Where the videos lie of jobs that have not ended, or have not before `since`."""
        ...


class IdempotencyKeyTable(Protocol):
    """Which job a request that was sent twice has made already."""

    async def claim(self, owner: str, key: str, digest: str, job_id: str) -> Claim:
        """Let an idempotency key stand for a job, unless it stands for one already."""
        ...

    async def find(self, owner: str, key: str) -> Claim | None:
        """What an idempotency key stands for, if it was used."""
        ...

    async def forget(self, job_id: str) -> None:
        """Let the idempotency keys that stand for the job stand for nothing."""
        ...


class LearnedTimeTable(Protocol):
    """What was learned of how long clips take."""

    async def read(self) -> Timings:
        """All that was learned; what cannot be read any more is not known."""
        ...

    async def learn(self, seen: Observation) -> Machine:
        """Let the model of the stage learn from one clip, whoever else learns at the same time;
        what is known of the clip's machine then."""
        ...


@dataclass(frozen=True)
class Catalog:
    """The tables of one opened database."""

    jobs: JobTable
    runs: RunTable
    clips: ClipTable
    clip_runs: ClipRunTable
    videos: VideoTable
    idempotency_keys: IdempotencyKeyTable
    learned_times: LearnedTimeTable
    tokens: TokenTable
