"""Where the words of captions come from: a transcript, the scenes themselves, or the sound."""

from collections.abc import Sequence
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Literal

from viralclip.captioning import Captioned, give_captions
from viralclip.errors import Fault, InvalidTranscriptError, NoSpeechTrackError
from viralclip.media.fonts import load_fonts
from viralclip.plan import CaptionMode, CaptionOptions, Video
from viralclip.scenes import Scene
from viralclip.words.reading import MAX_BYTES, TranscriptReading, parse_transcript
from viralclip.words.transcript import Transcript

# A file, words that were read already, the sound, none; None: the scenes' own, if they have any.
CaptionSource = Path | Transcript | Literal["auto", "none"] | None


def caption_source(named: str | PathLike[str] | Transcript | None) -> CaptionSource:
    """What `--captions` means, or a program: `auto` and `none` are no files."""
    match named:
        case None | "auto" | "none" | Transcript():
            return named
        case _:
            return Path(named)


def caption_scenes(
    source: CaptionSource,
    scenes: Sequence[Scene],
    options: CaptionOptions,
    video: Video,
    fonts: Path | None,
) -> Captioned:
    """The scenes with the words that they are to show, each fault named before anything starts."""
    wanted = options.model_copy(update={"mode": _mode(source, scenes)})
    if wanted.mode == "none":
        return Captioned(tuple(scenes), wanted)
    if wanted.mode == "auto" and not video.has_audio:
        raise NoSpeechTrackError(name=video.name)
    reading = _reading(source, video)
    shown = give_captions(
        scenes,
        wanted,
        transcript=reading.transcript,
        fonts=load_fonts(fonts) if wanted.burn else (),
    )
    return Captioned(shown.scenes, shown.options, (*reading.notes, *shown.notes))


def _mode(source: CaptionSource, scenes: Sequence[Scene]) -> CaptionMode:
    match source:
        case "auto" | "none":
            return source
        case None:
            return "given" if any(scene.words for scene in scenes) else "none"
        case _:
            return "given"


def _reading(source: CaptionSource, video: Video) -> TranscriptReading:
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
