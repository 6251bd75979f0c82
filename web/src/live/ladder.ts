// Which transport is used: a WebSocket where they work, else a stream, else polling; and back up.

import type { Frame } from "../progress/messages";
import { backoffMs, pause } from "./backoff";
import type { Position } from "./position";
import type { Status } from "./status";
import { BlockedError, type Gone, type Message, type Open, RefusedError } from "./transport";

// A line that lasted so long has ended the failures before it.
const STEADY_MS = 5_000;
// How often a page without a WebSocket tries one.
const CLIMB_MS = 20_000;
// So often in a row only the socket failed while the server answered.
const BLOCKED_AFTER = 2;

export interface Transports {
  socket: Open;
  sse: Open;
  poll: Open;
}

/** How a line ended: it had worked, or it does not work here, or the server cannot be reached. */
type End = "worked" | "blocked" | "failed";

export class Ladder {
  #transports: Transports;
  #position: Position;
  #status: Status;
  #deliver: (frame: Frame) => void;
  #gone: (why: Gone) => void;
  #random: () => number;
  #closed = new AbortController();
  #network = new AbortController();
  #awake: () => void = () => {};
  #failures = 0;

  constructor(
    transports: Transports,
    position: Position,
    status: Status,
    on: { frame: (frame: Frame) => void; gone: (why: Gone) => void; random: () => number },
  ) {
    this.#transports = transports;
    this.#position = position;
    this.#status = status;
    this.#deliver = on.frame;
    this.#gone = on.gone;
    this.#random = on.random;
  }

  async run(): Promise<void> {
    this.#status.set("connecting");
    for (let blocked = 0; !this.#isOver; ) {
      const end = await this.#follow(this.#transports.socket);
      if (end === "worked") blocked = 0;
      else blocked = (await this.#pollOnce()) ? blocked + 1 : 0;
      if (blocked < BLOCKED_AFTER) await this.#backoff();
      else await this.#withoutSockets();
    }
  }

  close(): void {
    this.#status.close();
    this.#closed.abort();
    this.#awake();
  }

  /** Somebody looks again: no reason to wait. */
  hurry(): void {
    this.#awake();
  }

  /** The network went or came: what is open may be dead without knowing it. */
  reconnect(): void {
    const before = this.#network;
    this.#network = new AbortController();
    before.abort();
    this.#awake();
  }

  get #isOver(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Follows a stream, or polls, until a WebSocket has taken over and has ended, too. */
  async #withoutSockets(): Promise<void> {
    const climbed = new AbortController();
    const climbing = this.#climb(climbed);
    while (!this.#isOver && !climbed.signal.aborted) {
      const end = await this.#follow(this.#transports.sse, climbed.signal);
      if (end !== "worked" && !climbed.signal.aborted) await this.#poll(climbed.signal);
      if (!climbed.signal.aborted) await this.#backoff(climbed.signal);
    }
    await climbing;
  }

  /** Tries a WebSocket now and then; a proxy may accept one and then swallow, so it must bring something. */
  async #climb(climbed: AbortController): Promise<void> {
    while (!this.#isOver && !climbed.signal.aborted) {
      await pause(CLIMB_MS, this.#closed.signal);
      if (!this.#isOver) await this.#follow(this.#transports.socket, undefined, climbed);
    }
  }

  async #poll(stop: AbortSignal): Promise<void> {
    await this.#read(this.#transports.poll, stop, (message) => {
      if (message.kind === "opened") return true;
      if (message.kind !== "heartbeat") return this.#accept(message);
      this.#failures = 0;
      this.#status.set("polling");
      return true;
    });
    if (!stop.aborted) this.#status.set("offline");
  }

  /** True if the server answers where a socket did not open. */
  async #pollOnce(): Promise<boolean> {
    if (this.#isOver) return false;
    let answered = false;
    await this.#read(this.#transports.poll, undefined, (message) => {
      if (message.kind === "opened") return true;
      if (message.kind !== "heartbeat") return this.#accept(message);
      answered = true;
      return false;
    });
    if (answered) this.#failures = 0;
    else if (!this.#isOver) this.#status.set("offline");
    return answered;
  }

  /** Reads a line to its end; one on trial takes over, and aborts `trial`, with the first that it brings. */
  #follow(open: Open, stop?: AbortSignal, trial?: AbortController): Promise<End> {
    return this.#read(open, stop, (message) => {
      if (message.kind === "opened") {
        if (!trial) this.#status.opened();
        return true;
      }
      if (trial && !trial.signal.aborted) {
        trial.abort();
        this.#status.opened();
      }
      if (message.kind === "event") this.#status.heardEvent();
      else this.#status.caughtUp();
      return message.kind === "heartbeat" || this.#accept(message);
    });
  }

  /** Hands on what is news; false if events are missing, so that only a snapshot helps. */
  #accept(frame: Frame): boolean {
    if (this.#position.isBeyond(frame)) {
      this.#position.forget();
      return false;
    }
    if (this.#position.advance(frame)) this.#deliver(frame);
    return true;
  }

  async #read(open: Open, stop: AbortSignal | undefined, accept: (message: Message) => boolean): Promise<End> {
    const signals = [this.#network.signal, this.#closed.signal, ...(stop ? [stop] : [])];
    let openedAt = 0;
    try {
      for await (const message of open(this.#position.cursor, AbortSignal.any(signals))) {
        openedAt ||= Date.now();
        if (this.#isOver || !accept(message)) break;
      }
      return "worked";
    } catch (error) {
      if (error instanceof RefusedError) this.#end(error.why);
      if (error instanceof BlockedError) return "blocked";
      return openedAt ? "worked" : "failed";
    } finally {
      if (openedAt && Date.now() - openedAt > STEADY_MS) this.#failures = 0;
    }
  }

  #end(why: Gone): void {
    if (this.#isOver) return;
    this.close();
    this.#gone(why);
  }

  async #backoff(stop?: AbortSignal): Promise<void> {
    this.#status.lost();
    const woken = new AbortController();
    this.#awake = () => woken.abort();
    const signals = [woken.signal, this.#closed.signal, ...(stop ? [stop] : [])];
    await pause(backoffMs(this.#failures, this.#random), AbortSignal.any(signals));
    this.#failures += 1;
  }
}
