// How long something still takes and when it is done, as exactly as is known.

import type { Progress } from "../api.gen";
import { HOUR, MINUTE } from "./times";

const ALMOST_NOW = 8;
const NARROW_BAND = 1.4;

// The last minutes are counted down in seconds: a clock that shows minutes says less than that.
const COUNTED = 2 * MINUTE;

type Times = [expected: string, low: string, high: string];

/** Seconds until what is shown as the end, and when that is: the twin of `Progress.left` in viralclip/progress.py. */
export interface Left {
  expected: number;
  low: number | null;
  high: number | null;
  done: { times: Times; now: number } | null;
}

/** A worker of an earlier version says seconds alone. */
export function leftOf(progress: Progress): Left | null {
  const { eta_sec, eta_at, eta_low_at, eta_high_at, moved_at } = progress;
  if (eta_sec === null) return null;
  if (eta_at === null || eta_low_at === null || eta_high_at === null || moved_at === null) {
    return { expected: eta_sec, low: progress.eta_low_sec, high: progress.eta_high_sec, done: null };
  }
  const now = Date.parse(moved_at);
  const until = (at: string) => Math.max(Date.parse(at) - now, 0) / 1000;
  return { expected: until(eta_at), low: until(eta_low_at), high: until(eta_high_at), done: { times: [eta_at, eta_low_at, eta_high_at], now } };
}

/** How long a job still takes and, but for its last two minutes, when it is done. */
export function remaining(progress: Progress): string {
  const left = leftOf(progress);
  if (!left) return "";
  const words = timeLeft(left.expected, left.low, left.high);
  return left.done && !isCounted(left.expected, left.high) ? `${words}, ${doneAbout(...left.done.times, left.done.now)}` : words;
}

/** The seconds that no clip of the job takes longer than: alone it knows only how fast it was of late, beside others. */
export function mostLeft(progress: Progress): number | null {
  const left = leftOf(progress);
  return left && (left.high ?? left.expected);
}

function isCounted(expected: number, high: number | null): boolean {
  return (high ?? expected) < COUNTED;
}

/** How long a job still takes, as precisely as is known; empty when nothing is. */
export function timeLeft(eta: number | null, low: number | null, high: number | null): string {
  if (eta === null) return "";
  if (isCounted(eta, high)) return `${about(eta)} left`;
  if (low === null || high === null || high <= Math.max(low, 1) * NARROW_BAND) return `${about(eta)} left`;
  const [least, most] = [rounded(low), rounded(high)];
  if (phrase(least) === phrase(most)) return `${about(eta)} left`;
  if (least < ALMOST_NOW) return `up to ${phrase(most)} left`;
  return `${span(least, most)} left`;
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
export function rounded(seconds: number): number {
  const grains: [number, number][] = [[10, 1], [30, 5], [90, 10], [600, 60], [HOUR * 1.5, 300]];
  const grain = grains.find(([below]) => seconds < below)?.[1] ?? 1800;
  return Math.round(seconds / grain) * grain;
}

export function phrase(seconds: number): string {
  if (seconds < MINUTE * 1.5) return `${seconds.toFixed(0)} s`;
  if (seconds < HOUR * 1.5) return `${(seconds / MINUTE).toFixed(0)} min`;
  return `${seconds / HOUR} h`;
}
