// Every sentence that people read: one table for each vocabulary of the wire, and friendly figures.

import type { AudioTrack, ClipState, Envelope, JobOut, Progress, SceneState, Step } from "./api.gen";
import type { Connection } from "./live";
import { type Event, isKnown, unreachable } from "./progress";
import { STEPS } from "./steps.gen";

type Outcome = NonNullable<Progress["outcome"]>;
type Level = Extract<Event, { type: "log" }>["level"];
type Algorithm = Extract<Event, { step: "computing_camera_path" }>["details"]["algorithm"];
type Details = ClipState["details"];
type Working = Exclude<Step, "complete" | "failed" | "retrying" | "cancelled">;

export const OUTCOMES: Record<Outcome, string> = {
  succeeded: "succeeded",
  partial: "partly done",
  failed: "failed",
  cancelled: "cancelled",
};

export const SCENES: Record<SceneState["status"], string> = {
  pending: "waiting",
  processing: "in progress",
  completed: "done",
  partial: "partly done",
  failed: "failed",
  cancelled: "cancelled",
};

export const JOBS: Record<Progress["status"], string> = {
  queued: "waiting for a worker",
  running: "in progress",
  finished: "finished",
};

export const CONNECTIONS: Record<Connection, string> = {
  connecting: "connecting",
  live: "live",
  catching_up: "catching up",
  polling: "polling",
  offline: "offline",
};

export const CONNECTION_HINTS: Record<Connection, string> = {
  connecting: "The page is connecting to the server.",
  live: "What you see is what happens now.",
  catching_up: "The page was away and is reading what it missed.",
  polling: "Something on the way blocks live connections; the page asks every few seconds.",
  offline: "The server does not answer; the page keeps trying and loses nothing.",
};

export const PRIORITIES: Record<JobOut["priority"], string> = {
  urgent: "urgent",
  normal: "normal",
  low: "low",
};

export const PRESETS: Record<JobOut["preset"], string> = {
  fast: "fast",
  balanced: "balanced",
  quality: "quality",
};

export const PRESET_HINTS: Record<JobOut["preset"], string> = {
  fast: "quickest to make, larger files",
  balanced: "good pictures in good time",
  quality: "best pictures, takes longest",
};

export const ASPECT_HINTS: Record<string, string> = {
  "9:16": "phone, Shorts, Reels, TikTok",
  "1:1": "square, feeds",
  "4:5": "tall feeds",
  "16:9": "wide, YouTube",
};

export const ALGORITHMS: Record<Algorithm, string> = {
  basic: "follows the main face",
  motion: "follows the motion",
  audio_aware: "follows speech",
  speaker_aware: "follows the speaker",
};

export const LEVELS: Record<Level, string> = {
  debug: "detail",
  info: "note",
  warning: "warning",
  error: "error",
};

// The reason in a few words, for places that know the code but not the message.
const CODES: Record<string, string> = {
  internal: "something went wrong inside viralclip",
  invalid_request: "the request cannot be accepted",
  invalid_scenes: "the scene list has faults",
  unknown_style: "the style is not known",
  style_does_not_fit: "no chosen style fits the video",
  invalid_aspect: "the aspect ratio is not supported",
  source_missing: "the video cannot be found",
  source_not_video: "the file is not a video",
  source_still: "the file is a picture",
  source_too_large: "the video is too large",
  source_too_heavy: "the file takes too much to look into",
  unknown_audio_track: "the audio track is not there",
  job_busy: "the job is still running",
  clip_failed: "the clip cannot be made",
  source_changed: "the video changed",
  source_unreadable: "the video cannot be decoded there",
  detector_missing: "faces cannot be looked for",
  analysis_failed: "the scene could not be looked through",
  analysis_stalled: "looking through the scene made no progress",
  render_failed: "FFmpeg could not render it",
  render_stalled: "FFmpeg stopped making progress",
  render_timed_out: "FFmpeg took too long",
  render_incomplete: "FFmpeg left the clip too short",
  encoder_busy: "the hardware encoder was busy",
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
  render_failed: "If a retry fails too, the server's log says what FFmpeg did not like.",
  render_stalled: "Check that the disk of the video is there and fast enough.",
  render_timed_out: "Try shorter scenes or the fast preset.",
  worker_crashed: "Often memory ran out: try fewer slots or the fast preset.",
};

const MINUTE = 60;
const HOUR = 3600;
const ALMOST_NOW = 8;
const NARROW_BAND = 1.4;
const FIGURE_SPACE = "\u2007";

