// Ends a line that does not open in time, or falls silent.

import { OPEN_MS } from "./transport";

// A heartbeat comes every 15 s: silence for longer than two of them is a dead line.
const SILENCE_MS = 40_000;

/** Calls back once, unless it is stopped first. Hearing costs nothing: there is much to hear. */
export class Watchdog {
  #timer: ReturnType<typeof setTimeout>;
  #silent: () => void;
  #heardAt = 0;

  constructor(silent: () => void) {
    this.#silent = silent;
    this.#timer = setTimeout(() => this.#check(), OPEN_MS);
  }

  hear(): void {
    this.#heardAt = Date.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #check(): void {
    const left = this.#heardAt + SILENCE_MS - Date.now();
    if (left <= 0) this.#silent();
    else this.#timer = setTimeout(() => this.#check(), left);
  }
}
