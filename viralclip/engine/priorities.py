"""The order of the queue: urgent work goes before other work of its time, and none starves."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

from viralclip.catalog.records import Priority

# Seconds that a class waits behind urgent work submitted later: a head start, never a wall.
_OFFSETS: dict[Priority, int] = {"urgent": 0, "normal": 3600, "low": 14400}
# Seconds that each further clip of one owner stands behind the one before, so that who asks for
# thousands does not hold up who asks for one; and how far it may go: not behind the next class.
STRIDE_S = 10
_ROOM: dict[Priority, int] = {"urgent": 590, "normal": 3590, "low": 3600}
_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)


def priority_number(priority: Priority, submitted_at: datetime) -> int:
    """The queue's order: lower goes first; everybody's number is reached in the end."""
    return max(1, int((submitted_at - _EPOCH).total_seconds()) + _OFFSETS[priority])


def clip_numbers(priority: Priority, submitted_at: datetime, *, behind: int) -> Iterator[int]:
    """The numbers of a job's clips, in the order they are made: never falling, and bounded.

    `behind` is how many clips its owner waits for already.
    """
    first = priority_number(priority, submitted_at)
    return (first + min(place * STRIDE_S, _ROOM[priority]) for place in count(behind))