/** Why, in a few words; a code from a newer worker still reads as words. */
export function reason(code: string): string {
  return CODES[code] ?? code.replaceAll("_", " ");
}

export function advice(code: string): string {
  return ADVICE[code] ?? "";
}

/** `left_focus` as people say it. */
export function styleName(style: string): string {
  return style.replaceAll("_", " ");
}

/** What a clip is doing: the step in words, then its details, the most telling first. */
export function clipWords(clip: ClipState, now: number): string[] {
  const [step = "", ...details] = described(clip, now).filter((part) => part !== "");
  const slow = clip.slow_times === null ? [] : [`${times(clip.slow_times)} as long as usual`];
  return [step, ...slow, ...details];
}

/** What is not as it should be: "rendering takes 4 times what clips like this take here". */
function anomalyWords(step: Step, count: number | null): string {
  return count === null ? `${STEPS[step].words} takes unusually long` : `${STEPS[step].words} takes ${times(count)} what clips like this take here`;
}

function times(count: number): string {
  const near = Math.round(count);
  return near <= 2 ? "twice" : `${near} times`;
}

export function percent(fraction: number, outcome: Progress["outcome"] = null): number {
  if (outcome === "succeeded" || outcome === "partial") return 100;
  return Math.min(Math.floor(fraction * 100), 99);
}

/** How long a job still takes, as precisely as is known; empty when nothing is. */
export function timeLeft(eta: number | null, low: number | null, high: number | null): string {
  if (eta === null) return "";
  if (low === null || high === null || high <= Math.max(low, 1) * NARROW_BAND) return `${about(eta)} left`;
  const [least, most] = [rounded(low), rounded(high)];
  if (most <= ALMOST_NOW || phrase(least) === phrase(most)) return `${about(eta)} left`;
  if (least < ALMOST_NOW) return `up to ${phrase(most)} left`;
  return `${span(least, most)} left`;
}

/** The job in one line, for the tab's title and the bar's text. */
export function jobWords(progress: Progress): string {
  if (progress.status === "finished") return OUTCOMES[progress.outcome ?? "failed"];
  if (!progress.has_worker) return standstill(progress.moved_at);
  if (progress.status === "queued") return JOBS.queued;
  return remaining(progress) || JOBS.running;
}

/** How long it takes until what is shown as the end and, if that is more than about a minute, when
 * that is. A worker of the version before tells seconds alone. */
function remaining(progress: Progress): string {
  const { eta_sec, eta_at, eta_low_at, eta_high_at, moved_at } = progress;
  if (eta_sec === null || eta_at === null || eta_low_at === null || eta_high_at === null || moved_at === null) {
    return timeLeft(eta_sec, progress.eta_low_sec, progress.eta_high_sec);
  }
  const from = Date.parse(moved_at);
  const until = (at: string) => Math.max(Date.parse(at) - from, 0) / 1000;
  const left = timeLeft(until(eta_at), until(eta_low_at), until(eta_high_at));
  return until(eta_at) < MINUTE ? left : `${left}, ${doneAbout(eta_at, eta_low_at, eta_high_at, from)}`;
}

/** "done about 14:32 (14:30–14:36)"; a day of its own is named. */
export function doneAbout(expected: string, low: string, high: string, now: number): string {
  const [about, least, most] = [expected, low, high].map((at) => clockTime(new Date(at), new Date(now)));
  return `done about ${about}${least === most ? "" : ` (${least}–${most})`}`;
}

function clockTime(at: Date, now: Date): string {
  const day = at.toDateString() === now.toDateString() ? {} : ({ weekday: "short" } as const);
  return at.toLocaleTimeString(undefined, { ...day, hour: "2-digit", minute: "2-digit", hour12: false });
}

/** What to say of a job that no worker is at. */
export function standstill(movedAt: string | null, now = new Date()): string {
  if (movedAt === null) return "no worker";
  const at = new Date(movedAt);
  const day = at.toDateString() === now.toDateString() ? "" : `${at.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, `;
  const time = at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
  return `no worker; nothing has moved since ${day}${time}`;
}

/** How far a job is, for its headline and the tab's title; one that lost clips says what it has. */
export function shareOf(progress: Pick<Progress, "fraction" | "outcome" | "clips_completed" | "clips_total">): string {
  if (progress.outcome === "partial") return `${progress.clips_completed} of ${progress.clips_total}`;
  return `${percent(progress.fraction, progress.outcome)} %`;
}

