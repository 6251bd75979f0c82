// Where in the job's history the page is: the one place that knows what was seen, and what is missing.

import type { Frame } from "../progress/messages";

export class Position {
  /** Where to resume; null where only a snapshot helps. */
  cursor: string | null;
  #seq: number;

  constructor(cursor: string | null, seq: number) {
    this.cursor = cursor;
    this.#seq = seq;
  }

  /** Whether the frame is news: an event that two lines brought is so once. */
  advance(frame: Frame): boolean {
    if (frame.kind === "tick") return true;
    const seq = frame.kind === "event" ? frame.envelope.seq : frame.progress.seq;
    if (frame.kind === "event" && seq <= this.#seq) return false;
    this.#seq = seq;
    this.cursor = frame.cursor;
    return true;
  }

  /** Whether events are missing before this frame. What is missing cannot be asked for alone. */
  isBeyond(frame: Frame): boolean {
    return frame.kind === "event" && frame.envelope.seq > this.#seq + 1;
  }

  forget(): void {
    this.cursor = null;
  }
}
