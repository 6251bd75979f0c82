"""Who is to be woken when there is something new of a job."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Wakers:
    """An event for each watcher of each job, set whenever the watcher should look again."""

    def __init__(self) -> None:
        self._of_job: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def of(self, job_id: str) -> Iterator[asyncio.Event]:
        """The event of one more watcher, for as long as it watches."""
        waker = asyncio.Event()
        self._of_job.setdefault(job_id, set()).add(waker)
        try:
            yield waker
        finally:
            self._of_job[job_id].discard(waker)
            if not self._of_job[job_id]:
                del self._of_job[job_id]

    def wake(self, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            for waker in self._of_job.get(job_id, ()):
                waker.set()

    def wake_all(self) -> None:
        self.wake(self._of_job)

    def count(self, job_id: str) -> int:
        """How many watch the job."""
        return len(self._of_job.get(job_id, ()))

    def __len__(self) -> int:
        """The jobs that are watched."""
        return len(self._of_job)


async def cancelled(task: asyncio.Task[None]) -> None:
    """Return when the task, which wakes watchers, has ended."""
    task.cancel()
    await asyncio.wait({task})
