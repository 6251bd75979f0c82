"""A job's time left with the band it should fall in: its queue, simulated over the slots."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from viralclip.durations import Timings
from viralclip.futures import ends_of
from viralclip.job_work import ClipKey, ClipWorkload, Line, Piece
from viralclip.pieces import Pieces
from viralclip.progress import Progress


@dataclass(frozen=True)
class TimeLeft:
    """Seconds left, and the band that holds the truth four times out of five."""

    expected: float
    low: float
    high: float


def time_left(
    progress: Progress,
    clips: Mapping[ClipKey, ClipWorkload],
    timings: Timings,
    line: Line,
    *,
    now: datetime,
) -> TimeLeft | None:
    """The job's time left, or None when nothing is left.

    Many futures are imagined and the middle eight tenths of them are the band: what one clip takes
    too long another makes up for, so a band made of every clip's worst case would be far too wide.
    """
    if progress.status == "finished":
        return None
    pieces = Pieces(clips, timings, line, now)
    mine = [*pieces.of(progress)]
    if not mine:
        return None
    begun = [piece for piece in mine if piece.begun]
    others = [pieces.of_other(clip, f"running {i}") for i, clip in enumerate(line.running)]
    waiting = [piece for piece in mine if not piece.begun]
    works = [*begun, *others, *_in_line(waiting, line, pieces)]
    slots = max(line.slots, len(begun) + len(others), 1)
    ends = ends_of(works, replace(line, slots=slots), pieces.slowdowns)
    deciles = statistics.quantiles(ends, n=10)
    return TimeLeft(expected=deciles[4], low=deciles[0], high=deciles[8])


def _in_line(waiting: Sequence[Piece], line: Line, pieces: Pieces) -> Iterator[Piece]:
    """What waits, in the order it begins; of others only what begins before the job's last."""
    mine = iter(waiting)
    left = len(waiting)
    for place, clip in enumerate(line.waiting):
        if not left:
            return
        if clip is not None:
            yield pieces.of_other(clip, f"waiting {place}", begun=False)
        else:
            left -= 1
            yield next(mine)
    yield from mine
