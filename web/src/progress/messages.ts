// The messages of the live view: events, ticks, and the whole progress at once.

import type { ClipTick, Envelope, EventFrame, JobTick, Reset, Snapshot, TickFrame, WorkerTick } from "../api.gen";

export type Event = Envelope["event"];
export type ClipProgressed = Extract<Event, { type: "clip_progress" }>;
export type Tick = ClipTick | JobTick | WorkerTick;
export type Frame = Snapshot | Reset | EventFrame | TickFrame;

/** A case that the compiler proves cannot be; at run time it changes nothing. */
export function unreachable<T>(value: never, otherwise?: T): T {
  return otherwise ?? (value as T);
}
