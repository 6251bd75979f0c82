"""Whose clips are made before a job's: the queue of all jobs, as a forecast needs it."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from viralclip.catalog.port import Catalog
from viralclip.durations import Workload
from viralclip.engine.port import ClipQueue, QueueOverview
from viralclip.eta import ClipKey, ClipWorkload, Line
from viralclip.pipeline.workload import Means, workloads
from viralclip.workflow_ref import WorkflowRef

# How old what is known of the queue may be, and of how many of its clips that wait.
_NEWS_S = 2.0
_LIMIT = 3000
_KNOWN_JOBS = 64
# A clip of which nothing is known any more: 30 seconds in full HD.
_UNKNOWN = ClipWorkload(
    Workload(stage="render", style="", seconds=30.0, output_rate=60.0, source_rate=60.0)
)


class ClipLine:
    """The line in which each job's clips stand; the queue is read once for all of them."""

    def __init__(
        self,
        engine: QueueOverview,
        catalog: Catalog,
        means: Means,
        *,
        machine: str,
        slots: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._catalog = catalog
        self._means = means
        self._machine = machine
        self._slots = slots
        self._clock = clock
        self._reading = asyncio.Lock()
        self._queue: tuple[float, ClipQueue] | None = None
        self._jobs: OrderedDict[str, Mapping[ClipKey, ClipWorkload]] = OrderedDict()

    async def of(self, job_id: str) -> Line:
        """Where the job stands. While clips wait, as many run as there are slots anywhere."""
        queue = await self._read()
        others = [work for work in queue.running if work.job_id != job_id]
        waiting = [
            None if work.job_id == job_id else await self._workload(work)
            for work in _up_to_last(queue.waiting, job_id)
        ]
        return Line(
            slots=max(self._slots, len(queue.running)),
            slots_each=self._slots,
            machine=self._machine,
            waiting=waiting,
            running=[await self._workload(work) for work in others],
        )

    async def _read(self) -> ClipQueue:
        async with self._reading:
            if self._queue is None or self._clock() - self._queue[0] > _NEWS_S:
                found = await self._engine.clip_queue(limit=_LIMIT)
                self._queue = self._clock(), found
            return self._queue[1]

    async def _workload(self, work: WorkflowRef) -> ClipWorkload:
        """Of a clip whose job is known no more, that of any other clip."""
        if work.job_id not in self._jobs:
            job = await self._catalog.jobs.find(work.job_id)
            self._jobs[work.job_id] = workloads(job.plan, self._means) if job else {}
            while len(self._jobs) > _KNOWN_JOBS:
                self._jobs.popitem(last=False)
        clips = self._jobs[work.job_id]
        return clips.get((work.scene_id or 0, work.style or ""), _UNKNOWN)


def _up_to_last(waiting: Sequence[WorkflowRef], job_id: str) -> Sequence[WorkflowRef]:
    """Those that wait up to the job's last one; none if none of its own waits."""
    mine = [place for place, work in enumerate(waiting) if work.job_id == job_id]
    return waiting[: mine[-1] + 1] if mine else ()
