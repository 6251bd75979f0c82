// An event as a line of the log.

import type { Envelope, Step } from "../api.gen";
import { isKnown } from "../progress/events";
import { type Event, unreachable } from "../progress/messages";
import { STEPS } from "../steps.gen";
import { type Details, factual, times } from "./clip";
import { cancelledBy, reason } from "./errors";
import { counted } from "./figures";
import { type Level, OUTCOMES, styleName } from "./labels";
import { duration } from "./times";

export interface Line {
  seq: number;
  at: string;
  level: Level;
  text: string;
}

/** An envelope as a line of the log. */
export function logLine({ seq, at, event }: Envelope): Line {
  return { seq, at, level: levelOf(event), text: isKnown(event) ? eventWords(event) : `${styleName(event.type)} (from a newer version)` };
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

/** What is not as it should be: "rendering takes 4 times what clips like this take here". */
function anomalyWords(step: Step, count: number | null): string {
  return count === null ? `${STEPS[step].words} takes unusually long` : `${STEPS[step].words} takes ${times(count)} what clips like this take here`;
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
