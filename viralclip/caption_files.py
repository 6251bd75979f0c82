"""Subtitles that were written beside clips and come back corrected: the words of their scenes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import zip_longest

from viralclip.errors import Fault, InvalidTranscriptError
from viralclip.names import labels, slug
from viralclip.scenes import MAX_SCENES, Scene
from viralclip.words.given import MAX_SCENE_WORDS, too_many_words
from viralclip.words.reading import TranscriptReading, parse_transcript
from viralclip.words.returned import given_lines, is_alike, returned, without_breaks
from viralclip.words.transcript import Word, in_order, spelled, within
from viralclip.words.writing import Line, lines_of

MAX_FILES = 1000


@dataclass(frozen=True)
class CaptionFile:
    """Subtitles in the time of a clip, which begins at `start` of the video, or with its scene.

    `timed` is the WebVTT that was written with them: it has the times of the words. `shown` are the
    words that the clip shows, in the video's time, where they are known; `heard` says that they
    were heard, and not given.
    """

    name: str
    data: str | bytes
    timed: str | bytes | None = None
    start: float | None = None
    shown: tuple[Word, ...] | None = None
    heard: bool = False


@dataclass(frozen=True)
class Corrected:
    """Scenes with the words of files that came back, and notes on how those were read."""

    scenes: tuple[Scene, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Correction:
    """What a file says of its scene; `is_new` if nobody knows that its clip shows just that."""

    name: str
    lines: tuple[Line, ...]
    words: tuple[Word, ...]
    is_new: bool


def scene_of(name: str, scenes: Iterable[Scene], video_name: str) -> Scene | None:
    """The scene beside whose clip, in whatever style and shape, a file is called so."""
    found = (each for each in scenes if _names(each.id, each.title, video_name).fullmatch(name))
    return next(found, None)


def files_of_scenes(
    files: Sequence[CaptionFile], scenes: Sequence[Scene], video_name: str
) -> tuple[Mapping[int, Sequence[CaptionFile]], tuple[str, ...]]:
    """The files of each scene, by its id, and the names of those that belong to none."""
    found = defaultdict[int, list[CaptionFile]](list)
    strangers: list[str] = []
    for file in files:
        scene = scene_of(file.name, scenes, video_name)
        if scene is None:
            strangers.append(file.name)
        else:
            found[scene.id].append(file)
    return found, tuple(strangers)


def with_files(
    scenes: Sequence[Scene],
    files: Mapping[int, Sequence[CaptionFile]],
    *,
    heard: bool,
    fps: float = 25.0,
) -> Corrected:
    """The scenes with the words of their files; `heard` says that those without words are listened
    to.

    Files that say what the scene's clips showed change nothing. InvalidTranscriptError with every
    file that cannot be read, and the files of one scene that were both corrected and differ.
    """
    faults: list[Fault] = []
    notes: list[str] = []
    corrected: list[Scene] = []
    for scene in scenes:
        found: list[_Correction] = []
        for file in files.get(scene.id, ()):
            try:
                found += _corrections(scene, file, heard=heard, fps=fps, notes=notes)
            except InvalidTranscriptError as error:
                faults += [Fault(_place(file.name, it.place), it.problem) for it in error.faults]
        found = [each for each in found if each.is_new] or found[:1]
        faults += _disagreements(found)
        words = {"words": within(in_order(found[0].words), scene.range)} if found else {}
        corrected.append(scene.model_copy(update=words))
    if faults:
        raise InvalidTranscriptError(faults)
    return Corrected(tuple(corrected), tuple(notes))


@lru_cache(MAX_SCENES)
def _names(scene_id: int, title: str, video_name: str) -> re.Pattern[str]:
    """What files beside the clips of a scene may be called."""
    video = next(labels(video_name, "", of_video=True, of_aspect=False)).removesuffix("_")
    label = rf"(?:{re.escape(video)}(?:-\d+)?_)?(?:\d+x\d+_)?"
    clip = re.escape(f"{scene_id:02}_{slug(title)}_")
    return re.compile(rf"{label}{clip}\w+(?:-\d+)?\.srt", re.IGNORECASE)


def of_no_scene(names: Sequence[str]) -> list[Fault]:
    """What is wrong with files that are no clip's."""
    return [Fault(name, "it belongs to none of the scenes, by its name") for name in names]


def _corrections(
    scene: Scene, file: CaptionFile, *, heard: bool, fps: float, notes: list[str]
) -> Iterator[_Correction]:
    """What the file changes of the scene's words, if anything."""
    start = scene.start if file.start is None else file.start
    reading = _read(file.data, file.name, scene, start, fps)
    notes += [f"{file.name}: {note}" for note in reading.notes]
    back, written = given_lines(reading.transcript.words), _written(scene, file, start, fps)
    is_new = not written or returned(written, back) is not None
    if not is_new and file.heard and heard and scene.words is None:
        return
    lines = _known(scene, file, written)
    words = returned(lines, back)
    if words is None:
        words = tuple(word for line in lines for word in line.words)
    if words != scene.words:
        yield _Correction(file.name, tuple(back), words, is_new)


def _known(scene: Scene, file: CaptionFile, written: list[Line]) -> list[Line]:
    """The lines that the scene's clips show, with all that is known of their words."""
    words = file.shown if file.shown is not None else scene.words
    if words is not None:
        return lines_of(within(words, scene.range))
    # What was heard was set in lines by us, and captions end where they like.
    return [without_breaks(line) for line in written] if file.heard else written


def _written(scene: Scene, file: CaptionFile, start: float, fps: float) -> list[Line]:
    """The lines that were written beside the clip, in the video's time; none if there are none."""
    if file.timed is None:
        return []
    try:
        timed = _read(file.timed, file.name, scene, start, fps)
    except InvalidTranscriptError:
        return []
    return given_lines(timed.transcript.words)


def _read(
    data: str | bytes, name: str, scene: Scene, start: float, fps: float
) -> TranscriptReading:
    """What a file says, in the video's time."""
    reading = parse_transcript(data, name=name, duration=scene.duration, fps=fps, scrolls=False)
    count = len(reading.transcript.words)
    if count > MAX_SCENE_WORDS:
        raise InvalidTranscriptError([Fault("", too_many_words(count))])
    return replace(reading, transcript=reading.transcript.shifted(start))


def _place(name: str, place: str) -> str:
    return f"{name}, {place}" if place else name


def _disagreements(found: Sequence[_Correction]) -> Iterator[Fault]:
    """Of two files of a scene one may be as it was written, but not both be corrected otherwise."""
    for other in found[1:]:
        for one, another in zip_longest(found[0].lines, other.lines):
            if one is None or another is None or not is_alike(one, another):
                yield Fault(other.name, _differ(found[0], one, another))
                break


def _differ(first: _Correction, one: Line | None, another: Line | None) -> str:
    here, there = (f'"{spelled(line.words)}"' if line else "no line" for line in (another, one))
    return (
        f"it has {here} where {first.name} has {there}, and the styles of a scene share its words:"
        " correct one of them, or both alike"
    )
