"""A transcript in any format we know to words in the video's time; every fault has its place."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from viralclip.errors import Fault, InvalidTranscriptError
from viralclip.scene_lists.clocks import to_video_time
from viralclip.scene_lists.encoding import decode
from viralclip.scene_lists.json_lists import is_json, parsed_json
from viralclip.scene_lists.rows import (
    Clocked,
    Reading,
    Row,
    SceneList,
    Unreadable,
    is_timecode,
    listed,
    shown,
)
from viralclip.timecode import format_time, parse_time
from viralclip.words.cues import Cue, Cues
from viralclip.words.recognised import read_recognised
from viralclip.words.splitting import words_of
from viralclip.words.substation import is_substation, read_substation
from viralclip.words.subtitles import is_subtitles, read_subtitles
from viralclip.words.transcript import Transcript, in_order

MAX_BYTES = 32 * 1024 * 1024
MAX_WORDS = 250_000
_KNOWN = "SRT, WebVTT, ASS or the JSON of a recogniser"
# A cue is written in milliseconds or hundredths of a second, and may end as it starts.
_ROUNDING = 0.02


@dataclass(frozen=True)
class TranscriptReading:
    """The words of a file, and what whoever wrote it should know about how it was read."""

    transcript: Transcript
    notes: tuple[str, ...] = ()


def parse_transcript(
    data: str | bytes,
    *,
    name: str,
    duration: float | None = None,
    fps: float = 25.0,
    timecode: str = "",
    offset: float = 0.0,
    scrolls: bool = True,
) -> TranscriptReading:
    """The words of a file for a video of `duration` seconds at `fps`; content beats its ending.

    A file that counts from `timecode`, the video's at its start, or from a whole hour is brought
    to zero; `offset` seconds are added to what it says. Where its lines may scroll up (`scrolls`),
    those that are there again are said once. InvalidTranscriptError lists every fault.
    """
    text, notes = transcript_text(data)
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    source = SceneList(
        _printable(plain), duration, fps, timecode, noun="transcript", scrolls=scrolls
    )
    own = _own(source)
    if own is not None:
        return TranscriptReading(own.shifted(offset), notes)
    cues = _read(source)
    review = _Review()
    placed, more = _on_video(cues, source, offset, review)
    count = sum(len(span.cue.text.split()) for span in placed)
    if count > MAX_WORDS:
        review.blame("", f"the transcript has {count:,} words; at most {MAX_WORDS:,} fit")
    elif not count and not review.faults:
        review.blame("", "the transcript holds no words")
    if review.faults:
        raise InvalidTranscriptError(review.faults)
    words = [
        word
        for each in placed
        for word in words_of(
            each.cue, each.start, each.end, shift=each.shift, language=cues.language
        )
    ]
    transcript = Transcript(words=in_order(words), language=cues.language, origin=name)
    return TranscriptReading(transcript, (*notes, *cues.notes, *more))


@dataclass
class _Review:
    """Goes on after a fault, so that none hides another."""

    faults: list[Fault] = field(default_factory=list[Fault])

    def blame(self, place: str, problem: str) -> None:
        self.faults.append(Fault(place, problem))


@dataclass(frozen=True)
class _Placed:
    """A cue with its time in the video, and what was added to its own."""

    cue: Cue
    start: float
    end: float
    shift: float


def transcript_text(data: str | bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a file in any encoding, and a note where that had to be found;
    InvalidTranscriptError if it is none."""
    if isinstance(data, str):
        return data, ()
    if len(data) > MAX_BYTES:
        problem = f"the transcript has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed"
        raise InvalidTranscriptError([Fault("", problem)])
    decoded = decode(data)
    if decoded is None or "\0" in decoded.text:
        raise InvalidTranscriptError([Fault("", "this is not text; save it as UTF-8")])
    return decoded.text, decoded.notes


def _printable(text: str) -> str:
    """Without what no font draws and no file may hold: control characters and half surrogates."""
    return "".join(
        ch for ch in text if ch in "\n\t" or unicodedata.category(ch) not in {"Cc", "Cs"}
    )


def _own(source: SceneList) -> Transcript | None:
    """The transcript in the JSON that we write, whole."""
    document = parsed_json(source.text) if is_json(source) else None
    if not isinstance(document, dict) or not {"words", "origin"} <= document.keys():
        return None
    try:
        return Transcript.model_validate(document)
    except ValidationError as error:
        faults = [Fault(_path(each["loc"]), _problem(each["msg"])) for each in error.errors()]
        raise InvalidTranscriptError(faults) from error


def _path(parts: Sequence[str | int]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return path.removeprefix(".")


def _problem(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "it should")


def _read(source: SceneList) -> Cues:
    for fits, read in _READERS:
        if fits(source):
            return read(source)
    problem = (
        "the transcript holds no words" if not source.text.strip() else f"this is not {_KNOWN}"
    )
    return Cues([Fault("", problem)])


def _on_video(
    cues: Cues, source: SceneList, offset: float, review: _Review
) -> tuple[list[_Placed], list[str]]:
    """The cues in the video's time, faults in the file's order, and notes on how they were read."""
    entries = [_row(entry) if isinstance(entry, Cue) else entry for entry in cues.entries]
    on_video = to_video_time(Reading(entries, kind="cues"), source, source_clock=False)
    placed: list[_Placed] = []
    late: list[str] = []
    for entry, cue in zip(on_video.entries, cues.entries, strict=True):
        if isinstance(entry, Fault) or isinstance(cue, Fault):
            review.faults += [each for each in (cue,) if isinstance(each, Fault)]
            continue
        found = _placed(cue, entry, offset, review)
        if found is None:
            continue
        if source.duration is not None and found.start >= source.duration:
            late.append(found.cue.text.strip())
        placed.append(found)
    notes = [*on_video.notes]
    if late:
        notes.append(f"Lines beyond the end of the video are not shown: {listed(late)}.")
    return placed, notes


def _row(cue: Cue) -> Row:
    fields: dict[str, object] = {}
    for name, time in (("start", cue.start), ("end", cue.end)):
        if isinstance(time, str) and is_timecode(time):
            fields[name] = time
            continue
        try:
            seconds = parse_time(time)
        except ValueError:
            fields[name] = Unreadable(f"{shown(time)} is not a time like 00:01:02,500")
            continue
        fields[name] = Clocked(seconds, shown(time) if isinstance(time, str) else format_time(time))
    return Row(cue.place, fields)


def _placed(cue: Cue, row: Row, offset: float, review: _Review) -> _Placed | None:
    start, end = row.fields["start"], row.fields["end"]
    if not isinstance(start, float) or not isinstance(end, float):
        for value in (start, end):
            if isinstance(value, Unreadable):
                review.blame(row.place, value.problem)
        return None
    if end < start - _ROUNDING:
        review.blame(row.place, f"{format_time(end)} is before the start {format_time(start)}")
        return None
    own = _seconds(cue.start) if isinstance(cue.start, str) else cue.start
    begins = max(start + offset, 0.0)
    return _Placed(cue, begins, max(end + offset, begins), start + offset - own)


def _seconds(time: str) -> float:
    """A cue whose time counts frames has no times within."""
    return 0.0 if is_timecode(time) else parse_time(time)


_READERS: tuple[tuple[Callable[[SceneList], bool], Callable[[SceneList], Cues]], ...] = (
    (lambda source: source.text.startswith("WEBVTT"), read_subtitles),
    (is_substation, read_substation),
    (is_json, read_recognised),
    (is_subtitles, read_subtitles),
)
