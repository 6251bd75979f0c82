// How the connection is, as the badge shows it.

export type Connection = "connecting" | "live" | "catching_up" | "polling" | "offline";

// Once no missed event came for so long, the page has caught up.
const QUIET_MS = 250;

export class Status {
  #state: Connection | null = null;
  #isClosed = false;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly changed: (state: Connection) => void) {}

  set(state: Connection): void {
    if (this.#isClosed || state === this.#state) return;
    if (state !== "live") clearTimeout(this.#settling);
    this.#state = state;
    this.changed(state);
  }

  opened(): void {
    this.set(this.#state === "connecting" ? "connecting" : "catching_up");
    this.#settle();
  }

  /** An event came, which may be one of many that were missed. */
  heardEvent(): void {
    if (this.#state === "catching_up") this.#settle();
  }

  caughtUp(): void {
    clearTimeout(this.#settling);
    this.set("live");
  }

  /** Whatever was live is not any more. */
  lost(): void {
    if (this.#state === "live") this.set("catching_up");
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#settling);
  }

  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.caughtUp(), QUIET_MS);
  }
}
