// The progress after one more event of the job.

import type { AnomalyFound, Envelope, JobFinished, JobQueued, Notice, Progress, Warned } from "../api.gen";
import { ENDS, STEPS } from "../steps.gen";
import { afterStep, hasEnded } from "./clip";
import { NO_ETA, counts, find, jobFraction, noProgress, sceneMarked, withClip } from "./job";
import { type ClipProgressed, type Event, unreachable } from "./messages";
import { outlined, sceneEnd } from "./scene";

const KEPT_WARNINGS = 50;

const TYPES: Record<Event["type"], true> = {
  job_queued: true,
  job_started: true,
  scene_started: true,
  clip_progress: true,
  scene_completed: true,
  job_recovered: true,
  warning: true,
  log: true,
  anomaly: true,
  job_finished: true,
};

/** False for what only a newer version can say: its place counts, its content is skipped. */
export function isKnown(event: Event): boolean {
  return event.type in TYPES && (event.type !== "clip_progress" || event.step in STEPS);
}

/** Whatever happens is a worker's doing; a tick may be one that a dead worker left. */
export function afterEnvelope(progress: Progress, envelope: Envelope): Progress {
  // A worker that took over a job at its very end may still speak; only another run opens it.
  const isOver = progress.status === "finished" && envelope.event.type !== "job_queued";
  if (isOver || !isKnown(envelope.event)) return { ...progress, seq: envelope.seq };
  return { ...afterEvent(progress, envelope), seq: envelope.seq, moved_at: envelope.at, has_worker: true };
}

function afterEvent(progress: Progress, { event, at }: Envelope): Progress {
  switch (event.type) {
    case "job_queued":
      return queued(progress, event, at);
    case "job_started":
      return { ...progress, status: "running", worker: event.worker };
    case "job_recovered":
      return { ...progress, worker: event.to_worker };
    case "scene_started":
      return sceneMarked(progress, event.scene_id, { status: "processing" });
    case "scene_completed":
      return sceneMarked(progress, event.scene_id, sceneEnd(event));
    case "warning":
      return warned(progress, event, at);
    case "anomaly":
      return slowed(progress, event);
    case "log":
      return progress;
    case "job_finished":
      return finished(progress, event, at);
    case "clip_progress":
      return stepped(progress, event, at);
    default:
      return unreachable(event, progress);
  }
}

function queued(progress: Progress, event: JobQueued, at: string): Progress {
  const known = new Map(progress.scenes.map((scene) => [scene.scene_id, scene]));
  for (const outline of event.scenes) {
    known.set(outline.scene_id, outlined(known.get(outline.scene_id), outline));
  }
  const scenes = [...known.values()].sort((a, b) => a.scene_id - b.scene_id);
  const fresh = { ...noProgress(progress.job_id), run: event.run, queued_at: at, scenes };
  return { ...fresh, ...counts(scenes), fraction: jobFraction(0, scenes) };
}

function stepped(progress: Progress, event: ClipProgressed, at: string): Progress {
  const place = find(progress, event.scene_id, event.style);
  if (!place || hasEnded(place.clip)) return progress;
  // An ending always counts: whoever says it may not know how often the clip was tried.
  if (event.attempt < place.clip.attempt && !ENDS.has(event.step)) return progress;
  return withClip(progress, place, afterStep(place.clip, event, at));
}

function warned(progress: Progress, event: Warned, at: string): Progress {
  const notice: Notice = {
    at,
    code: event.code,
    message: event.message,
    scene_id: event.scene_id ?? null,
    style: event.style ?? null,
  };
  return { ...progress, warnings: [...progress.warnings, notice].slice(-KEPT_WARNINGS) };
}

/** The clip is marked until the step is over: what has ended late is no fault. */
function slowed(progress: Progress, event: AnomalyFound): Progress {
  const place = find(progress, event.scene_id, event.style);
  if (!place || place.clip.step !== event.step) return progress;
  return withClip(progress, place, { ...place.clip, slow_times: event.times ?? null });
}

function finished(progress: Progress, event: JobFinished, at: string): Progress {
  const madeIt = event.outcome === "succeeded" || event.outcome === "partial";
  return {
    ...progress,
    status: "finished",
    outcome: event.outcome,
    fraction: madeIt ? 1 : progress.fraction,
    ...NO_ETA,
    finished_at: at,
    clips_completed: event.clips_completed,
    clips_failed: event.clips_failed,
    clips_cancelled: event.clips_cancelled,
  };
}
