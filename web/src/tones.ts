// Which of the few tones a state is drawn in.

import type { ClipState, Progress, SceneState } from "./api.gen";

export type Tone = "waiting" | "working" | "done" | "warn" | "failed" | "cancelled";

export function clipTone(clip: ClipState): Tone {
  if (clip.step === "queued") return "waiting";
  if (clip.step === "complete") return "done";
  if (clip.step === "failed" || clip.step === "cancelled") return clip.step;
  if (clip.step === "retrying" || clip.slow_times !== null) return "warn";
  return "working";
}

const SCENES: Record<SceneState["status"], Tone> = {
  pending: "waiting",
  processing: "working",
  completed: "done",
  partial: "warn",
  failed: "failed",
  cancelled: "cancelled",
};

export function sceneTone(scene: SceneState): Tone {
  return SCENES[scene.status];
}

export function jobTone({ status, outcome, has_worker }: Pick<Progress, "status" | "outcome" | "has_worker">): Tone {
  if (!outcome && !has_worker) return "warn";
  if (status === "queued") return "waiting";
  if (status === "running" || !outcome) return "working";
  return { succeeded: "done", partial: "warn", failed: "failed", cancelled: "cancelled" }[outcome] as Tone;
}
