"""Where the words of captions come from: a transcript, the scenes themselves, or the sound."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Literal

from viralclip.captioning import Captioned, give_captions
from viralclip.errors import (
    Fault,
    InvalidRequestError,
    InvalidTranscriptError,
    NoSpeechTrackError,
)
from viralclip.media.fonts import load_fonts
from viralclip.plan import CaptionMode, CaptionOptions, Video
from viralclip.scenes import Scene
from viralclip.words.reading import MAX_BYTES, TranscriptReading, parse_transcript
from viralclip.words.transcript import Transcript

# A file, words that were read already, the sound, none; None: the scenes' own, if they have any.
WordSource = Path | Transcript | Literal["auto", "none"] | None
Named = str | PathLike[str] | Transcript


@dataclass(frozen=True)
class CaptionFolder:
    """A folder with the subtitles that were written beside clips, to be shown as they are now.

    `others` are the words of scenes that have no file there; None: those that their clips show.
    """

    path: Path
    others: WordSource = None


CaptionSource = WordSource | CaptionFolder


class CaptionSourcesError(InvalidRequestError):
    """Captions come from one transcript and one folder at most; {why}."""

    code = "caption_sources"


def caption_source(named: Named | Iterable[Named] | None) -> CaptionSource:
    """What `--captions` means, or a program: `auto` and `none` are no files, and a folder has
    corrected subtitles, with or without another source beside it."""
    if named is None:
        return None
    several = [named] if isinstance(named, Transcript | str | PathLike) else [*named]
    folders: list[Path] = []
    others: list[WordSource] = []
    for source in map(_word_source, several):
        if isinstance(source, Path) and source.is_dir():
            folders.append(source)
        else:
            others.append(source)
    if len(folders) > 1 or len(others) > 1:
        what = "folders" if len(folders) > 1 else "transcripts"
        raise CaptionSourcesError(why=f"two {what} are named")
    if folders and others == ["none"]:
        raise CaptionSourcesError(why="with a folder there are captions, and not none")
    other = others[0] if others else None
    return CaptionFolder(folders[0], other) if folders else other


def _word_source(named: Named) -> WordSource:
    match named:
        case "auto" | "none" | Transcript():
            return named
        case _:
            return Path(named)


def caption_scenes(
    source: WordSource,
    scenes: Sequence[Scene],
    options: CaptionOptions,
    video: Video,
    fonts: Path | None,
) -> Captioned:
    """The scenes with the words that they are to show, each fault named before anything starts."""
    wanted = options.model_copy(update={"mode": caption_mode(source, scenes)})
    if wanted.mode == "none":
        return Captioned(tuple(scenes), wanted)
    if wanted.mode == "auto" and not video.has_audio:
        raise NoSpeechTrackError(name=video.name)
    reading = source_words(source, video)
    shown = give_captions(
        scenes,
        wanted,
        transcript=reading.transcript,
        fonts=load_fonts(fonts) if wanted.burn else (),
    )
    return Captioned(shown.scenes, shown.options, (*reading.notes, *shown.notes))


def caption_mode(source: WordSource, scenes: Sequence[Scene]) -> CaptionMode:
    """Which words clips show if their source is that one."""
    match source:
        case "auto" | "none":
            return source
        case None:
            return "given" if any(scene.words for scene in scenes) else "none"
        case _:
            return "given"


def source_words(source: WordSource, video: Video) -> TranscriptReading:
    """The words of a source, as far as they are known before anybody listens."""
    match source:
        case Path():
            return read_transcript(source, video)
        case Transcript():
            return TranscriptReading(source)
        case _:
            return TranscriptReading(Transcript())


def read_transcript(path: Path, video: Video) -> TranscriptReading:
    """The words in a file, in the video's time; InvalidTranscriptError says what is wrong."""
    return parse_for(read_bytes(path), path.name, video)


def read_bytes(path: Path) -> bytes:
    """A transcript's file; InvalidTranscriptError says why it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise InvalidTranscriptError([Fault(path.name or str(path), problem)]) from error


def parse_for(data: str | bytes, name: str, video: Video) -> TranscriptReading:
    """The words of a transcript of the video."""
    return parse_transcript(
        data,
        name=name,
        duration=video.duration,
        fps=float(Fraction(video.fps)),
        timecode=video.timecode,
    )
