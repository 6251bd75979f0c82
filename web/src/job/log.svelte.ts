// The log of a job: the events that come, and the ones before them as far back as somebody looks.

import { type Envelope, call, problemOf } from "../api";
import { notify } from "../notices.svelte";
import { isKnown } from "../progress/events";
import { type Line, logLine } from "../words/log";

const PAGE = 200;
const LARGE_PAGE = 1000;
// Memory has an end; what is dropped can be read again.
const MOST_LINES = 20_000;

export class EventLog {
  /** Without a gap, from some event up to the latest. */
  lines = $state.raw<Line[]>([]);
  hasEarlier = $state(false);
  isReading = $state(false);
  /** Whether there were events that only a newer page understands. */
  hasNewer = $state(false);

  #lines: Line[] = [];
  #begin = 1;

  constructor(readonly jobId: string) {}

  /** Continue after the event of this number; events that are missing before it are earlier ones. */
  resumeAfter(seq: number): void {
    const last = this.#lines.at(-1)?.seq ?? this.#begin - 1;
    if (seq === last) return;
    this.#lines = [];
    this.#begin = seq + 1;
    this.hasEarlier = seq > 0;
    void this.readEarlier();
  }

  append(envelope: Envelope): void {
    this.#notice(envelope);
    this.#lines.push(logLine(envelope));
    if (this.#lines.length <= MOST_LINES) return;
    this.#lines = this.#lines.slice(-MOST_LINES / 2);
    this.#begin = this.#lines[0]!.seq;
    this.hasEarlier = true;
  }

  /** Let what came be seen. */
  show(): void {
    if (this.lines.at(-1)?.seq !== this.#lines.at(-1)?.seq || this.lines.length !== this.#lines.length) this.lines = [...this.#lines];
  }

  async readEarlier(limit = PAGE): Promise<void> {
    if (this.isReading || !this.hasEarlier) return;
    this.isReading = true;
    try {
      while (!(await this.#readBefore(this.#begin, limit)));
    } catch (error) {
      // A server of an earlier version cannot be asked for them.
      if (problemOf(error).status === 404) this.hasEarlier = false;
      else notify(error);
    }
    this.isReading = false;
  }

  /** All of it, for whoever looks for something. */
  async readAll(): Promise<void> {
    for (let begin = Infinity; this.hasEarlier && this.#begin < begin; ) {
      begin = this.#begin;
      await this.readEarlier(LARGE_PAGE);
    }
  }

  /** False if the log went on at another event meanwhile. */
  async #readBefore(before: number, limit: number): Promise<boolean> {
    const path = { job_id: this.jobId };
    const { events, has_earlier } = await call("get", "/api/jobs/{job_id}/history", { path, query: { before, limit } });
    if (before !== this.#begin) return false;
    events.forEach((envelope) => this.#notice(envelope));
    this.#lines = [...events.map(logLine), ...this.#lines];
    this.#begin = events[0]?.seq ?? before;
    this.hasEarlier = has_earlier;
    this.show();
    return true;
  }

  #notice(envelope: Envelope): void {
    this.hasNewer ||= !isKnown(envelope.event);
  }
}
