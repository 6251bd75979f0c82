"""What a watcher of a job receives: first the state, then every event and the latest ticks."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from viralclip.events import Envelope, Tick
from viralclip.progress import Progress


class _Frame(BaseModel, frozen=True, json_schema_serialization_defaults_required=True):
    pass


class Snapshot(_Frame, frozen=True):
    """The progress up to `cursor`, for a watcher who came without one."""

    kind: Literal["snapshot"] = "snapshot"
    cursor: str
    progress: Progress


class Reset(_Frame, frozen=True):
    """The progress up to `cursor`, for a watcher whose own cursor is not known here any more."""

    kind: Literal["reset"] = "reset"
    cursor: str
    progress: Progress


class EventFrame(_Frame, frozen=True):
    """One event, and the cursor to resume after it."""

    kind: Literal["event"] = "event"
    cursor: str
    envelope: Envelope


class TickFrame(_Frame, frozen=True):
    """A tick; it does not move the cursor."""

    kind: Literal["tick"] = "tick"
    cursor: str
    tick: Tick


Frame = Annotated[Snapshot | Reset | EventFrame | TickFrame, Field(discriminator="kind")]
