// One clip: from waiting, over its steps and their ticks, to its end.

import type { ClipOutline, ClipState, ClipTick } from "../api.gen";
import { ENDS, OLD_ROUTES, STEPS } from "../steps.gen";
import type { ClipProgressed } from "./messages";
import { share } from "./shares";

/** A clip to come; versions before routes said only whether it is analysed. */
type Outlined = Pick<ClipOutline, "style"> & Partial<ClipOutline>;

export function waiting({ style, route, analysed }: Outlined): ClipState {
  return {
    style,
    route: route?.filter((step) => step in STEPS) ?? OLD_ROUTES[analysed ? "analysed" : "plain"],
    analysed: analysed ?? false,
    step: "queued",
    attempt: 1,
    since: null,
    fraction: 0,
    reached: 0,
    step_fraction: null,
    fps: null,
    speed: null,
    eta_sec: null,
    url: null,
    kept: false,
    failure: null,
    cancelled_by: null,
    retry_in_sec: null,
    retry_code: null,
    slow_times: null,
    details: {},
  };
}

export function hasEnded(clip: ClipState): boolean {
  return ENDS.has(clip.step);
}

export function afterStep(clip: ClipState, event: ClipProgressed, at: string): ClipState {
  const begun = share(event.step, 0, clip.route);
  const fraction = event.attempt > clip.attempt ? begun : Math.max(clip.fraction, begun);
  return {
    ...waiting(clip),
    step: event.step,
    since: at,
    attempt: Math.max(clip.attempt, event.attempt),
    fraction,
    reached: Math.max(clip.reached, fraction),
    details: known(event.details),
    ...facts(clip, event),
  };
}

/** What is null is not known, and is left out. */
function known(details: ClipProgressed["details"]): ClipState["details"] {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== null)) as ClipState["details"];
}

/** What a step says beyond its name; a clip that ended short keeps the share it had reached. */
function facts(clip: ClipState, event: ClipProgressed): Partial<ClipState> {
  switch (event.step) {
    case "complete":
      return { url: event.details.url, kept: event.details.kept };
    case "failed":
      return { fraction: clip.fraction, failure: event.details };
    case "cancelled":
      return { fraction: clip.fraction, cancelled_by: event.details.by };
    case "retrying":
      return { retry_in_sec: event.details.delay_sec, retry_code: event.details.code };
    default:
      return {};
  }
}

export function afterTick(clip: ClipState, tick: ClipTick, hasWorker: boolean): ClipState {
  const stepFraction = Math.max(clip.step_fraction ?? 0, Math.min(tick.fraction, 1));
  const fraction = Math.max(clip.fraction, share(tick.step, stepFraction, clip.route));
  return {
    ...clip,
    step_fraction: stepFraction,
    fraction,
    reached: Math.max(clip.reached, fraction),
    fps: hasWorker ? (tick.fps ?? null) : null,
    speed: hasWorker ? (tick.speed ?? null) : null,
    eta_sec: hasWorker ? (tick.eta_sec ?? null) : null,
  };
}

export function fits(clip: ClipState, tick: ClipTick): boolean {
  return !hasEnded(clip) && clip.step === tick.step && clip.attempt === tick.attempt;
}
