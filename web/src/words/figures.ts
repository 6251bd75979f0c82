// Counts, shares and sizes as people read them.

import type { Progress } from "../api.gen";

const FIGURE_SPACE = "\u2007";

/** 1 clip, 2 clips. */
export function counted(count: number, noun: string): string {
  return count === 1 ? `${count} ${noun}` : `${count} ${noun}s`;
}

export function percent(fraction: number, outcome: Progress["outcome"] = null): number {
  if (outcome === "succeeded" || outcome === "partial") return 100;
  return Math.min(Math.floor(fraction * 100), 99);
}

/** A share with room for three digits: a longer number does not move what stands beside it. */
export function shareWords(share: number): string {
  return `${String(share).padStart(3, FIGURE_SPACE)} %`;
}

export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes.toFixed(0)} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
