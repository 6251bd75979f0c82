"""Every error of viralclip as one tree: the type says what it ends, the code says what it is.

The first line of a class's docstring is the message a user reads; braces are filled from the
keyword arguments. It never holds paths, stderr or a traceback: those go into `detail`, for the log.
"""

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from viralclip.text import printable


class ViralclipError(Exception):
    """Something went wrong inside viralclip; the log has the details."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    # What is said where nothing better is known.
    usual: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __init__(self, *, detail: str = "", **facts: object) -> None:
        self.detail = detail
        self.facts = facts
        self.message = printable(_sentence(type(self)).format_map({**self.usual, **facts}))
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        # The engine keeps the errors of finished stages; facts, not the message, rebuild them.
        return _rebuild, (type(self), self.detail, self.facts)


class InvalidRequestError(ViralclipError):
    """The request cannot be accepted; nothing was started."""

    code = "invalid_request"


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input: where it stands and what is wrong, in words."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" if self.place else self.problem


class FaultyInputError(InvalidRequestError):
    """The input has {count} fault(s)."""

    code = "invalid_input"

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(count=len(faults), detail="\n".join(map(str, faults)))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (list(self.faults),)


class InvalidScenesError(FaultyInputError):
    """The scene list has {count} fault(s)."""

    code = "invalid_scenes"


class InvalidTranscriptError(FaultyInputError):
    """The transcript has {count} fault(s)."""

    code = "invalid_transcript"


class UnknownStyleError(InvalidRequestError):
    """There is no style named {name}; choose from {known}."""

    code = "unknown_style"


class UnknownCaptionStyleError(InvalidRequestError):
    """There is no caption style named {name}; choose from {known}."""

    code = "unknown_caption_style"


class UnknownCaptionAreaError(InvalidRequestError):
    """There is no caption area named {name}; choose from {known}."""

    code = "unknown_caption_area"


class StyleDoesNotFitError(InvalidRequestError):
    """None of the chosen styles fits a {width}x{height} video at {aspect}."""

    code = "style_does_not_fit"


class InvalidAspectError(InvalidRequestError):
    """The aspect ratio {value} is not supported; choose from {known}."""

    code = "invalid_aspect"


class UnknownEncoderError(InvalidRequestError):
    """There is no encoder named {name}; choose from {known}."""

    code = "unknown_encoder"


class UnknownAudioTrackError(InvalidRequestError):
    """The video has no audio track {wish} that can be played; choose from {known}."""

    code = "unknown_audio_track"


class NotInstalledError(InvalidRequestError):
    """The package {package} is missing; install it with:
    pip install 'viralclip-scenes[{extra}]'."""

    code = "not_installed"


class SourceMissingError(InvalidRequestError):
    """The video {name} {why}."""

    code = "source_missing"
    usual = MappingProxyType(
        {"why": "does not exist or cannot be read; check the path and its permissions"}
    )


class SourceNotVideoError(InvalidRequestError):
    """The file {name} is not a video that can be decoded; {why}."""

    code = "source_not_video"
    usual = MappingProxyType({"why": "check that the file is complete"})


class SourceStillError(SourceNotVideoError):
    """The file {name} is a picture, not a video; give a file whose picture moves."""

    code = "source_still"


class SourceTooLargeError(SourceNotVideoError):
    """The video {name} has {figure}; at most {limit} can be used."""

    code = "source_too_large"


class SourceTooHeavyError(SourceNotVideoError):
    """Looking into the file {name} takes more than {limit}, so it was ended; check the file."""

    code = "source_too_heavy"


class OutputNotWritableError(InvalidRequestError):
    """Clips cannot be written to {name}; {why}."""

    code = "output_not_writable"
    usual = MappingProxyType({"why": "check that it is a folder and that you may write there"})


class ToolMissingError(InvalidRequestError):
    """No usable {tool} was found; run `viralclip doctor` to see what is missing."""

    code = "tool_missing"


class CaptionsUnavailableError(InvalidRequestError):
    """This FFmpeg cannot draw captions, as it has no libass; install another one, or use
    --no-burn to get them in files beside the clips."""

    code = "captions_unavailable"


class DetectorMissingError(InvalidRequestError):
    """Faces cannot be looked for: {why}; run `viralclip models fetch` and try again."""

    code = "detector_missing"


class SpeechUnavailableError(InvalidRequestError):
    """Speech cannot be transcribed: {why}."""

    code = "speech_unavailable"


class UnknownTranscriberError(SpeechUnavailableError):
    """There is no speech engine named {name}; choose from {known}."""

    code = "unknown_transcriber"


class SpeechModelMissingError(SpeechUnavailableError):
    """The speech model {name} is not on this machine; run `viralclip models fetch {name}`, or name
    a folder that holds one with VIRALCLIP_SPEECH_MODEL."""

    code = "speech_model_missing"


class SpeechModelUnavailableError(SpeechUnavailableError):
    """The speech model {name} is not available: {why}."""

    code = "speech_model_unavailable"


class UnknownLanguageError(SpeechUnavailableError):
    """Nothing can be heard in the language {language}: {why}."""

    code = "unknown_language"


class NoSpeechTrackError(SpeechUnavailableError):
    """The video {name} has no sound, so there is nothing to transcribe."""

    code = "no_sound"


class UnknownJobError(InvalidRequestError):
    """There is no job {job_id}; `viralclip jobs` lists the ones there are."""

    code = "unknown_job"


class JobBusyError(InvalidRequestError):
    """Job {job_id} is still running; cancel it or wait for its end first."""

    code = "job_busy"


class ClipError(ViralclipError):
    """This clip cannot be made; its siblings go on."""

    code = "clip_failed"


class SourceChangedError(ClipError):
    """The video changed or vanished after the job was accepted; put it back and retry the job."""

    code = "source_changed"


class SourceUnreadableError(ClipError):
    """The video cannot be decoded in this scene; the file may be damaged or incomplete there."""

    code = "source_unreadable"


class AnalysisFailedError(ClipError):
    """The scene could not be looked through; the log has the details."""

    code = "analysis_failed"


class AnalysisStalledError(ClipError):
    """Looking through the scene made no progress for {seconds:g} s and was ended."""

    code = "analysis_stalled"
    retryable = True


class TranscriptionFailedError(ClipError):
    """The speech of this scene could not be transcribed; the log has the details."""

    code = "transcription_failed"


class TranscriptionStalledError(ClipError):
    """Transcribing the speech made no progress for {seconds:g} s and was ended."""

    code = "transcription_stalled"
    retryable = True


class RenderFailedError(ClipError):
    """FFmpeg could not render this clip; the log has its last words."""

    code = "render_failed"


class RenderStalledError(ClipError):
    """FFmpeg stopped making progress for {seconds:g} s and was ended."""

    code = "render_stalled"
    retryable = True


class RenderTimedOutError(ClipError):
    """FFmpeg took longer than {seconds:g} s for this clip and was ended."""

    code = "render_timed_out"


class RenderIncompleteError(ClipError):
    """FFmpeg ended without error but the clip is {got:.3f} s long instead of {wanted:.3f} s."""

    code = "render_incomplete"
    retryable = True


class EncoderBusyError(ClipError):
    """The hardware encoder has no free session; trying again."""

    code = "encoder_busy"
    retryable = True


class DiskFullError(ClipError):
    """The disk is full; free some space and retry the job."""

    code = "disk_full"
    retryable = True  # what other clips leave behind goes away when they end


class WorkerCrashedError(ClipError):
    """Making this clip ended its worker {crashes} times; it is not tried again."""

    code = "worker_crashed"


class ThumbnailFailedError(ViralclipError):
    """The clip has no thumbnail; the clip itself is fine."""

    code = "thumbnail_failed"


class ModelUnavailableError(ViralclipError):
    """The face model is not available: {why}."""

    code = "model_unavailable"


class JobError(ViralclipError):
    """The job cannot go on."""

    code = "job_failed"


class StorageUnavailableError(JobError):
    """The storage did not answer; trying again."""

    code = "storage_unavailable"
    retryable = True


class StorageRejectedError(JobError):
    """The storage refused the clip; check that the destination exists and can be written to."""

    code = "storage_rejected"


class StorageFullError(StorageRejectedError):
    """The destination is full; free some space and retry the job."""

    code = "storage_full"


def is_disk_full(error: BaseException | None) -> bool:
    """Whether it was for want of room that something failed, whoever says so: the system, a
    database, or an error that either of them led to."""
    if error is None:
        return False
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return full or "disk is full" in str(error) or is_disk_full(error.__cause__)


def known_error(error: Exception) -> ViralclipError:
    """The error itself if it is of this tree, else what is known of it."""
    if isinstance(error, ViralclipError):
        return error
    kind = DiskFullError if is_disk_full(error) else ViralclipError
    known = kind(detail=repr(error))
    known.__cause__ = error
    return known


def known_codes() -> frozenset[str]:
    """The codes of this package's errors, whatever an extension adds; those imported so far."""
    return frozenset(kind.code for kind in _family(ViralclipError) if _is_ours(kind))


def _family(kind: type[ViralclipError]) -> Iterator[type[ViralclipError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _family(narrower)


def _is_ours(kind: type[ViralclipError]) -> bool:
    return kind.__module__.partition(".")[0] == __package__


def _rebuild(kind: type[ViralclipError], detail: str, facts: dict[str, object]) -> ViralclipError:
    return kind(detail=detail, **facts)


def _sentence(kind: type[ViralclipError]) -> str:
    return " ".join((kind.__doc__ or "").partition("\n\n")[0].split())
