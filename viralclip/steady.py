"""When a job will be done, as it is shown: it moves only when a new estimate contradicts it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from viralclip.eta import TimeLeft


@dataclass(frozen=True)
class DoneAt:
    """When it will be done, and between which times that is four times out of five."""

    expected: datetime
    low: datetime
    high: datetime

    @classmethod
    def of(cls, left: TimeLeft, now: datetime) -> "DoneAt":
        def at(seconds: float) -> datetime:
            return now + timedelta(seconds=seconds)

        return cls(expected=at(left.expected), low=at(left.low), high=at(left.high))


def steady(shown: DoneAt | None, left: TimeLeft, now: datetime) -> DoneAt:
    """What to show after one more estimate.

    While the estimate stays in the band that is shown, the time that is shown stays, and the band
    is only drawn closer around it. An estimate outside the band, or a band that the shown time has
    fallen out of, is shown as it is.
    """
    new = DoneAt.of(left, now)
    if shown is None or not shown.low <= new.expected <= shown.high:
        return new
    if not new.low <= shown.expected <= new.high:
        return new
    return DoneAt(
        expected=shown.expected, low=max(shown.low, new.low), high=min(shown.high, new.high)
    )
