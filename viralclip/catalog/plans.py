"""Plans that were read lately: within a run one never changes, and is checked once and shared."""

from typing import NamedTuple

from viralclip.catalog.records import JobRecord
from viralclip.plan import Plan

_MOST = 32


class KnownPlan(NamedTuple):
    """A job's plan in one of its runs."""

    run: int
    plan: Plan


class KnownPlans:
    """The plans of the last few jobs that were looked up, by job."""

    def __init__(self) -> None:
        self._plans: dict[str, KnownPlan] = {}

    def get(self, job_id: str) -> KnownPlan | None:
        return self._plans.get(job_id)

    def keep(self, job: JobRecord) -> None:
        self._plans[job.job_id] = KnownPlan(job.run, job.plan)
        while len(self._plans) > _MOST:
            self._plans.pop(next(iter(self._plans)))

    def forget(self, job_id: str) -> None:
        self._plans.pop(job_id, None)
