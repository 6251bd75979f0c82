// Bytes to frames: a WebSocket, or a stream, or polling, always from a cursor; and back to the best.

import type { Frame } from "../progress";
import { messagesOf } from "./server_sent";

export type Connection = "connecting" | "live" | "catching_up" | "polling" | "offline";
export type Gone = "not_found" | "unauthorized";

export interface Listener {
  frame(frame: Frame): void;
  connection(state: Connection): void;
  /** Nothing more will come: the job is not there, or a token is needed. */
  gone(why: Gone): void;
}

export interface Start {
  jobId: string;
  cursor: string | null;
  seq: number;
}

/** What of the outside is used; a test passes its own. */
export interface World {
  WebSocket: typeof WebSocket;
  fetch: typeof fetch;
  origin: string;
  random(): number;
}

// Several frames in a message, one to a line.
const LINES = "viralclip.lines.v1";
// A heartbeat comes every 15 s: silence for longer than two of them is a dead line.
const SILENCE_MS = 40_000;
const OPEN_MS = 8_000;
// Once no missed event came for so long, the page has caught up.
const QUIET_MS = 250;
const BACKOFF_MS = 500;
const MOST_BACKOFF_MS = 15_000;
const STEADY_MS = 5_000;
const POLL_MS = 2_000;
// How often a page without a WebSocket looks whether they work by now.
const CLIMB_MS = 20_000;
const BLOCKED_AFTER = 2;
// A socket that is refused closes with 4000 and the status that HTTP would have answered.
const REFUSALS: Record<number, Gone> = { 4401: "unauthorized", 4404: "not_found" };

/** Follow a job from a cursor until the returned function is called. */
export function follow(start: Start, listener: Listener, world: World = browser()): () => void {
  const follower = new Follower(start, listener, world);
  const changed = () => follower.reconnect();
  const shown = () => follower.hurry();
  void follower.run();
  globalThis.addEventListener?.("online", changed);
  globalThis.addEventListener?.("offline", changed);
  globalThis.document?.addEventListener("visibilitychange", shown);
  return () => {
    globalThis.removeEventListener?.("online", changed);
    globalThis.removeEventListener?.("offline", changed);
    globalThis.document?.removeEventListener("visibilitychange", shown);
    follower.close();
  };
}

function browser(): World {
  return {
    WebSocket: globalThis.WebSocket,
    fetch: (input, init) => globalThis.fetch(input, init),
    origin: location.origin,
    random: Math.random,
  };
}

interface Page {
  kind: "events" | "reset";
  events: Extract<Frame, { kind: "event" }>["envelope"][];
  progress: Extract<Frame, { kind: "snapshot" }>["progress"];
  cursor: string;
}

type Poll = "ok" | "failed" | Gone;

