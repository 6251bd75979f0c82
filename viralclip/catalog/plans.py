"""Plans that were read lately: one never changes, and is checked once and shared by all readers."""

from viralclip.plan import Plan

_MOST = 32


class KnownPlans:
    """The plans of the last few jobs that were looked up, by job."""

    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}

    def get(self, job_id: str) -> Plan | None:
        return self._plans.get(job_id)

    def keep(self, job_id: str, plan: Plan) -> None:
        self._plans[job_id] = plan
        while len(self._plans) > _MOST:
            self._plans.pop(next(iter(self._plans)))
