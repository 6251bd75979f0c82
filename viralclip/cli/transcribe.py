"""`viralclip transcribe`: what is said in a video, as subtitles or JSON, with progress."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from viralclip.app.openers import open_transcripts, speech_choice
from viralclip.cli.display.progress_bar import open_progress_bar
from viralclip.cli.figures import duration
from viralclip.errors import InvalidRequestError
from viralclip.media.probe import Probed, probe
from viralclip.settings import Settings
from viralclip.speech.recogniser import Recogniser, find_recogniser
from viralclip.speech.spoken import spoken_source
from viralclip.text import counted
from viralclip.timecode import TimeRange, parse_time
from viralclip.words.languages import spoken_language
from viralclip.words.transcript import Transcript
from viralclip.words.writing import FORMATS, write_transcript

_USUAL = "srt"


class UnknownTranscriptFormatError(InvalidRequestError):
    """There is no transcript format named {name}; choose from {known}."""

    code = "unknown_transcript_format"


class TranscriptNotWritableError(InvalidRequestError):
    """The transcript {name} cannot be written; check the folder and your permissions."""

    code = "transcript_not_writable"


class InvalidStretchError(InvalidRequestError):
    """The stretch cannot be transcribed: {why}."""

    code = "invalid_stretch"


@dataclass(frozen=True)
class TranscribeRequest:
    """What to transcribe and where to; times and form as they were typed."""

    source: Path
    out: Path | None = None
    form: str | None = None
    language: str = ""
    audio_track: str = "voice"
    start: str | None = None
    end: str | None = None


async def transcribe(request: TranscribeRequest, settings: Settings) -> int:
    """Write the transcript to its file, or to stdout; all else that is said goes to stderr."""
    form = _form(request)
    language = spoken_language(request.language or settings.speech.language)
    recogniser = await asyncio.to_thread(find_recogniser, speech_choice(settings))
    recogniser.demand(language)
    request = replace(request, language=language)
    probed = await asyncio.to_thread(probe, request.source)
    stretch = _stretch(request, probed)
    with _written(request.out, settings.state.umask) as target:
        transcript = await _transcribed(request, probed, stretch, recogniser, settings)
        target.write(write_transcript(transcript, form))
    return 0


async def _transcribed(
    request: TranscribeRequest,
    probed: Probed,
    stretch: TimeRange,
    recogniser: Recogniser,
    settings: Settings,
) -> Transcript:
    began = time.monotonic()
    source = spoken_source(probed, request.audio_track)
    with open_progress_bar(sys.stderr, title=f"Transcribing {probed.video.name}") as bar:
        transcript = await open_transcripts(settings).transcript(
            source, stretch, recogniser, language=request.language, on_progress=bar.show
        )
    words = counted(len(transcript.words), "word")
    of = duration(stretch.duration)
    took = duration(time.monotonic() - began)
    sys.stderr.write(f"{words} in {of} of sound, by {recogniser.origin}, after {took}\n")
    return transcript


def _form(request: TranscribeRequest) -> str:
    """The format that was named, or else that of the file's ending."""
    ending = request.out.suffix.removeprefix(".").lower() if request.out else ""
    form = request.form or (ending if ending in FORMATS else _USUAL)
    if form not in FORMATS:
        raise UnknownTranscriptFormatError(name=form, known=", ".join(FORMATS))
    return form


def _stretch(request: TranscribeRequest, probed: Probed) -> TimeRange:
    whole = probed.video.duration
    try:
        start = parse_time(request.start) if request.start else 0.0
        end = parse_time(request.end) if request.end else whole
    except ValueError as error:
        raise InvalidStretchError(why=str(error)) from error
    if start >= whole:
        raise InvalidStretchError(why=f"it starts after the video's end, which is at {whole:.1f} s")
    if end <= start:
        raise InvalidStretchError(why="it ends before it starts")
    return TimeRange(start, min(end, whole))


@contextmanager
def _written(path: Path | None, umask: int) -> Iterator[TextIO]:
    """The file, tried before anything is done for it; what was there stays until all is done."""
    if path is None:
        yield sys.stdout
        return
    try:
        partial = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed below, and renamed
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        )
    except OSError as error:
        raise TranscriptNotWritableError(name=path, detail=repr(error)) from error
    try:
        with partial:
            yield partial  # pyright: ignore[reportReturnType] - a wrapper of a TextIO
        Path(partial.name).chmod(0o666 & ~umask)
        Path(partial.name).replace(path)
    except BaseException:
        Path(partial.name).unlink(missing_ok=True)
        raise
