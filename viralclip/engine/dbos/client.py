"""The engine on DBOS: a client of its queues that knows workflow names, and none of their code."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from dbos import DBOS, DBOSClient, EnqueueOptions

from viralclip.engine.dbos import tables
from viralclip.engine.port import ClipQueue, OwnedWorkflow, QueueDepth
from viralclip.workflow_ref import QUEUES, Kind, WorkflowRef, parse_work

# Workers serve work of equal version only: raise it when new code cannot finish old work.
APP_VERSION = "viralclip-1"
APP_NAME = "viralclip"

_BATCH = 400


class DbosEngine:
    """A client of the queues in the database at `url`; it runs nothing itself."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Self:
        self._client = await asyncio.to_thread(_connect, self._url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._client.destroy)

    @property
    def is_shared(self) -> bool:
        """Whether workers on several machines can serve it."""
        return not self._url.startswith("sqlite")

    async def enqueue(self, works: Iterable[WorkflowRef], *, priority: int) -> None:
        """Queue the work; work queued before, done or not, is left as it is."""
        for work in works:
            options: EnqueueOptions = {
                "workflow_name": work.kind,
                "queue_name": QUEUES[work.kind],
                "workflow_id": work.workflow_id,
                "app_version": APP_VERSION,
                "priority": priority,
            }
            await self._client.enqueue_async(options, *work.arguments)

    async def cancel_clips(self, job_id: str, run: int) -> None:
        """Stop the run's clips, begun or not; its scenes and the job come to their own end."""
        clips = await self._client.list_workflows_async(
            workflow_id_prefix=f"{job_id}.{run}.",
            name="clip",
            status=["ENQUEUED", "PENDING", "DELAYED"],
            load_input=False,
            load_output=False,
        )
        await self.cancel(clip.workflow_id for clip in clips)

    async def cancel(self, workflow_ids: Iterable[str]) -> None:
        if ids := list(workflow_ids):
            await self._client.cancel_workflows_async(ids)

    async def set_priority(self, job_id: str, priority: int) -> None:
        """Change the place of the job's waiting work; the runtime's client has no call for this."""
        await asyncio.to_thread(tables.set_priority, self._url, f"{job_id}.", priority)

    async def ahead(self, job_id: str) -> int | None:
        """How many waiting clips go before the first of the job's; None if none of its waits."""
        return await asyncio.to_thread(tables.ahead, self._url, f"{job_id}.")

    async def clip_queue(self, *, limit: int) -> ClipQueue:
        """The clips that run and wait, of all jobs; of those that wait, the first ones."""
        return await asyncio.to_thread(tables.clip_queue, self._url, limit)

    def depth(self) -> QueueDepth:
        """How much is queued at all; the calling thread waits for the database."""
        return tables.depth(self._url)

    async def ended(self, workflow_ids: Sequence[str]) -> set[str]:
        """Those of the workflows that will not run any more."""
        done: set[str] = set()
        for start in range(0, len(workflow_ids), _BATCH):
            found = await self._client.list_workflows_async(
                workflow_ids=list(workflow_ids[start : start + _BATCH]),
                status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                load_input=False,
                load_output=False,
            )
            done |= {status.workflow_id for status in found}
        return done

    async def begun(self) -> list[OwnedWorkflow]:
        """All work that has begun and not ended, and whose it is."""
        found = await self._client.list_workflows_async(
            status="PENDING", load_input=False, load_output=False
        )
        return [
            OwnedWorkflow(
                parse_work(status.workflow_id),
                status.executor_id or "",
                _in_utc(status.dequeued_at),
            )
            for status in found
        ]

    async def queued_at(self, work: WorkflowRef) -> datetime | None:
        """When the work was queued first; None for what is not known."""
        found = await self._client.list_workflows_async(
            workflow_ids=[work.workflow_id], load_input=False, load_output=False
        )
        return _in_utc(found[0].created_at) if found else None

    async def forget(self, job_id: str) -> None:
        """Drop the records of all the job's work, which has ended."""
        found = await self._client.list_workflows_async(
            workflow_id_prefix=f"{job_id}.", load_input=False, load_output=False
        )
        ids = [status.workflow_id for status in found]
        for start in range(0, len(ids), _BATCH):
            await self._client.delete_workflows_async(ids[start : start + _BATCH])

    async def job_ids(self, before: datetime) -> set[str]:
        """The jobs that there are records of, of work that was queued before then."""
        found = await self._client.list_workflows_async(
            name="job", end_time=before.isoformat(), load_input=False, load_output=False
        )
        return {parse_work(status.workflow_id).job_id for status in found}

    async def resume(self, works: Iterable[WorkflowRef]) -> None:
        """Queue begun work again, for whichever worker is free."""
        by_kind: dict[Kind, list[str]] = {}
        for work in works:
            by_kind.setdefault(work.kind, []).append(work.workflow_id)
        for kind, ids in by_kind.items():
            await self._client.resume_workflows_async(ids, queue_name=QUEUES[kind])


def _in_utc(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None


def _connect(url: str) -> DBOSClient:
    """The client, on a database that is brought up to date first."""
    DBOS.migrate(url)
    return DBOSClient(system_database_url=url, application_name=APP_NAME)
