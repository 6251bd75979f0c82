// How a job is, in words.

import type { Progress } from "../api.gen";
import { counted, percent } from "./figures";
import { JOBS, OUTCOMES } from "./labels";
import { remaining } from "./time_left";

/** The job in one line, for the tab's title and the bar's text. */
export function jobWords(progress: Progress): string {
  if (progress.status === "finished") return OUTCOMES[progress.outcome ?? "failed"];
  if (!progress.has_worker) return standstill(progress.moved_at);
  if (progress.status === "queued") return JOBS.queued;
  return remaining(progress) || JOBS.running;
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

/** What went wrong so far, in one line. */
export function troubleWords(failed: number, cancelled: number, warnings: number, isOver: boolean): string {
  const parts = [
    failed ? `${counted(failed, "clip")} failed` : "",
    cancelled ? `${cancelled} cancelled` : "",
    warnings ? counted(warnings, "warning") : "",
  ];
  return parts.filter((part) => part !== "").join(", ") || (isOver ? "Nothing failed" : "Nothing failed so far");
}
