// The vocabularies of the wire as people read them: one table for each.

import type { JobOut, Progress, SceneState } from "../api.gen";
import type { Connection } from "../live/status";
import type { Event } from "../progress/messages";

type Outcome = NonNullable<Progress["outcome"]>;
export type Level = Extract<Event, { type: "log" }>["level"];
export type Algorithm = Extract<Event, { step: "computing_camera_path" }>["details"]["algorithm"];

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

/** `left_focus` as people say it. */
export function styleName(style: string): string {
  return style.replaceAll("_", " ");
}