class Follower {
  #cursor: string | null;
  #seq: number;
  #jobId: string;
  #listener: Listener;
  #world: World;
  #closed = new AbortController();
  #line = new AbortController();
  #awake: () => void = () => {};
  #failures = 0;
  #state: Connection | null = null;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(start: Start, listener: Listener, world: World) {
    this.#jobId = start.jobId;
    this.#cursor = start.cursor;
    this.#seq = start.seq;
    this.#listener = listener;
    this.#world = world;
  }

  async run(): Promise<void> {
    this.#say("connecting");
    let blocked = 0;
    while (!this.#isOver) {
      const opened = await this.#socket(this.#newLine());
      if (this.#isOver) return;
      if (opened) {
        blocked = 0;
        await this.#backoff();
        continue;
      }
      const answer = await this.#poll();
      blocked = answer === "ok" ? blocked + 1 : 0;
      if (blocked >= BLOCKED_AFTER) await this.#withoutSockets();
      else await this.#backoff();
    }
  }

  close(): void {
    clearTimeout(this.#settling);
    this.#closed.abort();
    this.#line.abort();
    this.#awake();
  }

  /** Somebody looks again: no reason to wait. */
  hurry(): void {
    this.#awake();
  }

  /** The network went or came: what was open may be dead without knowing it. */
  reconnect(): void {
    this.#line.abort();
    this.#awake();
  }

  get #isOver(): boolean {
    return this.#closed.signal.aborted;
  }

  #newLine(): AbortSignal {
    this.#line = new AbortController();
    return this.#line.signal;
  }

  /** Streams or polls while looking for a WebSocket now and then; returns when one opened. */
  async #withoutSockets(): Promise<void> {
    while (!this.#isOver) {
      const climbing = new AbortController();
      const climb = this.#climb(climbing.signal);
      const fallen = await Promise.race([climb, this.#fallback(climbing.signal)]);
      climbing.abort();
      if (fallen === "climbed" || this.#isOver) return;
      await this.#backoff();
    }
  }

  async #climb(stop: AbortSignal): Promise<"climbed"> {
    while (!stop.aborted && !this.#isOver) {
      await pause(CLIMB_MS, stop);
      if (stop.aborted || this.#isOver) break;
      if (await this.#wouldOpen()) return "climbed";
    }
    return "climbed";
  }

  #wouldOpen(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = new this.#world.WebSocket(this.#socketUrl(null));
      const done = (opened: boolean) => {
        clearTimeout(timer);
        socket.close();
        resolve(opened);
      };
      const timer = setTimeout(() => done(false), OPEN_MS);
      // A proxy may accept and then swallow: only the snapshot's arrival counts.
      socket.onmessage = () => done(true);
      socket.onclose = () => done(false);
    });
  }

  async #fallback(stop: AbortSignal): Promise<"lost"> {
    const line = AbortSignal.any([this.#newLine(), stop, this.#closed.signal]);
    if (await this.#stream(line)) return "lost";
    while (!line.aborted) {
      const answer = await this.#poll();
      if (line.aborted || answer === "failed") return "lost";
      this.#say("polling");
      await pause(POLL_MS, line);
    }
    return "lost";
  }

  /** True if the socket opened, once it is closed again. */
  #socket(line: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = new this.#world.WebSocket(this.#socketUrl(this.#cursor), LINES);
      let openedAt = 0;
      const close = () => {
        watchdog.stop();
        socket.onmessage = socket.onclose = null;
        socket.close();
        if (openedAt && Date.now() - openedAt > STEADY_MS) this.#failures = 0;
        resolve(openedAt > 0);
      };
      const watchdog = new Watchdog(close);
      line.addEventListener("abort", close, { once: true });
      socket.onopen = () => {
        openedAt = Date.now();
        watchdog.hear();
        this.#opened();
      };
      socket.onmessage = (message) => {
        watchdog.hear();
        // A message for each frame would leave a browser no time to draw while much is told.
        for (const line of (message.data as string).split("\n")) this.#take(line);
      };
      socket.onclose = ({ code }) => {
        const why = REFUSALS[code];
        if (why) this.#end(why);
        close();
      };
    });
  }

  /** True if any byte came, once the stream is closed again. */
  async #stream(line: AbortSignal): Promise<boolean> {
    const own = new AbortController();
    const signal = AbortSignal.any([line, own.signal]);
    const watchdog = new Watchdog(() => own.abort());
    let opened = false;
    try {
      // Without a cursor the answer begins with a snapshot: a proxy that holds bytes back is found out.
      const response = await this.#ask(null, "text/event-stream", signal);
      if (!response.ok || !response.body) return false;
      for await (const data of messagesOf(response.body)) {
        opened = true;
        watchdog.hear();
        if (data !== undefined) this.#take(data);
      }
      return opened;
    } catch {
      return opened;
    } finally {
      watchdog.stop();
    }
  }

  async #poll(): Promise<Poll> {
    try {
      const line = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(OPEN_MS)]);
      const response = await this.#ask(this.#cursor, "application/json", line);
      if (response.status === 401) return this.#end("unauthorized");
      if (response.status === 404) return this.#end("not_found");
      if (!response.ok) throw new Error(response.statusText);
      this.#turn((await response.json()) as Page);
      this.#failures = 0;
      return "ok";
    } catch {
      if (!this.#isOver) this.#say("offline");
      return "failed";
    }
  }

  /** A page of events as the frames that a socket would have brought. */
  #turn(page: Page): void {
    for (const envelope of page.events) this.#deliver({ kind: "event", cursor: page.cursor, envelope });
    const kind = page.kind === "reset" ? "reset" : "snapshot";
    // The progress was read before the events: it may know less than they tell.
    if (kind === "reset" || page.progress.seq >= this.#seq) {
      this.#deliver({ kind, cursor: page.cursor, progress: page.progress });
    }
  }

  #end(why: Gone): Gone {
    this.close();
    this.#listener.gone(why);
    return why;
  }

  #ask(cursor: string | null, accept: string, signal: AbortSignal): Promise<Response> {
    const url = `${this.#world.origin}/api/jobs/${this.#jobId}/events${after(cursor)}`;
    return this.#world.fetch(url, { signal, headers: { accept }, cache: "no-store" });
  }

  #socketUrl(cursor: string | null): string {
    return `${this.#world.origin.replace(/^http/, "ws")}/api/jobs/${this.#jobId}/live${after(cursor)}`;
  }

  #take(text: string): void {
    const frame = JSON.parse(text) as Frame | { kind: "heartbeat" };
    if (frame.kind === "heartbeat") return this.#caughtUp();
    if (frame.kind === "event") {
      if (frame.envelope.seq > this.#seq + 1) return this.#missed();
      if (this.#state === "catching_up") this.#settle();
    } else this.#caughtUp();
    this.#deliver(frame);
  }

  #deliver(frame: Frame): void {
    if (frame.kind === "event") this.#seq = Math.max(this.#seq, frame.envelope.seq);
    if (frame.kind === "snapshot" || frame.kind === "reset") this.#seq = frame.progress.seq;
    if (frame.kind !== "tick") this.#cursor = frame.cursor;
    this.#listener.frame(frame);
  }

  /** A hole in the history cannot be mended from here: ask for the whole progress again. */
  #missed(): void {
    this.#cursor = null;
    this.#line.abort();
  }

  #opened(): void {
    this.#say(this.#state === "connecting" ? "connecting" : "catching_up");
    this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#caughtUp(), QUIET_MS);
  }

  #caughtUp(): void {
    clearTimeout(this.#settling);
    this.#say("live");
  }

  #say(state: Connection): void {
    if (this.#isOver || state === this.#state) return;
    if (state !== "live") clearTimeout(this.#settling);
    this.#state = state;
    this.#listener.connection(state);
  }

  async #backoff(): Promise<void> {
    const most = Math.min(BACKOFF_MS * 2 ** this.#failures, MOST_BACKOFF_MS);
    this.#failures += 1;
    if (this.#state === "live") this.#say("catching_up");
    const woken = new AbortController();
    this.#awake = () => woken.abort();
    await pause(most * (0.5 + this.#world.random() / 2), AbortSignal.any([woken.signal, this.#closed.signal]));
  }
}

/** Barks when a line does not open in time, or falls silent. Hearing costs nothing: there is much to hear. */
class Watchdog {
  #timer: ReturnType<typeof setTimeout>;
  #bark: () => void;
  #heardAt = 0;

  constructor(bark: () => void) {
    this.#bark = bark;
    this.#timer = setTimeout(() => this.#look(), OPEN_MS);
  }

  hear(): void {
    this.#heardAt = Date.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    const left = this.#heardAt + SILENCE_MS - Date.now();
    if (left <= 0) this.#bark();
    else this.#timer = setTimeout(() => this.#look(), left);
  }
}

function after(cursor: string | null): string {
  return cursor === null ? "" : `?after=${encodeURIComponent(cursor)}`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
