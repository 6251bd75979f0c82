"""How the history of a job is read, whichever store keeps it: positions, frames, and the fold."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from viralclip.channel.port import BEGINNING, EventRange
from viralclip.events import TICK, Envelope, Tick
from viralclip.live import EventFrame, Frame, TickFrame
from viralclip.progress import Progress, advance

# The epoch of a job that no event is known of.
NO_EPOCH = "none"
# Events that a watcher is given at a time, and as many as there are.
BATCH = 500
WHOLE = 1_000_000_000
_FOLDED_JOBS = 64
_DIGITS = 18

Body = str | bytes


@dataclass(frozen=True)
class View:
    """What a store holds of a job at one moment: events after a number, ticks since then.

    Events are in order; each tick comes with the number of the event that it followed, in the
    order they were given. `seq` and `rev` are the last of all, `first` the first event that is
    still kept (0 if none is).
    """

    epoch: str = NO_EPOCH
    seq: int = 0
    rev: int = 0
    first: int = 1
    events: Sequence[Body] = ()
    ticks: Sequence[tuple[int, Body]] = ()


@dataclass(frozen=True)
class Position:
    """After which event of which history a watcher is; as text it is a cursor."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}"

    @classmethod
    def parse(cls, cursor: str | None) -> "Position | None":
        """The position of a cursor; None if it is none."""
        epoch, _, seq = (cursor or "").rpartition("-")
        if not epoch or not seq.isdecimal() or not seq.isascii() or len(seq) > _DIGITS:
            return None
        return cls(epoch, int(seq))

    def is_in(self, view: View) -> bool:
        """Whether the view, read from here, has every event after this position: it may be of
        another history, and a store that was trimmed gives what is left without a word."""
        is_known = self.epoch == view.epoch or str(self) == BEGINNING
        is_kept = self.seq >= view.seq or 0 < view.first <= self.seq + 1
        return is_known and self.seq <= view.seq and is_kept


def frames_of(view: View, after: int, rev: int) -> tuple[list[Frame], int]:
    """The view's events and ticks as frames, and the revision to go on from."""
    items, rev = _merged(view, after, rev)
    return [_frame(str(Position(view.epoch, seq)), item) for seq, item in items], rev


def event_range(view: View, position: Position) -> EventRange | None:
    """The view's events, if it was read from a position that is in it."""
    if not position.is_in(view):
        return None
    events = [Envelope.model_validate_json(body) for body in view.events]
    last = events[-1].seq if events else view.seq
    return EventRange(events, str(Position(view.epoch, last)), more=last < view.seq)


@dataclass(frozen=True)
class Folded:
    """The progress that some events of one history fold to."""

    epoch: str
    progress: Progress

    @property
    def cursor(self) -> str:
        return str(Position(self.epoch, self.progress.seq))

    def with_all(self, view: View) -> "Folded":
        """With the rest of the history, in a view that was read from here."""
        progress = self.progress
        for _, item in _merged(view, progress.seq, 0)[0]:
            progress = advance(progress, item)
        return replace(self, progress=progress)


class FoldedJobs:
    """The jobs folded last: what was folded before is not folded again."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Folded] = OrderedDict()

    def get(self, job_id: str) -> Folded | None:
        return self._jobs.get(job_id)

    def keep(self, job_id: str, folded: Folded) -> None:
        self._jobs[job_id] = folded
        self._jobs.move_to_end(job_id)
        while len(self._jobs) > _FOLDED_JOBS:
            self._jobs.popitem(last=False)

    def __len__(self) -> int:
        return len(self._jobs)


def _merged(view: View, after: int, rev: int) -> tuple[list[tuple[int, Envelope | Tick]], int]:
    """The view's events, and each tick behind the event it followed; the next revision to ask for.

    A tick behind the last event of a part belongs behind the next one, perhaps: it waits for the
    view in which the history ends.
    """
    events = [Envelope.model_validate_json(body) for body in view.events]
    is_part = bool(events) and events[-1].seq < view.seq
    end = events[-1].seq if is_part else view.seq + 1
    items: list[tuple[int, Envelope | Tick]] = [(event.seq, event) for event in events]
    for seq, body in view.ticks:
        if after <= seq < end and (tick := _tick(body)):
            items.append((seq, tick))
    items.sort(key=lambda item: item[0])  # stable: an event stays before its ticks
    return items, rev if is_part else view.rev


def _tick(body: Body) -> Tick | None:
    """The tick, or None if only a newer version understands it; it is perishable anyway."""
    try:
        return TICK.validate_json(body)
    except ValidationError:
        return None


def _frame(cursor: str, item: Envelope | Tick) -> Frame:
    if isinstance(item, Envelope):
        return EventFrame(cursor=cursor, envelope=item)
    return TickFrame(cursor=cursor, tick=item)
