// What every way to follow a job has in common: it is opened at a cursor, and brings messages until it ends.

import type { Frame } from "../progress/messages";

/** A frame, or a sign of life: `opened` once, before anything else, and `heartbeat` while nothing happens. */
export type Message = Frame | { kind: "opened" } | { kind: "heartbeat" };

/**
 * Follow the job after the cursor, or from a snapshot, until the signal is aborted or the line ends.
 *
 * RefusedError when nothing more will come, BlockedError when this kind of line does not work here.
 */
export type Open = (cursor: string | null, signal: AbortSignal) => AsyncIterable<Message>;

export type Gone = "not_found" | "unauthorized";

export class RefusedError extends Error {
  constructor(readonly why: Gone) {
    super(why);
  }
}

export class BlockedError extends Error {}

/** The outside, as far as a transport uses it; a test passes its own. */
export interface World {
  WebSocket: typeof WebSocket;
  fetch: typeof fetch;
  origin: string;
  random(): number;
}

/** How long a line may take to open, or a request to be answered. */
export const OPEN_MS = 8_000;

export function afterCursor(cursor: string | null, mark: "?" | "&" = "?"): string {
  return cursor === null ? "" : `${mark}after=${encodeURIComponent(cursor)}`;
}
