"""What the rows of a scene list hold, checked field by field: every fault is named."""

import unicodedata
from dataclasses import dataclass, field

from viralclip.errors import Fault
from viralclip.scene_lists.rows import Row, Unreadable, shown
from viralclip.timecode import TimeRange, format_time, parse_time

MAX_TITLE = 200
MAX_ID = 999_999
LONGEST_S = 1000 * 3600
# Times are written in milliseconds: two of them meet if they differ by less than half of one.
ROUNDING_S = 0.0005
_SLACK = 1e-6
# Sound tends to outlast the picture, and lists are written from whole seconds.
_LATE = 1.0


@dataclass(frozen=True)
class Limits:
    """What a scene must stay within: the video's length, if known, and one frame at least."""

    duration: float | None
    frame: float


@dataclass
class Review:
    """Rows on their way to scenes: goes on after a fault, so that none hides another."""

    limits: Limits
    faults: list[Fault] = field(default_factory=list[Fault])
    owners: dict[int, str] = field(default_factory=dict[int, str])
    late: int = 0

    def blame(self, place: str, problem: str) -> None:
        self.faults.append(Fault(place, problem))


def read_id(row: Row, review: Review) -> int | None:
    if "id" not in row.fields:
        return None
    number = _whole(row.fields["id"])
    if number is None or not 0 <= number <= MAX_ID:
        problem = f"the id {shown(row.fields['id'])} is not a whole number from 0 to {MAX_ID}"
        review.blame(row.at("id"), problem)
        return None
    if review.owners.setdefault(number, row.place) != row.place:
        owner = review.owners[number]
        review.blame(row.at("id"), f"the id {number} is already that of {owner}")
    return number


def _whole(value: object) -> int | None:
    match value:
        case bool():
            return None
        case int():
            return value
        case float() if value.is_integer():
            return int(value)
        case str() if value.isdecimal() and len(value) <= len(str(MAX_ID)):
            return int(value)
        case _:
            return None


def read_title(row: Row, review: Review) -> str | None:
    value = row.fields.get("title", "")
    problem = _title_problem(value)
    if problem:
        review.blame(row.at("title"), f"the title {problem}")
        return None
    return str(value).strip()


def _title_problem(value: object) -> str:
    if not isinstance(value, str):
        return f"{shown(value)} is not text"
    title = value.strip()
    if len(title) > MAX_TITLE:
        return f"has {len(title)} characters; at most {MAX_TITLE} are allowed"
    return f"{shown(title)} holds control characters" if any(map(_is_control, title)) else ""


def _is_control(ch: str) -> bool:
    # Cs: half a surrogate pair, which JSON can spell and no file or screen can hold.
    return unicodedata.category(ch) in {"Cc", "Cs", "Zl", "Zp"}


def cleaned(title: str) -> str:
    plain = "".join(" " if _is_control(ch) else ch for ch in title)
    return " ".join(plain.split())[:MAX_TITLE]


def read_span(row: Row, review: Review) -> TimeRange | None:
    # An end beats a duration: lists that hold both tend to round the duration.
    last = "duration" if "duration" in row.fields and "end" not in row.fields else "end"
    start = _reached(read_time(row, "start", review), row, "start", review)
    end = read_time(row, last, review)
    if last == "duration":
        end = None if start is None or end is None else start + end
    end = _reached(end, row, last, review)
    if start is None or end is None:
        return None
    duration = review.limits.duration
    if duration is not None and end > duration:
        review.late += end > duration + review.limits.frame + ROUNDING_S
        end = duration
    span = TimeRange(start, end)
    problem = _length_problem(span, review.limits.frame)
    if problem:
        review.blame(row.at(last), problem)
    return span


def read_time(row: Row, name: str, review: Review) -> float | None:
    value = row.fields.get(name)
    if value is None:
        review.blame(row.place, f"{name} is missing")
        return None
    if isinstance(value, Unreadable):
        review.blame(row.at(name), value.problem)
        return None
    try:
        return parse_time(value if isinstance(value, float) else shown(value))
    except ValueError as error:
        review.blame(row.at(name), str(error))
        return None


def _reached(seconds: float | None, row: Row, name: str, review: Review) -> float | None:
    """The time if the video gets that far, or may do so; an end may be rounded up."""
    duration = review.limits.duration
    slack = review.limits.frame + ROUNDING_S if name == "start" else max(_LATE, review.limits.frame)
    if seconds is None:
        return None
    if seconds > LONGEST_S:
        review.blame(row.at(name), f"{seconds:g} s is beyond the end of any video")
        return None
    if duration is not None and seconds > duration + slack + _SLACK:
        beyond = f"{format_time(seconds)} is beyond the end of the video"
        review.blame(row.at(name), f"{beyond} ({format_time(duration)})")
        return None
    return seconds


def _length_problem(span: TimeRange, frame: float) -> str:
    if span.duration <= 0:
        return f"{format_time(span.end)} is not after the start {format_time(span.start)}"
    if span.duration < frame - ROUNDING_S:
        return f"the scene is shorter than one frame of the video ({frame:.3f} s)"
    return ""