export function clipCounts(counts: Pick<Progress, "clips_completed" | "clips_failed" | "clips_cancelled" | "clips_total">): string {
  const parts = [`${counts.clips_completed} of ${counted(counts.clips_total, "clip")} done`];
  if (counts.clips_failed) parts.push(`${counts.clips_failed} failed`);
  if (counts.clips_cancelled) parts.push(`${counts.clips_cancelled} cancelled`);
  return parts.join(", ");
}

export interface Line {
  seq: number;
  at: string;
  level: Level;
  text: string;
}

/** An envelope as a line of the log. */
export function logLine({ seq, at, event }: Envelope): Line {
  return { seq, at, level: levelOf(event), text: isKnown(event) ? eventWords(event) : `${styleName(event.type)} (told by a newer version)` };
}

/** What a screen reader hears: the ends of things, not each step. */
export function milestone({ event }: Envelope): string {
  switch (event.type) {
    case "scene_completed":
    case "job_finished":
    case "job_recovered":
      return eventWords(event);
    case "clip_progress":
      return event.step === "failed" ? eventWords(event) : "";
    default:
      return "";
  }
}

function levelOf(event: Event): Level {
  if (event.type === "log") return event.level;
  if (event.type === "warning" || event.type === "anomaly" || event.type === "job_recovered") return "warning";
  if (event.type === "clip_progress" && event.step === "failed") return "error";
  if (event.type === "clip_progress" && event.step === "retrying") return "warning";
  if (event.type === "job_finished" && event.outcome === "failed") return "error";
  if (event.type === "clip_progress" && event.step !== "complete") return "debug";
  return "info";
}

function eventWords(event: Event): string {
  switch (event.type) {
    case "job_queued":
      return `Run ${event.run} queued: ${counted(event.scenes.length, "scene")}`;
    case "job_started":
      return event.attempt > 1 ? `Started again on ${event.worker}` : `Started on ${event.worker}`;
    case "job_recovered":
      return `${event.to_worker} took over from ${event.from_worker}`;
    case "scene_started":
      return `Scene ${event.scene_id} “${event.title}” started: ${counted(event.style_count, "style")}`;
    case "scene_completed":
      return `Scene ${event.scene_id} ended: ${endings(event)}`;
    case "warning":
      return `${whereabouts(event.scene_id, event.style)}${event.message}`;
    case "log":
      return event.message;
    case "anomaly":
      return `${whereabouts(event.scene_id, event.style)}${anomalyWords(event.step, event.times ?? null)}`;
    case "job_finished":
      return `Job ${OUTCOMES[event.outcome]}: ${endings(event)}`;
    case "clip_progress":
      return `${whereabouts(event.scene_id, event.style)}${stepWords(event)}`;
    default:
      return unreachable(event, "");
  }
}

function stepWords(event: Extract<Event, { type: "clip_progress" }>): string {
  switch (event.step) {
    case "failed":
      return `failed while ${STEPS[event.details.step].words}: ${event.details.message}`;
    case "retrying":
      return `attempt ${event.details.attempt} in ${duration(event.details.delay_sec)}: ${reason(event.details.code)}`;
    case "cancelled":
      return `cancelled ${cancelledBy(event.details.by)}`;
    case "complete":
      return event.details.kept ? "done already, kept" : "done";
    default:
      return factual(event.step, event.details as Details).filter((part) => part !== "").join(" · ");
  }
}

function endings(counts: { clips_completed: number; clips_failed: number; clips_cancelled: number }): string {
  const parts = [`${counts.clips_completed} done`];
  if (counts.clips_failed) parts.push(`${counts.clips_failed} failed`);
  if (counts.clips_cancelled) parts.push(`${counts.clips_cancelled} cancelled`);
  return parts.join(", ");
}

function whereabouts(scene: number | null | undefined, style: string | null | undefined): string {
  if (scene === null || scene === undefined) return "";
  return style ? `Scene ${scene}, ${styleName(style)}: ` : `Scene ${scene}: `;
}

/** A place in a video: 0:05, 1:02.5, 1:02:03. */
export function timecode(seconds: number): string {
  const tenths = Math.round(Math.max(seconds, 0) * 10);
  const whole = Math.floor(tenths / 10);
  return tenths % 10 ? `${clock(whole)}.${tenths % 10}` : clock(whole);
}

