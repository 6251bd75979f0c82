"""Times as people write them, to seconds, and back."""

import math
import re
from dataclasses import dataclass

_CLOCK = re.compile(r"(-?)(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,9})(?:[.,](\d{1,20}))?")
_FRAMES = re.compile(r"(\d{1,3})[:;](\d{2})[:;](\d{2})[:;.](\d{2,3})")
_MINUTE = 60
_HOUR = 3600
_DROP_BASE = 30


def parse_time(value: str | float) -> float:
    """Seconds for "10.5", "1:02.5", "01:02:03,250", or a number; ValueError says what is wrong."""
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not a time")  # noqa: TRY004 - one error for all that is no time
    if isinstance(value, int | float):
        return _finite(value)
    match = _CLOCK.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value} is not a time")
    sign, hours, minutes, seconds, fraction = match.groups()
    if _overflows(seconds, below=minutes) or _overflows(minutes, below=hours):
        raise ValueError(f"{value} is not a time")
    whole = int(hours or 0) * _HOUR + int(minutes or 0) * _MINUTE + int(seconds)
    return _not_negative(float(f"{sign}{whole}.{fraction or 0}"), value)


def parse_frames(value: str, *, fps: float) -> float:
    """Seconds for an SMPTE timecode HH:MM:SS:FF at `fps` (";" marks drop-frame at 29.97 and 59.94).

    ValueError for a code that is never counted, such as the dropped 00:01:00;00.
    """
    match = _FRAMES.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value} is not a timecode HH:MM:SS:FF")
    hours, minutes, seconds, frames = (int(part) for part in match.groups())
    nominal = round(fps)
    if minutes >= _MINUTE or seconds >= _MINUTE or frames >= nominal:
        raise ValueError(f"{value} is not a timecode at {fps:g} frames per second")
    count = (hours * _HOUR + minutes * _MINUTE + seconds) * nominal + frames
    if ";" not in value:
        return count / fps
    if nominal % _DROP_BASE or _is_dropped(minutes, seconds, frames, nominal):
        raise ValueError(f"{value} is not a drop-frame timecode at {fps:g} frames per second")
    return (count - _dropped(hours * _MINUTE + minutes, nominal)) * 1.001 / nominal


def frame_of(value: str) -> int | None:
    """The frame number in an SMPTE timecode, at whatever rate; None if it is none."""
    match = _FRAMES.fullmatch(value.strip())
    return int(match[4]) if match else None


def format_frames(seconds: float, *, fps: float) -> str:
    """The non-drop SMPTE timecode HH:MM:SS:FF of the frame nearest to `seconds`."""
    nominal = round(fps)
    whole, frames = divmod(round(seconds * fps), nominal)
    minutes, rest = divmod(whole, _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours:02}:{minutes:02}:{rest:02}:{frames:02}"


def format_clock(seconds: float, *, point: str = ".") -> str:
    """HH:MM:SS.mmm, with `point` before the fraction, as subtitles write it."""
    whole, millis = divmod(round(seconds * 1000), 1000)
    minutes, rest = divmod(whole, _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours:02}:{minutes:02}:{rest:02}{point}{millis:03}"


def format_time(seconds: float) -> str:
    """M:SS.mmm, or H:MM:SS.mmm from an hour on; whole seconds stand without a fraction."""
    millis = round(seconds * 1000)
    hours, rest = divmod(millis, _HOUR * 1000)
    minutes, rest = divmod(rest, _MINUTE * 1000)
    whole, fraction = divmod(rest, 1000)
    tail = f".{fraction:03}".rstrip("0") if fraction else ""
    clock = f"{minutes}:{whole:02}{tail}"
    return f"{hours}:{minutes:02}:{whole:02}{tail}" if hours else clock


@dataclass(frozen=True)
class TimeRange:
    """A stretch of a video in seconds, start included, end excluded."""

    start: float
    end: float

    @property
    def duration(self) -> float:
        return self.end - self.start


def _overflows(part: str | None, *, below: str | None) -> bool:
    return below is not None and part is not None and (len(part) > 2 or int(part) >= _MINUTE)  # noqa: PLR2004 - two digits, base 60


def _dropped(minutes: int, nominal: int) -> int:
    """Frame numbers skipped by drop-frame counting: 2 (or 4 at 60) a minute, except each tenth."""
    return (minutes - minutes // 10) * (nominal // 15)


def _is_dropped(minutes: int, seconds: int, frames: int, nominal: int) -> bool:
    return bool(minutes % 10) and seconds == 0 and frames < nominal // 15


def _finite(value: float) -> float:
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise ValueError(f"{value} is not a time")
    return _not_negative(seconds, value)


def _not_negative(seconds: float, value: object) -> float:
    if seconds < 0:
        raise ValueError(f"{value} is negative")
    return seconds + 0.0  # -0.0 is zero, and must look like it
