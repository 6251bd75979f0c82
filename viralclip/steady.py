"""When a job will be done, as it is shown: it moves only when a new estimate contradicts it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from viralclip.eta import TimeLeft

# A band is drawn anew when the estimate's own has become so many times narrower.
_NARROWER = 2.0
# And the time that is shown is left when it is so many of the new band's widths off the estimate.
_FAR = 2.0


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

    @property
    def width(self) -> timedelta:
        return self.high - self.low


def steady(shown: DoneAt | None, left: TimeLeft, now: datetime) -> DoneAt:
    """What to show after one more estimate.

    While the estimate stays in the band that is shown, all that is shown stays. When that band has
    become much too wide it is drawn closer, around the time that is shown, and when that time has
    become far too late or early for it the estimate is shown as it is. So is one outside the band,
    and one that comes after the time that was shown has passed.
    """
    new = DoneAt.of(left, now)
    if shown is None or not shown.low <= new.expected <= shown.high or shown.expected < now:
        return new
    if shown.width < _NARROWER * new.width:
        return shown
    if abs(shown.expected - new.expected) > _FAR * new.width:
        return new
    return DoneAt(
        expected=shown.expected,
        low=min(new.low, shown.expected),
        high=max(new.high, shown.expected),
    )
