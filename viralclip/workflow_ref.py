"""What is queued: a job, a scene or a clip, by its place in a run of a job."""

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["job", "scene", "clip"]
QUEUES: dict[Kind, str] = {"job": "jobs", "scene": "scenes", "clip": "clips"}


@dataclass(frozen=True)
class WorkflowRef:
    """A workflow's place: which run of which job, and within it which scene and which style."""

    job_id: str
    run: int
    scene_id: int | None = None
    style: str | None = None

    @property
    def kind(self) -> Kind:
        if self.style is not None:
            return "clip"
        return "job" if self.scene_id is None else "scene"

    @property
    def workflow_id(self) -> str:
        parts = (self.job_id, self.run, self.scene_id, self.style)
        return ".".join(str(part) for part in parts if part is not None)

    @property
    def log_context(self) -> dict[str, Any]:
        """The place in the fields of a log line."""
        fields = {"job_id": self.job_id, "scene_id": self.scene_id, "style": self.style}
        return {name: value for name, value in fields.items() if value is not None}

    @property
    def arguments(self) -> tuple[Any, ...]:
        parts = (self.job_id, self.run, self.scene_id, self.style)
        return tuple(part for part in parts if part is not None)


def parse_work(workflow_id: str) -> WorkflowRef:
    """The place that a workflow id names; job ids hold no dots, styles may."""
    job_id, run, *rest = workflow_id.split(".", 3)
    scene_id = int(rest[0]) if rest else None
    return WorkflowRef(job_id, int(run), scene_id, rest[1] if len(rest) > 1 else None)
