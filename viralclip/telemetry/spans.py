"""The spans of a job: its submission, the job, its scenes and its clips, all in one trace.

Every id follows from the job's trace and the place of the work, so that any process can say what
its own spans lie under, and what they repeat.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from viralclip.telemetry import traces
from viralclip.telemetry.traces import Attribute, OpenSpan, Span
from viralclip.trace_ids import span_id
from viralclip.workflow_ref import QUEUES, WorkflowRef


def submission(work: WorkflowRef, trace_id: str) -> AbstractContextManager[OpenSpan]:
    """Queueing a run of a job. Another run lies under the first one's submission, and is linked to
    the run that it repeats."""
    here = traces.current().span
    parent = here.span_id if here is not None and here.trace_id == trace_id else None
    if parent is None and work.run > 1:
        parent = _submission_id(trace_id, WorkflowRef(work.job_id, 1))
    return traces.span(
        "submit",
        trace_id=trace_id,
        span_id=_submission_id(trace_id, work),
        parent_id=parent,
        kind="producer",
        links=_run_before(work, trace_id),
        attributes={**_message(work, "send"), **_place(work)},
    )


def job_span(
    work: WorkflowRef, trace_id: str, attempt: int, *, worker: str, since: datetime | None
) -> AbstractContextManager[OpenSpan]:
    """A run of the job from when it was queued; whoever goes on with it opens the same span."""
    facts: dict[str, Attribute] = {"viralclip.attempt": attempt, "viralclip.worker": worker}
    return traces.span(
        "job",
        trace_id=trace_id,
        span_id=_id(trace_id, work),
        parent_id=_submission_id(trace_id, work),
        kind="consumer",
        since=since,
        links=_run_before(work, trace_id),
        attributes={**_message(work, "process"), **_place(work), **facts},
        when_cut="drop",
    )


def scene_span(
    work: WorkflowRef, trace_id: str, *, worker: str, since: datetime | None
) -> AbstractContextManager[OpenSpan]:
    """A scene from when it was queued; whoever goes on with it opens the same span."""
    return traces.span(
        "scene",
        trace_id=trace_id,
        span_id=_id(trace_id, work),
        parent_id=_id(trace_id, WorkflowRef(work.job_id, work.run)),
        kind="consumer",
        since=since,
        attributes={**_message(work, "process"), **_place(work), "viralclip.worker": worker},
        when_cut="drop",
    )


@dataclass(frozen=True)
class ClipAttempts:
    """The spans of a clip, one for each attempt, linked to the one before."""

    work: WorkflowRef
    trace_id: str

    def begin(self, attempt: int, *, worker: str) -> AbstractContextManager[OpenSpan]:
        return traces.span(
            "clip",
            trace_id=self.trace_id,
            span_id=self._id(attempt),
            parent_id=self._parent_id,
            kind="consumer",
            links=self._before(attempt),
            attributes=self._facts(attempt, worker),
        )

    def go_on(self, attempt: int) -> None:
        """The attempt that is open here has failed; the next one begins."""
        traces.current().again(self._id(attempt), {"viralclip.attempt": attempt})

    def end_lost(self, attempt: int, *, worker: str, began: datetime, code: str) -> None:
        """The attempt of a worker that can no longer say how it ended."""
        lost = Span(
            name="clip",
            trace_id=self.trace_id,
            span_id=self._id(attempt),
            parent_id=self._parent_id,
            kind="consumer",
            started_ns=traces.nanoseconds(began),
            links=self._before(attempt),
            attributes=self._facts(attempt, worker),
            ended_ns=traces.nanoseconds(datetime.now(UTC)),
            error=code,
            message="The worker ended while it made this clip.",
        )
        traces.take(lost)

    def _before(self, attempt: int) -> tuple[str, ...]:
        return (self._id(attempt - 1),) if attempt > 1 else ()

    def _id(self, attempt: int) -> str:
        return span_id(self.trace_id, self.work.workflow_id, attempt)

    @property
    def _parent_id(self) -> str:
        work = self.work
        return _id(self.trace_id, WorkflowRef(work.job_id, work.run, work.scene_id))

    def _facts(self, attempt: int, worker: str) -> dict[str, Attribute]:
        facts: dict[str, Attribute] = {"viralclip.attempt": attempt, "viralclip.worker": worker}
        return {**_message(self.work, "process"), **_place(self.work), **facts}


def _id(trace_id: str, work: WorkflowRef) -> str:
    return span_id(trace_id, work.workflow_id)


def _submission_id(trace_id: str, work: WorkflowRef) -> str:
    return span_id(trace_id, work.workflow_id, "submit")


def _run_before(work: WorkflowRef, trace_id: str) -> tuple[str, ...]:
    return (_id(trace_id, WorkflowRef(work.job_id, work.run - 1)),) if work.run > 1 else ()


def _message(work: WorkflowRef, operation: str) -> dict[str, Attribute]:
    """https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/"""
    return {
        "messaging.system": "dbos",
        "messaging.operation.type": operation,
        "messaging.operation.name": operation,
        "messaging.destination.name": QUEUES[work.kind],
        "messaging.message.id": work.workflow_id,
    }


def _place(work: WorkflowRef) -> dict[str, Attribute]:
    fields: dict[str, Attribute] = {"run": work.run, **work.log_context}
    return {f"viralclip.{name}": value for name, value in fields.items()}
