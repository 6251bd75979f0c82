"""The progress channel: numbers a job's events, keeps them, and hands them to any watcher."""

from collections.abc import AsyncGenerator
from typing import NamedTuple, Protocol

from viralclip.events import ClipTick, Envelope, JobTick, NewEvent
from viralclip.live import Frame
from viralclip.progress import Progress

# The cursor before the first event of any job, in any history.
BEGINNING = "none-0"


def cursor_at(cursor: str, seq: int) -> str:
    """The cursor of another event in the history that the cursor is of."""
    return f"{cursor.rpartition('-')[0]}-{seq}"


class HistoryLostError(Exception):
    """What was published of the job before is not kept any more; nothing was published now."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class EventRange(NamedTuple):
    """Events without a gap, the cursor after them, and whether there are others behind it."""

    events: list[Envelope]
    cursor: str
    more: bool


class ProgressChannel(Protocol):
    """A history you read from a position; `test_contract.py` is this list, executable."""

    async def publish(self, drafts: list[NewEvent]) -> list[int]:
        """Number the drafts and keep them, in order; one whose key is known keeps its number.

        HistoryLostError, once, where the history that this channel wrote to before is lost.
        """
        ...

    async def tick(self, ticks: list[ClipTick | JobTick]) -> None:
        """Let watchers have these numbers; of each slot only the latest is kept.

        It keeps its place: who comes later gets it after the event it followed and before the next.
        """
        ...

    def watch(self, job_id: str, after: str | None = None) -> AsyncGenerator[Frame, None]:
        """Every event after the cursor, once and in order, and then as they come; it never ends.

        Without a cursor the first frame is a Snapshot, with an unknown or trimmed one a Reset.
        Whoever leaves it closes it: `async with aclosing(...)`.
        """
        ...

    async def progress(self, job_id: str) -> tuple[Progress, str]:
        """The progress of the job now, and the cursor to watch from."""
        ...

    async def events(self, job_id: str, after: str, *, limit: int) -> EventRange | None:
        """At most so many events after the cursor; None if the cursor is unknown or trimmed.

        It waits for none to come, and costs the same however long the history is.
        """
        ...

    async def forget(self, job_id: str) -> None:
        """Drop a job's history; whoever still watches it gets a Reset."""
        ...
