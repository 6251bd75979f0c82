"""Scene lists in any format to scenes: every bad row is named, every decision is noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer, model_validator
from pydantic_core import to_jsonable_python

from viralclip.errors import Fault, InvalidScenesError
from viralclip.scene_lists.encoding import decode
from viralclip.scene_lists.reading import read_list, read_objects
from viralclip.scene_lists.review import (
    LONGEST_S,
    ROUNDING_S,
    Limits,
    Review,
    cleaned,
    read_id,
    read_span,
    read_title,
)
from viralclip.scene_lists.rows import Entry, Reading, Row, SceneList, listed
from viralclip.style_options import StyleOptions
from viralclip.timecode import TimeRange
from viralclip.words.given import read_words
from viralclip.words.transcript import Word

MAX_SCENES = 200
MAX_BYTES = 32 * 1024 * 1024
# Earlier versions wrote these two for every scene: digests of plans and clips hold them.
_ALWAYS_WRITTEN: Mapping[str, object] = {"webcam": None, "crop": []}
Options = Sequence[type[StyleOptions]]


class Scene(BaseModel, frozen=True):
    """A stretch of the video worth a clip: seconds from the video's start.

    Where a list gives no id or title, its reading does. `options` are what the scene tells styles,
    by name and as JSON; they are read and written as fields beside the others. `words` are what
    captions show, at the video's times: None where nobody gave any, empty where nothing is to be
    shown.
    """

    id: int = 0
    title: str = ""
    start: float
    end: float
    options: Mapping[str, Any] = {}
    words: tuple[Word, ...] | None = None

    def __hash__(self) -> int:
        return hash((self.id, self.title, self.start, self.end))

    @property
    def range(self) -> TimeRange:
        return TimeRange(self.start, self.end)

    @property
    def duration(self) -> float:
        return self.end - self.start

    def with_options(self, options: StyleOptions) -> "Scene":
        """The scene with these options in place of those of the same names."""
        own = type(options).model_fields
        others = {name: said for name, said in self.options.items() if name not in own}
        return self.model_copy(update={"options": others | options.written()})

    @model_validator(mode="before")
    @classmethod
    def _gather_options(cls, fields: object) -> object:
        if not isinstance(fields, dict):
            return fields
        given = cast("dict[str, Any]", fields)
        own = {name: given[name] for name in cls.model_fields if name in given}
        others = {name: value for name, value in given.items() if name not in own}
        options = {**others, **own.pop("options", {})}
        said = {name: to_jsonable_python(value) for name, value in options.items()}
        said = {name: value for name, value in said.items() if value not in (None, [])}
        return {**own, "options": said} if said else own

    @model_serializer(mode="wrap")
    def _spread_options(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = {}
        for name, value in write(self).items():
            written |= {**_ALWAYS_WRITTEN, **value} if name == "options" else {name: value}
        return written


@dataclass(frozen=True)
class SceneReading:
    """The scenes of a list, and what whoever wrote it should know about how it was read."""

    scenes: tuple[Scene, ...]
    notes: tuple[str, ...] = ()


def parse_scenes(
    data: str | bytes,
    *,
    name: str,
    duration: float | None,
    fps: float,
    timecode: str = "",
    options: Options = (),
) -> SceneReading:
    """The scenes of a list in any format we know, for a video of `duration` seconds at `fps`.

    What the content shows beats the ending of `name`. `timecode` is the video's at its start; a
    list that counts from there is brought to zero. An end up to a second beyond the video is the
    video's end. `options` are those that styles have; fields of other names are ignored.
    InvalidScenesError lists every fault there is, each with its place.
    """
    text, notes = list_text(data)
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    reading = read_list(SceneList(plain, duration, fps, timecode), name)
    scenes, more = _scenes(reading, Limits(duration, frame=1 / fps), options)
    return SceneReading(scenes, (*notes, *reading.notes, *more))


def read_scene_objects(
    items: Sequence[object],
    *,
    duration: float | None,
    fps: float,
    timecode: str = "",
    options: Options = (),
) -> SceneReading:
    """The scenes of objects, as `parse_scenes` would read the JSON that they came from."""
    reading = read_objects(items, SceneList("", duration, fps, timecode))
    scenes, notes = _scenes(reading, Limits(duration, frame=1 / fps), options)
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
        if not stop - begin >= frame + 2 * ROUNDING_S or end >= LONGEST_S:
            left_out.append(cleaned(title) or f"chapter {place + 1}")
            continue
        late += end > duration + frame
        fields = {"title": cleaned(title), "start": begin, "end": stop}
        kept.append(Row(f"chapters[{place}]", fields))
    notes: list[str] = []
    if late:
        notes.append(_ends_late(late))
    if left_out:
        names = listed(left_out)
        notes.append(f"Chapters that are empty or lie beyond the end are left out: {names}.")
    scenes, _ = _scenes(Reading(kept, kind="chapters"), Limits(duration, frame))
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
class _Draft:
    """A row found good; rows without an id get theirs when all ids that were written are known."""

    id: int | None
    title: str
    span: TimeRange
    options: Mapping[str, Any]
    words: tuple[Word, ...] | None


def _scenes(
    reading: Reading, limits: Limits, options: Options = ()
) -> tuple[tuple[Scene, ...], list[str]]:
    review = Review(limits)
    entries = reading.entries
    if not entries:
        review.blame("", "the list holds no scenes")
    if len(entries) > MAX_SCENES:
        review.blame("", _too_many(reading))
    # A list that is no scene list at all would have a fault in each of its rows.
    drafts = [_draft(entry, review, options) for entry in entries[: 2 * MAX_SCENES]]
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
        options=draft.options,
        words=draft.words,
    )


def _draft(entry: Entry, review: Review, options: Options) -> _Draft | None:
    if isinstance(entry, Fault):
        review.faults.append(entry)
        return None
    scene_id, title = read_id(entry, review), read_title(entry, review)
    span = read_span(entry, review)
    said, words = _said(entry, span, review, options), _words(entry, span, review)
    if title is None or span is None:
        return None
    return _Draft(scene_id, title, span, said, words)


def _said(row: Row, span: TimeRange | None, review: Review, options: Options) -> Mapping[str, Any]:
    """What the row tells styles, checked by the options that own it."""
    said: dict[str, Any] = {}
    for each in options:
        read = each.read(row, span, review) if each.named_in(row) else None
        said |= read.written() if read is not None else {}
    return said


def _words(row: Row, span: TimeRange | None, review: Review) -> tuple[Word, ...] | None:
    """A table's column of that name is somebody's count of them."""
    value = row.fields.get("words")
    if value is None or not row.keyed:
        return None
    return read_words(value, row.at("words"), span, review.blame)
