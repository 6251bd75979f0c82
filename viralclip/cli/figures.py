"""Figures as people read them: shares, times left, times of day, sizes."""

import math
from datetime import datetime

from viralclip.events import Outcome

_MINUTE = 60
_HOUR = 3600
_ALMOST_NOW = 8
_COUNTED_S = 120
_NARROW_BAND = 1.4
_NEARLY_ONE = {"min": 45, "h": 45 * _MINUTE}
_KILO = 1000
_UNIT = 1024
_SHOWN = 6


def percent(fraction: float, *, outcome: Outcome | None = None) -> int:
    """Whole percent, rounded down: 100 is said of a finished job that made something, alone."""
    if outcome in ("succeeded", "partial"):
        return 100
    return min(math.floor(fraction * 100), 99)


def is_counted(eta: float, high: float | None) -> bool:
    """Whether the rest is counted in seconds: a clock that shows minutes says less than that."""
    return (eta if high is None else high) < _COUNTED_S


def time_left(eta: float | None, low: float | None, high: float | None) -> str:
    """How long a job still takes, as precisely as is known; empty when nothing is."""
    if eta is None:
        return ""
    if is_counted(eta, high):
        return f"{_about(eta)} left"
    if low is None or high is None or high <= max(low, 1) * _NARROW_BAND:
        return f"{_about(eta)} left"
    least, most = _rounded(low), _rounded(high)
    if _phrase(least) == _phrase(most):
        return f"{_about(eta)} left"
    if least < _ALMOST_NOW:
        return f"up to {_phrase(most)} left"
    return f"{_span(least, most)} left"


def done_about(expected: datetime, low: datetime, high: datetime, *, now: datetime) -> str:
    """When a job will be done: "done about 14:32 (14:30-14:36)"; a day of its own is named."""
    about, least, most = (_clock_time(at, now) for at in (expected, low, high))
    return f"done about {about}" + (f" ({least}-{most})" if least != most else "")


def _clock_time(at: datetime, now: datetime) -> str:
    here = at.astimezone()
    return f"{here:%H:%M}" if here.date() == now.astimezone().date() else f"{here:%a %H:%M}"


def standstill(moved_at: datetime | None, now: datetime) -> str:
    """What to say of a job that no worker is at."""
    return f"no worker; nothing has moved{_since(moved_at, now)}"


def interrupted(moved_at: datetime | None, now: datetime) -> str:
    """The same of a job whose command has died."""
    return f"interrupted; nothing has moved{_since(moved_at, now)}"


def _since(moved_at: datetime | None, now: datetime) -> str:
    if moved_at is None:
        return ""
    here, today = moved_at.astimezone(), now.astimezone().date()
    return f" since {here:%H:%M}" if here.date() == today else f" since {here:%Y-%m-%d %H:%M}"


def seconds_left(seconds: float) -> str:
    """The time left of a single step, rounded; empty for less than a second."""
    return f"{_phrase(_rounded(seconds))} left" if seconds >= 1 else ""


def duration(seconds: float) -> str:
    """A measured time: 0.4 s, 12.0 s, 1 min 42 s, 2 h 05 min."""
    if seconds < _MINUTE:
        return f"{math.floor(max(seconds, 0.0) * 10) / 10:.1f} s"
    if seconds < _HOUR:
        minutes, rest = divmod(int(seconds), _MINUTE)
        return f"{minutes} min {rest:02} s"
    hours, rest = divmod(int(seconds), _HOUR)
    return f"{hours} h {rest // _MINUTE:02} min"


def clock(seconds: float) -> str:
    """A running time: 1:42, 1:02:03."""
    minutes, rest = divmod(int(max(seconds, 0.0)), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def file_size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < _KILO:
            return f"{size:.0f} {unit}" if unit != "MB" else f"{size:.1f} MB"
        size /= _KILO
    return f"{size:.2f} GB"


def describe_disk_use(used: dict[str, int]) -> str:
    """The whole, and its largest parts, in words."""
    parts = ", ".join(f"{name} {bytes_of(size)}" for name, size in list(used.items())[:_SHOWN])
    return f"{bytes_of(sum(used.values()))}: {parts}" if used else "nothing"


def bytes_of(size: int) -> str:
    """A size for people: 734 MiB, 1.2 GiB."""
    scaled = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if scaled < _UNIT:
            return f"{scaled:.0f} {unit}" if unit != "GiB" else f"{scaled:.1f} GiB"
        scaled /= _UNIT
    return f"{scaled:.1f} TiB"


def _about(seconds: float) -> str:
    rounded = _rounded(seconds)
    return "a few seconds" if rounded <= _ALMOST_NOW else f"about {_phrase(rounded)}"


def _span(least: float, most: float) -> str:
    less, low_unit = _phrase(least).split(" ")
    more, unit = _phrase(most).split(" ")
    if low_unit == unit:
        return f"{less}-{more} {unit}"
    if least >= _NEARLY_ONE.get(unit, math.inf):
        return f"1-{more} {unit}"
    return f"{less} {low_unit} - {more} {unit}"


def _rounded(seconds: float) -> float:
    """As exact as people want it: a long time is never known to the second."""
    for below, grain in ((10, 1), (30, 5), (90, 10), (600, 60), (_HOUR * 1.5, 300)):
        if seconds < below:
            return round(seconds / grain) * grain
    return round(seconds / 1800) * 1800


def _phrase(seconds: float) -> str:
    if seconds < _MINUTE * 1.5:
        return f"{seconds:.0f} s"
    if seconds < _HOUR * 1.5:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:g} h"
