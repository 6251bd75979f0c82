"""The ports of durable execution: queues of work by name, and what runs it in a process.

Work is named by its place (`WorkflowRef`), never by its code: a server queues what workers run.
What the protocols promise is executable in `tests/engine/test_contract.py`: to add an engine is to
write these, to open it in `opening.py`, and to pass that test.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from viralclip.workflow_ref import Kind, WorkflowRef

# What runs a piece of work; it is given the arguments of the work's `WorkflowRef`.
Workflow = Callable[..., Awaitable[None]]
Step = Callable[[], Coroutine[Any, Any, dict[str, Any]]]


@dataclass(frozen=True)
class OwnedWorkflow:
    """Work that some worker has begun and not ended."""

    work: WorkflowRef
    worker: str
    begun_at: datetime | None = None


@dataclass(frozen=True)
class ClipQueue:
    """Clips that were begun, and those that wait, in the order they will begin."""

    running: tuple[WorkflowRef, ...]
    waiting: tuple[WorkflowRef, ...]


@dataclass(frozen=True)
class QueueDepth:
    """Clips that wait for a slot, clips that have one, and since when the first of those that wait
    has been in the queue."""

    waiting: int
    running: int
    oldest_s: float


class WorkQueue(Protocol):
    """What is done to queued work by those who ask for it."""

    async def enqueue(self, works: Iterable[WorkflowRef], *, priority: int) -> None:
        """Queue the work, a lower number before a higher; work queued before, done or not, is left
        as it is."""
        ...

    async def cancel(self, workflow_ids: Iterable[str]) -> None:
        """Stop the work, begun or not; what has ended stays so."""
        ...

    async def cancel_clips(self, job_id: str, run: int) -> None:
        """Stop the run's clips, begun or not; its scenes and the job come to their own end."""
        ...

    async def set_priority(self, job_id: str, priority: int) -> None:
        """Change the place of the job's waiting work."""
        ...

    async def ahead(self, job_id: str) -> int | None:
        """How many waiting clips go before the first of the job's; None if none of its waits."""
        ...

    async def forget(self, job_id: str) -> None:
        """Drop the records of all the job's work, which has ended."""
        ...


class QueueOverview(Protocol):
    """How much is queued, for metrics and forecasts."""

    def depth(self) -> QueueDepth:
        """How much is queued at all; the calling thread waits for the database."""
        ...

    async def clip_queue(self, *, limit: int) -> ClipQueue:
        """The clips that run and wait, of all jobs; of those that wait, the first ones."""
        ...


class WorkflowStates(Protocol):
    """What has begun and ended, for workers that wait for it or take it over."""

    async def begun(self) -> list[OwnedWorkflow]:
        """All work that has begun and not ended, and whose it is."""
        ...

    async def ended(self, workflow_ids: Sequence[str]) -> set[str]:
        """Those of the workflows that will not run any more."""
        ...

    async def resume(self, works: Iterable[WorkflowRef]) -> None:
        """Queue begun work again, for whichever worker is free."""
        ...

    async def queued_at(self, work: WorkflowRef) -> datetime | None:
        """When the work was queued first; None for what is not known."""
        ...

    async def job_ids(self, before: datetime) -> set[str]:
        """The jobs that there are records of, of work that was queued before then."""
        ...


class Engine(WorkQueue, QueueOverview, WorkflowStates, Protocol):
    """A client of the queues; it runs nothing itself."""

    @property
    def is_shared(self) -> bool:
        """Whether workers on several machines can serve it."""
        ...


class StepOfAnotherVersionError(Exception):
    """What is recorded in the place of a step is of another one: another version began the work."""


class Runtime(Protocol):
    """Runs queued work in this process; one is launched at a time."""

    def launch(
        self, workflows: Mapping[Kind, Workflow], *, worker: str, slots: int, eager: bool
    ) -> AbstractContextManager[None]:
        """Run work of each kind with its workflow while the context is open: no more than `slots`
        clips at once, and as many jobs and scenes as there are. An eager runtime looks for work at
        a pace that costs much of a core, until `poll_evenly`."""
        ...

    def poll_evenly(self) -> None: ...

    def take_clips(self, takes: bool) -> None:  # noqa: FBT001 - what a switch is given
        """Whether clips are taken from the queue, from the next look on; also before `launch`.
        Clips that were taken go on, and jobs and scenes are taken in any case."""
        ...

    async def run_step(self, name: str, step: Step) -> dict[str, Any]:
        """Within a workflow: run the step, or give what it gave before a crash. A cancelled
        workflow stops it at once. StepOfAnotherVersionError as its docstring says."""
        ...

    def is_cancellation(self, error: BaseException) -> bool:
        """Whether the error says that the workflow it left was cancelled."""
        ...
