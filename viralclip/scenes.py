"""Scene lists in any format to scenes: every bad row is named, every decision is noted."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import cast

from pydantic import BaseModel

from viralclip.errors import Fault, InvalidScenesError
from viralclip.scene_lists.encoding import decode
from viralclip.scene_lists.reading import read_list, read_objects
from viralclip.scene_lists.rows import Entry, Reading, Row, SceneList, Unreadable, listed, shown
from viralclip.timecode import TimeRange, format_time, parse_time
from viralclip.words.given import read_words
from viralclip.words.transcript import Word

MAX_SCENES = 200
MAX_TITLE = 200
MAX_ID = 999_999
MAX_BYTES = 32 * 1024 * 1024
_LONGEST = 1000 * 3600
# Times are written in milliseconds: two of them meet if they differ by less than half of one.
_ROUNDING = 0.0005
_SLACK = 1e-6
# Sound tends to outlast the picture, and lists are written from whole seconds.
_LATE = 1.0
MAX_PINS = 200
_SIDES = ("width", "height")


class Region(BaseModel, frozen=True):
    """A rectangle as shares (0 to 1) of the picture's width and height, from its top left."""

    x: float
    y: float
    width: float
    height: float


class Pin(BaseModel, frozen=True):
    """A crop set by hand: its left and width as shares of the picture's width, its top as a share
    of the height, from this time of the video on or, between two pins, on the way to the next.
    """

    time: float
    x: float
    y: float
    width: float


