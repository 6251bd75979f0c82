// What a clip is doing, in words.

import type { ClipState, Step } from "../api.gen";
import { unreachable } from "../progress/messages";
import { STEPS } from "../steps.gen";
import { cancelledBy, reason } from "./errors";
import { counted, fileSize } from "./figures";
import { type Algorithm, ALGORITHMS } from "./labels";
import { phrase, rounded } from "./time_left";

export type Details = ClipState["details"];
type Working = Exclude<Step, "complete" | "failed" | "retrying" | "cancelled">;

/** What a clip is doing: the step in words, then its details, the most telling first. It takes no longer than its job. */
export function clipWords(clip: ClipState, now: number, mostLeft: number | null): string[] {
  const shown = clip.eta_sec !== null && mostLeft !== null ? { ...clip, eta_sec: Math.min(clip.eta_sec, mostLeft) } : clip;
  const [step = "", ...details] = described(shown, now).filter((part) => part !== "");
  const slow = clip.slow_times === null ? [] : [`${times(clip.slow_times)} as long as usual`];
  return [step, ...slow, ...details];
}

export function times(count: number): string {
  const near = Math.round(count);
  return near <= 2 ? "twice" : `${near} times`;
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
export function factual(step: Working, details: Details): string[] {
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
    case "transcribing":
      return [say, figure(details, "audio_sec", (sec) => `${sec.toFixed(1)} s of sound`), `${text(details, "engine")} ${text(details, "model")}`.trim()];
    case "transcript_complete":
      if (details["words"] === 0) return ["no speech found"];
      return [say, figure(details, "words", (count) => counted(count, "word")), text(details, "language")];
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

export function failed({ failure }: ClipState): string[] {
  if (!failure) return [STEPS.failed.words];
  return [`failed while ${STEPS[failure.step].words}`, failure.message];
}

function retrying(clip: ClipState, now: number): string[] {
  const waited = clip.since ? Math.max(now - Date.parse(clip.since), 0) / 1000 : 0;
  const wait = Math.ceil((clip.retry_in_sec ?? 0) - waited);
  return [wait > 0 ? `trying again in ${wait} s` : "trying again now", reason(clip.retry_code ?? "internal")];
}

/** FFmpeg's figures, where there are any; speed is seconds of clip per second of work. */
function pace(clip: ClipState): string[] {
  return [
    clip.fps === null || clip.fps < 0.5 ? "" : `${clip.fps.toFixed(0)} fps`,
    clip.speed === null ? "" : `${clip.speed.toFixed(1)}×`,
    clip.eta_sec === null || clip.eta_sec < 1 ? "" : `${phrase(rounded(clip.eta_sec))} left`,
  ];
}

function faces(details: Details): string[] {
  const found = details["faces"];
  if (typeof found !== "number") return [STEPS.face_detection_complete.words];
  if (found === 0) return ["no face found"];
  return [`${counted(found, "face")} found`, figure(details, "mean_confidence", (sure) => `${Math.round(sure * 100)} % sure`)];
}

function figure(details: Details, name: string, say: (value: number) => string): string {
  const value = details[name];
  return typeof value === "number" ? say(value) : "";
}

function text(details: Details, name: string): string {
  return String(details[name] ?? "");
}
