"""What people read: one table of words for each vocabulary of the wire, and friendly figures."""

from viralclip import steps
from viralclip.events import NO_DETECTOR, Algorithm, Level, Outcome
from viralclip.progress import JobStatus, SceneStatus
from viralclip.steps import Step

STEPS: dict[Step, str] = {step: facts.words for step, facts in steps.STEPS.items()}

OUTCOMES: dict[Outcome, str] = {
    "succeeded": "succeeded",
    "partial": "partly done",
    "failed": "failed",
    "cancelled": "cancelled",
}

SCENES: dict[SceneStatus, str] = {
    "pending": "waiting",
    "processing": "in progress",
    "completed": "done",
    "partial": "partly done",
    "failed": "failed",
    "cancelled": "cancelled",
}

JOBS: dict[JobStatus, str] = {
    "queued": "waiting for a worker",
    "running": "in progress",
    "finished": "finished",
}

ALGORITHMS: dict[Algorithm, str] = {
    "basic": "follows the main face",
    "motion": "follows the motion",
    "audio_aware": "follows speech",
    "speaker_aware": "follows the speaker",
}

LEVELS: dict[Level, str] = {
    "debug": "detail",
    "info": "note",
    "warning": "warning",
    "error": "error",
}

# The reason in a few words, for places that know the code but not the message.
CODES: dict[str, str] = {
    "internal": "something went wrong inside viralclip",
    "invalid_request": "the request cannot be accepted",
    "invalid_input": "the input has faults",
    "invalid_scenes": "the scene list has faults",
    "invalid_transcript": "the transcript has faults",
    "unknown_style": "the style is not known",
    "unknown_caption_style": "the caption style is not known",
    "unknown_caption_area": "the caption area is not known",
    "style_does_not_fit": "no chosen style fits the video",
    "invalid_aspect": "the aspect ratio is not supported",
    "unknown_encoder": "the encoder is not known",
    "source_missing": "the video cannot be found",
    "source_not_video": "the file is not a video",
    "source_still": "the file is a picture",
    "source_too_large": "the video is too large",
    "source_too_heavy": "the file takes too much to look into",
    "unknown_audio_track": "the audio track is not there",
    "output_not_writable": "the output folder is not writable",
    "tool_missing": "a tool is missing",
    "not_installed": "a package is missing",
    "captions_unavailable": "captions cannot be drawn",
    "detector_missing": "faces cannot be looked for",
    "speech_unavailable": "speech cannot be transcribed",
    "unknown_transcriber": "the speech engine is not known",
    "speech_model_missing": "the speech model is not here",
    "speech_model_unavailable": "the speech model is not available",
    "unknown_language": "the speech model does not know the language",
    "no_sound": "the video has no sound",
    "unknown_job": "the job is not known",
    "job_busy": "the job is still running",
    "clip_failed": "the clip cannot be made",
    "source_changed": "the video changed",
    "source_unreadable": "the video cannot be decoded there",
    "analysis_failed": "the scene could not be looked through",
    "analysis_stalled": "looking through the scene made no progress",
    "transcription_failed": "its speech could not be transcribed",
    "transcription_stalled": "transcribing its speech made no progress",
    "render_failed": "FFmpeg could not render it",
    "render_stalled": "FFmpeg stopped making progress",
    "render_timed_out": "FFmpeg took too long",
    "render_incomplete": "FFmpeg left the clip too short",
    "encoder_busy": "the hardware encoder was busy",
    "disk_full": "the disk is full",
    "worker_crashed": "its worker crashed",
    "thumbnail_failed": "no thumbnail could be made",
    "model_unavailable": "the face model is not available",
    "job_failed": "the job cannot go on",
    "storage_unavailable": "the storage did not answer",
    "storage_rejected": "the storage refused the clip",
    "storage_full": "the destination is full",
}

# What to try next, where the message itself does not say it.
ADVICE: dict[str, str] = {
    "source_unreadable": "Play the video at this scene; if it breaks there too, fetch it again.",
    "analysis_failed": "Try the clip again; a style that follows nobody needs no such look.",
    "transcription_failed": "Try the clip again, or give captions from a file.",
    "render_failed": "If a retry fails too, the log says what FFmpeg did not like.",
    "render_stalled": "Check that the disk of the video is there and fast enough.",
    "render_timed_out": "Try shorter scenes or --preset fast.",
    "worker_crashed": "Often memory ran out: try fewer slots or --preset fast.",
}


def reason(code: str) -> str:
    """Why, in a few words; a code from a newer worker still reads as words."""
    return CODES.get(code, code.replace("_", " "))


def anomaly(step: Step, times: float | None) -> str:
    """What is not as it should be: "rendering takes 4 times what clips like this take here"."""
    if times is None:
        return f"{STEPS[step]} takes unusually long"
    return f"{STEPS[step]} takes {multiple(times)} what clips like this take here"


def multiple(count: float) -> str:
    near = round(count)
    return "twice" if near <= 2 else f"{near} times"  # noqa: PLR2004 - a word of its own


def scene_number(scene_id: int) -> str:
    return f"{scene_id:02}"


def cancelled_by(by: str) -> str:
    """Who cancelled, or the error of a sibling that ended the whole job."""
    return f"because {reason(by)}" if by in CODES else f"by {by}"


def algorithm(name: str) -> str:
    words: dict[str, str] = {**ALGORITHMS}
    return words.get(name, name)


def detector(name: str) -> str:
    return name if name not in ("", NO_DETECTOR) else "no face detector"