class Scene(BaseModel, frozen=True):
    """A stretch of the video worth a clip: seconds from the video's start.

    Where a list gives no id or title, its reading does. `words` are what captions show, at the
    video's times: None where nobody gave any, empty where nothing is to be shown.
    """

    id: int = 0
    title: str = ""
    start: float
    end: float
    webcam: Region | None = None
    crop: tuple[Pin, ...] = ()
    words: tuple[Word, ...] | None = None

    @property
    def range(self) -> TimeRange:
        return TimeRange(self.start, self.end)

    @property
    def duration(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class SceneReading:
    """The scenes of a list, and what whoever wrote it should know about how it was read."""

    scenes: tuple[Scene, ...]
    notes: tuple[str, ...] = ()


def parse_scenes(
    data: str | bytes, *, name: str, duration: float | None, fps: float, timecode: str = ""
) -> SceneReading:
    """The scenes of a list in any format we know, for a video of `duration` seconds at `fps`.

    What the content shows beats the ending of `name`. `timecode` is the video's at its start; a
    list that counts from there is brought to zero. An end up to a second beyond the video is the
    video's end. InvalidScenesError lists every fault there is, each with its place.
    """
    text, notes = list_text(data)
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    reading = read_list(SceneList(plain, duration, fps, timecode), name)
    scenes, more = _scenes(reading, _Limits(duration, frame=1 / fps))
    return SceneReading(scenes, (*notes, *reading.notes, *more))


def read_scene_objects(
    items: Sequence[object], *, duration: float | None, fps: float, timecode: str = ""
) -> SceneReading:
    """The scenes of objects, as `parse_scenes` would read the JSON that they came from."""
    reading = read_objects(items, SceneList("", duration, fps, timecode))
    scenes, notes = _scenes(reading, _Limits(duration, frame=1 / fps))
    return SceneReading(scenes, (*reading.notes, *notes))


def scenes_from_chapters(
    chapters: Sequence[tuple[str, float, float]], *, duration: float, fps: float
) -> SceneReading:
    """The scenes of the chapters (title, start, end) that a video of that length carries.

    Nobody can be asked to correct what a program wrote: chapters that are empty or lie beyond the
    end are left out, the last one ends with the video, titles are cleaned and cut.
    InvalidScenesError if no chapter is left, or if there are too many.
    """
    frame = 1 / fps
    kept: list[Entry] = []
    left_out: list[str] = []
    late = 0
    for place, (title, start, end) in enumerate(chapters):
        begin, stop = max(start, 0.0), min(end, duration)
        # Written in milliseconds and read again, a chapter is still as long as a frame.
        if not stop - begin >= frame + 2 * _ROUNDING or end >= _LONGEST:
            left_out.append(_cleaned(title) or f"chapter {place + 1}")
            continue
        late += end > duration + frame
        fields = {"title": _cleaned(title), "start": begin, "end": stop}
        kept.append(Row(f"chapters[{place}]", fields))
    notes: list[str] = []
    if late:
        notes.append(_ends_late(late))
    if left_out:
        names = listed(left_out)
        notes.append(f"Chapters that are empty or lie beyond the end are left out: {names}.")
    scenes, _ = _scenes(Reading(kept, kind="chapters"), _Limits(duration, frame))
    return SceneReading(scenes, tuple(notes))


def list_text(data: str | bytes) -> tuple[str, tuple[str, ...]]:
    """A list's text, with a note where its encoding had to be found; InvalidScenesError if none."""
    if isinstance(data, str):
        return data, ()
    decoded = decode(data) if len(data) <= MAX_BYTES else None
    if decoded is not None:
        return decoded.text, decoded.notes
    problem = "this is not text; save the list as UTF-8"
    if len(data) > MAX_BYTES:
        problem = f"the list has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed"
    raise InvalidScenesError([Fault("", problem)])


@dataclass(frozen=True)
class _Limits:
    """What a scene must stay within: the video's length, if known, and one frame at least."""

    duration: float | None
    frame: float


@dataclass(frozen=True)
class _Draft:
    """A row found good; rows without an id get theirs when all ids that were written are known."""

    id: int | None
    title: str
    span: TimeRange
    webcam: Region | None
    crop: tuple[Pin, ...]
    words: tuple[Word, ...] | None


@dataclass
class _Review:
    """Rows on their way to scenes: goes on after a fault, so that none hides another."""

    limits: _Limits
    faults: list[Fault] = field(default_factory=list[Fault])
    owners: dict[int, str] = field(default_factory=dict[int, str])
    late: int = 0

    def blame(self, place: str, problem: str) -> None:
        self.faults.append(Fault(place, problem))


def _scenes(reading: Reading, limits: _Limits) -> tuple[tuple[Scene, ...], list[str]]:
    review = _Review(limits)
    entries = reading.entries
    if not entries:
        review.blame("", "the list holds no scenes")
    if len(entries) > MAX_SCENES:
        review.blame("", _too_many(reading))
    # A list that is no scene list at all would have a fault in each of its rows.
    drafts = [_draft(entry, review) for entry in entries[: 2 * MAX_SCENES]]
    if review.faults:
        raise InvalidScenesError(review.faults)
    scenes = _numbered([draft for draft in drafts if draft is not None])
    return scenes, [_ends_late(review.late)] if review.late else []


def _too_many(reading: Reading) -> str:
    count = len(reading.entries)
    problem = f"the list has {count} {reading.kind}; at most {MAX_SCENES} are allowed"
    if reading.kind == "scenes":
        return problem
    return (
        f"{problem}, because each becomes a scene: keep the ones that are worth a clip, or write"
        " lines like 0:10 - 0:40 Title"
    )


def _ends_late(count: int) -> str:
    what = "One scene ends" if count == 1 else f"{count} scenes end"
    with_it = "it ends with the video" if count == 1 else "they end with the video"
    return f"{what} after the video: {with_it}."


def _numbered(drafts: Sequence[_Draft]) -> tuple[Scene, ...]:
    taken = {draft.id for draft in drafts}
    free = (number for number in count(1) if number not in taken)
    return tuple(
        _numbered_scene(draft, next(free) if draft.id is None else draft.id) for draft in drafts
    )


def _numbered_scene(draft: _Draft, scene_id: int) -> Scene:
    return Scene(
        id=scene_id,
        title=draft.title or f"Scene {scene_id}",
        start=draft.span.start,
        end=draft.span.end,
        webcam=draft.webcam,
        crop=draft.crop,
        words=draft.words,
    )


def _draft(entry: Entry, review: _Review) -> _Draft | None:
    if isinstance(entry, Fault):
        review.faults.append(entry)
        return None
    scene_id, title = _id(entry, review), _title(entry, review)
    span, webcam = _span(entry, review), _webcam(entry, review)
    crop, words = _crop(entry, span, review), _words(entry, span, review)
    if title is None or span is None:
        return None
    return _Draft(scene_id, title, span, webcam, crop, words)


def _id(row: Row, review: _Review) -> int | None:
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


def _title(row: Row, review: _Review) -> str | None:
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


def _cleaned(title: str) -> str:
    plain = "".join(" " if _is_control(ch) else ch for ch in title)
    return " ".join(plain.split())[:MAX_TITLE]


def _span(row: Row, review: _Review) -> TimeRange | None:
    # An end beats a duration: lists that hold both tend to round the duration.
    last = "duration" if "duration" in row.fields and "end" not in row.fields else "end"
    start = _reached(_time(row, "start", review), row, "start", review)
    end = _time(row, last, review)
    if last == "duration":
        end = None if start is None or end is None else start + end
    end = _reached(end, row, last, review)
    if start is None or end is None:
        return None
    duration = review.limits.duration
    if duration is not None and end > duration:
        review.late += end > duration + review.limits.frame + _ROUNDING
        end = duration
    span = TimeRange(start, end)
    problem = _length_problem(span, review.limits.frame)
    if problem:
        review.blame(row.at(last), problem)
    return span


def _time(row: Row, name: str, review: _Review) -> float | None:
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


def _reached(seconds: float | None, row: Row, name: str, review: _Review) -> float | None:
    """The time if the video gets that far, or may do so; an end may be rounded up."""
    duration = review.limits.duration
    slack = review.limits.frame + _ROUNDING if name == "start" else max(_LATE, review.limits.frame)
    if seconds is None:
        return None
    if seconds > _LONGEST:
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
    if span.duration < frame - _ROUNDING:
        return f"the scene is shorter than one frame of the video ({frame:.3f} s)"
    return ""


def _webcam(row: Row, review: _Review) -> Region | None:
    value = row.fields.get("webcam")
    if value is None:
        return None
    place = row.at("webcam")
    if not isinstance(value, dict):
        review.blame(place, f"{shown(value)} is not a region like {{x, y, width, height}}")
        return None
    region = cast("dict[str, object]", value)
    shares = {side: _share(region, side, place, review) for side in Region.model_fields}
    known = {side: share for side, share in shares.items() if share is not None}
    if len(known) < len(shares):
        return None
    for edge, offset, side in (("right", "x", "width"), ("lower", "y", "height")):
        if known[offset] + known[side] > 1 + _SLACK:
            review.blame(place, f"the region reaches beyond the {edge} edge of the picture")
    return Region(**known)


def _crop(row: Row, span: TimeRange | None, review: _Review) -> tuple[Pin, ...]:
    """One pin for the whole scene, or a list of them in the order of their times."""
    value = row.fields.get("crop")
    if value is None:
        return ()
    place = row.at("crop")
    if not isinstance(value, list):
        return tuple(filter(None, [_pin(value, place, span, review, timed=False)]))
    listed = cast("list[object]", value)
    if len(listed) > MAX_PINS:
        review.blame(place, f"the list has {len(listed)} crops; at most {MAX_PINS} are allowed")
        return ()
    places = [f"{place}[{number}]" for number in range(len(listed))]
    found = [
        _pin(pin, at, span, review, timed=True) for pin, at in zip(listed, places, strict=True)
    ]
    for at, (one, other) in zip(places[1:], pairwise(found), strict=True):
        if one is not None and other is not None and other.time <= one.time:
            review.blame(f"{at}.time", f"{format_time(other.time)} is not after the one before")
    return tuple(filter(None, found))


def _words(row: Row, span: TimeRange | None, review: _Review) -> tuple[Word, ...] | None:
    """A table's column of that name is somebody's count of them."""
    value = row.fields.get("words")
    if value is None or not row.keyed:
        return None
    return read_words(value, row.at("words"), span, review.blame)


def _pin(
    value: object, place: str, span: TimeRange | None, review: _Review, *, timed: bool
) -> Pin | None:
    if not isinstance(value, dict):
        wanted = "{time, x, y, width}" if timed else "{x, y, width}"
        review.blame(place, f"{shown(value)} is not a crop like {wanted}")
        return None
    fields = cast("dict[str, object]", value)
    time = _pin_time(fields, place, span, review) if timed else (span.start if span else 0.0)
    shares = {side: _share(fields, side, place, review) for side in ("x", "y", "width")}
    known = {side: share for side, share in shares.items() if share is not None}
    if time is None or len(known) < len(shares):
        return None
    if known["x"] + known["width"] > 1 + _SLACK:
        review.blame(place, "the crop reaches beyond the right edge of the picture")
        return None
    return Pin(time=time, **known)


def _pin_time(
    fields: Mapping[str, object], place: str, span: TimeRange | None, review: _Review
) -> float | None:
    time = _time(Row(place, fields, keyed=True), "time", review)
    if time is None or span is None:
        return time
    if not span.start - _ROUNDING <= time <= span.end + _ROUNDING:
        within = f"{format_time(span.start)} to {format_time(span.end)}"
        review.blame(f"{place}.time", f"{format_time(time)} is outside the scene ({within})")
        return None
    return time


def _share(region: Mapping[str, object], side: str, place: str, review: _Review) -> float | None:
    value = region.get(side)
    shares = "above 0 and up to 1" if side in _SIDES else "from 0 to 1"
    if value is None:
        review.blame(place, f"{side} is missing")
        return None
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    if not good or (side in _SIDES and value == 0):
        review.blame(f"{place}.{side}", f"{shown(value)} is not a share {shares}")
        return None
    return float(cast("float", value))