export function clock(seconds: number): string {
  const whole = Math.floor(Math.max(seconds, 0));
  const [hours, minutes, rest] = [Math.floor(whole / HOUR), Math.floor(whole / MINUTE) % MINUTE, whole % MINUTE];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A measured time: 0.4 s, 12.0 s, 1 min 42 s, 2 h 05 min. */
export function duration(seconds: number): string {
  const whole = Math.floor(Math.max(seconds, 0));
  if (seconds < MINUTE) return `${(Math.floor(Math.max(seconds, 0) * 10) / 10).toFixed(1)} s`;
  if (seconds < HOUR) return `${Math.floor(whole / MINUTE)} min ${two(whole % MINUTE)} s`;
  return `${Math.floor(whole / HOUR)} h ${two(Math.floor(whole / MINUTE) % MINUTE)} min`;
}

export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes.toFixed(0)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

interface Uploading {
  sent: number;
  size: number;
  step: "sending" | "checking" | "storing";
  fraction: number | null;
  isPaused: boolean;
  isWaiting: boolean;
}

/** How far an upload is, while nothing is wrong with it. */
export function uploadSentence({ sent, size, step, fraction, isPaused, isWaiting }: Uploading): string {
  if (step === "checking") return isWaiting ? "The server cannot check the video yet; it tries again…" : "Checking the video…";
  if (step === "storing") {
    if (isWaiting) return "The storage does not take the video yet; the server tries again…";
    return fraction === null ? "Storing the video…" : `Storing the video, ${percent(fraction)} %`;
  }
  const how = `${fileSize(sent)} of ${fileSize(size)}`;
  if (isPaused) return `${how}, paused`;
  return isWaiting ? `${how}. The server cannot be reached; trying again…` : how;
}

/** How long ago, for lists. */
export function ago(at: string, now: number): string {
  const seconds = (now - Date.parse(at)) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 90 * MINUTE) return `${Math.max(Math.round(seconds / MINUTE), 1)} min ago`;
  if (seconds < 36 * HOUR) return `${Math.round(seconds / HOUR)} h ago`;
  return new Date(at).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" });
}

export function timeOfDay(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false });
}

/** 1 clip, 2 clips. */
/** An audio track by its number and what it is called, or by its language. */
export function audioTrackName({ number, title, language }: AudioTrack): string {
  return `${number}. ${title || (language && languageName(language)) || "without a name"}`;
}

export function audioTrackFacts({ title, language, channels, role, speech }: AudioTrack): string {
  const speaks = speech > SPEECH_LIKELY ? "speech" : "";
  return [title && language && languageName(language), channelWords(channels), role, speaks].filter(Boolean).join(", ");
}

export function voiceHint(heard: number[]): string {
  const last = heard.at(-1);
  if (last === undefined) return "nothing can be heard";
  return heard.length === 1 ? `track ${last}` : `tracks ${heard.slice(0, -1).join(", ")} and ${last}, mixed`;
}

export function levelWords(db: number): string {
  return db <= SILENT_DB ? "silent" : `\u2212${Math.abs(Math.round(db))} dB`;
}

/** How far a level meter goes, 0 to 1. */
export function loudShare(db: number): number {
  return Math.min(Math.max(1 - db / SILENT_DB, 0), 1);
}

const SILENT_DB = -60;
const SPEECH_LIKELY = 0.3;
const CHANNELS: Record<number, string> = { 1: "mono", 2: "stereo", 6: "5.1", 8: "7.1" };

function channelWords(channels: number): string {
  return CHANNELS[channels] ?? counted(channels, "channel");
}

function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

export function counted(count: number, noun: string): string {
  return count === 1 ? `${count} ${noun}` : `${count} ${noun}s`;
}

/** A share with room for three digits: a longer number does not move what stands beside it. */
export function shareWords(share: number): string {
  return `${String(share).padStart(3, FIGURE_SPACE)} %`;
}

/** What went wrong so far, in one line. */
export function troubleWords(failed: number, cancelled: number, warnings: number, isOver: boolean): string {
  const parts = [
    failed ? `${counted(failed, "clip")} failed` : "",
    cancelled ? `${cancelled} cancelled` : "",
    warnings ? counted(warnings, "warning") : "",
  ];
  return parts.filter((part) => part !== "").join(", ") || (isOver ? "Nothing failed" : "Nothing failed so far");
}

/** Who cancelled, or the error of a sibling that ended the whole job. */
export function cancelledBy(by: string): string {
  return by in CODES ? `because ${reason(by)}` : `by ${by}`;
}

function about(seconds: number): string {
  const near = rounded(seconds);
  return near <= ALMOST_NOW ? "a few seconds" : `about ${phrase(near)}`;
}

function span(least: number, most: number): string {
  const [less = "", lowUnit = ""] = phrase(least).split(" ");
  const [more = "", unit = ""] = phrase(most).split(" ");
  if (lowUnit === unit) return `${less}–${more} ${unit}`;
  const nearlyOne = { min: 45, h: 45 * MINUTE }[unit] ?? Infinity;
  return least >= nearlyOne ? `1–${more} ${unit}` : `${less} ${lowUnit} – ${more} ${unit}`;
}

