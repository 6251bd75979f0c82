// What went wrong, by its code: the reason in a few words, and what to try.

// The reason in a few words, for places that know the code but not the message: every code that a
// worker can name as the reason of a retry, or of a job that it ended (tests/pipeline/test_page_words.py).
const CODES: Record<string, string> = {
  internal: "something went wrong inside viralclip",
  invalid_request: "the request cannot be accepted",
  invalid_scenes: "the scene list has faults",
  invalid_transcript: "the transcript has faults",
  unknown_style: "the style is not known",
  unknown_caption_style: "the caption style is not known",
  unknown_caption_area: "the caption area is not known",
  unknown_encoder: "the encoder is not known",
  style_does_not_fit: "no chosen style fits the video",
  invalid_aspect: "the aspect ratio is not supported",
  source_missing: "the video cannot be found",
  source_not_video: "the file is not a video",
  source_still: "the file is a picture",
  source_too_large: "the video is too large",
  source_too_heavy: "the file takes too much to look into",
  unknown_audio_track: "the audio track is not there",
  output_not_writable: "the output folder is not writable",
  tool_missing: "a tool is missing",
  not_installed: "a package is missing",
  speech_unavailable: "speech cannot be transcribed",
  unknown_transcriber: "the speech engine is not known",
  speech_model_missing: "the speech model is not here",
  speech_model_unavailable: "the speech model is not available",
  unknown_language: "the speech model does not know the language",
  no_sound: "the video has no sound",
  unknown_job: "the job is not known",
  job_busy: "the job is still running",
  clip_failed: "the clip cannot be made",
  source_changed: "the video changed",
  source_unreadable: "the video cannot be decoded there",
  captions_unavailable: "captions cannot be drawn",
  detector_missing: "faces cannot be looked for",
  model_unavailable: "the face model is not available",
  analysis_failed: "the scene could not be looked through",
  analysis_stalled: "looking through the scene made no progress",
  transcription_failed: "its speech could not be transcribed",
  transcription_stalled: "transcribing its speech made no progress",
  render_failed: "FFmpeg could not render it",
  render_stalled: "FFmpeg stopped making progress",
  render_timed_out: "FFmpeg took too long",
  render_incomplete: "FFmpeg left the clip too short",
  encoder_busy: "the hardware encoder was busy",
  rendition_lost: "the rendered file was lost",
  disk_full: "the disk is full",
  worker_crashed: "its worker crashed",
  thumbnail_failed: "no thumbnail could be made",
  job_failed: "the job cannot go on",
  storage_unavailable: "the storage did not answer",
  storage_rejected: "the storage refused the clip",
  storage_full: "the destination is full",
  not_found: "it is not there any more",
  unauthorized: "a token is needed",
  too_many: "there are too many at once",
  too_large: "it is too large",
  unreachable: "the server does not answer",
};

// What to try next, where the message itself does not say it.
const ADVICE: Record<string, string> = {
  source_unreadable: "Play the video at this scene; if it breaks there too, fetch it again.",
  analysis_failed: "Try the clip again; a style that follows nobody needs no such look.",
  transcription_failed: "Try the clip again, or give captions from a file.",
  render_failed: "If a retry fails too, the server's log says what FFmpeg did not like.",
  render_stalled: "Check that the disk of the video is there and fast enough.",
  render_timed_out: "Try shorter scenes or the fast preset.",
  worker_crashed: "Often memory ran out: try fewer slots or the fast preset.",
};

/** Why, in a few words; a code from a newer worker still reads as words. */
export function reason(code: string): string {
  return CODES[code] ?? code.replaceAll("_", " ");
}

export function advice(code: string): string {
  return ADVICE[code] ?? "";
}

/** Who cancelled, or the error of a sibling that ended the whole job. */
export function cancelledBy(by: string): string {
  return by in CODES ? `because ${reason(by)}` : `by ${by}`;
}