/** As exact as people want it: a long time is never known to the second. */
function rounded(seconds: number): number {
  const grains: [number, number][] = [[10, 1], [30, 5], [90, 10], [600, 60], [HOUR * 1.5, 300]];
  const grain = grains.find(([below]) => seconds < below)?.[1] ?? 1800;
  return Math.round(seconds / grain) * grain;
}

function phrase(seconds: number): string {
  if (seconds < MINUTE * 1.5) return `${seconds.toFixed(0)} s`;
  if (seconds < HOUR * 1.5) return `${(seconds / MINUTE).toFixed(0)} min`;
  return `${seconds / HOUR} h`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** FFmpeg's figures, where there are any; speed is seconds of clip per second of work. */
function pace(clip: ClipState): string[] {
  return [
    clip.fps === null || clip.fps < 0.5 ? "" : `${clip.fps.toFixed(0)} fps`,
    clip.speed === null ? "" : `${clip.speed.toFixed(1)}×`,
    clip.eta_sec === null || clip.eta_sec < 1 ? "" : `${phrase(rounded(clip.eta_sec))} left`,
  ];
}

function figure(details: Details, name: string, say: (value: number) => string): string {
  const value = details[name];
  return typeof value === "number" ? say(value) : "";
}

function described(clip: ClipState, now: number): string[] {
  switch (clip.step) {
    case "complete":
      return [STEPS.complete.words, clip.kept ? "kept, nothing changed" : ""];
    case "failed":
      return failed(clip);
    case "retrying":
      return retrying(clip, now);
    case "cancelled":
      return [STEPS.cancelled.words, clip.cancelled_by ? cancelledBy(clip.cancelled_by) : ""];
    default:
      return working(clip, clip.step);
  }
}

function working(clip: ClipState, step: Working): string[] {
  const [head = "", ...facts] = factual(step, clip.details);
  const again = step === "rendering" && clip.attempt > 1 ? `attempt ${clip.attempt}` : "";
  return [head, again, ...pace(clip), ...facts];
}

/** A step and its details, as they were told. */
function factual(step: Working, details: Details): string[] {
  const say = STEPS[step].words;
  const seconds = () => figure(details, "duration_sec", (sec) => `${sec.toFixed(1)} s`);
  const size = () => figure(details, "bytes", fileSize);
  const frames = () => figure(details, "frames", (count) => counted(count, "frame"));
  switch (step) {
    case "queued":
    case "upload_complete":
      return [say];
    case "extracting_segment":
      return [say, seconds()];
    case "detecting_faces":
      return [say, figure(details, "sample_fps", (fps) => `${fps} frames/s`), text(details, "detector")];
    case "face_detection_complete":
      return [...faces(details), frames()];
    case "computing_camera_path":
      return [say, ALGORITHMS[details["algorithm"] as Algorithm] ?? ""];
    case "camera_path_complete":
      return [
        say,
        figure(details, "shots", (count) => counted(count, "shot")),
        figure(details, "keyframes", (count) => counted(count, "keyframe")),
        figure(details, "speaker_switches", (count) => counted(count, "speaker change")),
      ];
    case "computing_crop_windows":
      return [say, frames()];
    case "rendering":
      return [say, text(details, "encoder")];
    case "render_complete":
      return [say, size(), seconds(), figure(details, "width", (width) => `${width}×${details["height"]}`)];
    case "uploading":
      return [say, size(), text(details, "filename")];
    default:
      return unreachable(step, []);
  }
}

function text(details: Details, name: string): string {
  return String(details[name] ?? "");
}

function faces(details: Details): string[] {
  const found = details["faces"];
  if (typeof found !== "number") return [STEPS.face_detection_complete.words];
  if (found === 0) return ["no face found"];
  return [`${counted(found, "face")} found`, figure(details, "mean_confidence", (sure) => `${Math.round(sure * 100)} % sure`)];
}

function failed({ failure }: ClipState): string[] {
  if (!failure) return [STEPS.failed.words];
  return [`failed while ${STEPS[failure.step].words}`, failure.message];
}

function retrying(clip: ClipState, now: number): string[] {
  const waited = clip.since ? Math.max(now - Date.parse(clip.since), 0) / 1000 : 0;
  const wait = Math.ceil((clip.retry_in_sec ?? 0) - waited);
  return [wait > 0 ? `trying again in ${wait} s` : "trying again now", reason(clip.retry_code ?? "internal")];
}
