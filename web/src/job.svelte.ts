// One job while somebody looks: frames folded as they come, shown at most once per animation frame.

import { type ClipOut, type ClipState, type Envelope, type JobOut, type Problem, type Progress, address, call, problemOf, signInNeeded } from "./api";
import { follow } from "./live/follow";
import { notify, optimistic } from "./notices.svelte";
import { type Frame, type Tick, absorb, advanceTicks, hasEnded, isKnown } from "./progress";
import type { Connection } from "./live/status";
import type { Gone } from "./live/transport";
import { type Line, logLine, milestone } from "./words/log";

const KEPT_LINES = 5000;
const QUEUE_EVERY_MS = 4000;
const CLIPS_AFTER_MS = 300;
// A page in the background gets no animation frames; its ticks are folded then all the same.
const MOST_TICKS = 2000;

export class JobView {
  job = $state.raw<JobOut | null>(null);
  progress = $state.raw<Progress | null>(null);
  connection = $state<Connection>("connecting");
  gone = $state<Gone | null>(null);
  problem = $state.raw<Problem | null>(null);
  clips = $state.raw<ClipOut[] | null>(null);
  lines = $state.raw<Line[]>([]);
  /** Clips, by `scene/style`, whose cancellation is on its way. */
  asked = $state.raw<ReadonlySet<string>>(new Set());
  /** What was asked of the whole job and has not happened yet. */
  asking = $state<"cancel" | "retry" | "delete" | null>(null);
  hasNewer = $state(false);
  said = $state("");
  /** How many clips go before the job's first, while all of its clips wait. */
  ahead = $state<number | null>(null);
  now = $state(Date.now());

  #folded: Progress | null = null;
  #ticks: Tick[] = [];
  #log: Line[] = [];
  #logSeq = 0;
  #isShowing = false;
  #isReading = false;
  #isClosed = false;
  #stop = () => {};
  #clock: ReturnType<typeof setInterval>;
  #queueClock: ReturnType<typeof setInterval>;
  #clipsTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly jobId: string) {
    this.#clock = setInterval(() => (this.now = Date.now()), 1000);
    this.#queueClock = setInterval(() => this.#readQueue(), QUEUE_EVERY_MS);
    void this.open();
  }

  async open(): Promise<void> {
    this.problem = null;
    try {
      const state = await call("get", "/api/jobs/{job_id}", { path: this.#path });
      if (this.#isClosed) return;
      this.job = state.job;
      this.ahead = state.clips_ahead;
      this.#folded = state.progress;
      this.#show();
      this.#listen(state.cursor, state.progress.seq);
      await Promise.all([this.#readLog(), this.#readClips()]);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 404) this.gone = "not_found";
      else this.problem = problem;
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#clock);
    clearInterval(this.#queueClock);
    clearTimeout(this.#clipsTimer);
    this.#stop();
  }

  get zip(): string {
    return address("/api/jobs/{job_id}/clips.zip", { path: this.#path });
  }

  cancel(): Promise<boolean> {
    return this.#whole("cancel", () => call("post", "/api/jobs/{job_id}/cancel", { path: this.#path }));
  }

  retry(): Promise<boolean> {
    return this.#whole("retry", () => call("post", "/api/jobs/{job_id}/retry", { path: this.#path }));
  }

  remove(): Promise<boolean> {
    return this.#whole("delete", () => call("delete", "/api/jobs/{job_id}", { path: this.#path }));
  }

  cancelClip(sceneId: number, style: string): Promise<boolean> {
    const key = `${sceneId}/${style}`;
    const path = { ...this.#path, scene_id: sceneId, style };
    return optimistic(
      () => (this.asked = new Set([...this.asked, key])),
      () => call("post", "/api/jobs/{job_id}/clips/{scene_id}/{style}/cancel", { path }),
      () => (this.asked = new Set([...this.asked].filter((other) => other !== key))),
    );
  }

  prioritise(priority: JobOut["priority"]): Promise<boolean> {
    const before = this.job;
    return optimistic(
      () => (this.job = before && { ...before, priority }),
      () => call("patch", "/api/jobs/{job_id}", { path: this.#path, body: { priority } }),
      () => (this.job = before),
    );
  }

  get #path() {
    return { job_id: this.jobId };
  }

  #whole(what: "cancel" | "retry" | "delete", ask: () => Promise<unknown>): Promise<boolean> {
    return optimistic(() => (this.asking = what), ask, () => (this.asking = null));
  }

  #listen(cursor: string, seq: number): void {
    this.#stop = follow(
      { jobId: this.jobId, cursor, seq },
      {
        frame: (frame) => this.#take(frame),
        connection: (state) => (this.connection = state),
        gone: (why) => this.#lost(why),
      },
    );
  }

  #lost(why: Gone): void {
    this.gone = why;
    if (why === "unauthorized") signInNeeded();
  }

  #take(frame: Frame): void {
    if (frame.kind === "tick") return this.#ticked(frame.tick);
    this.#foldTicks();
    const before = this.#folded;
    if (!before) return;
    this.#folded = absorb(before, frame);
    if (frame.kind === "event") this.#told(frame.envelope);
    else if (frame.progress.seq > this.#logSeq) void this.#readLog();
    if (this.#folded.clips_completed !== before.clips_completed || this.#folded.run !== before.run) this.#readClipsSoon();
    this.#show();
  }

  #ticked(tick: Tick): void {
    this.#ticks.push(tick);
    if (this.#ticks.length > MOST_TICKS) this.#foldTicks();
    this.#show();
  }

  #foldTicks(): void {
    if (!this.#ticks.length || !this.#folded) return;
    this.#folded = advanceTicks(this.#folded, this.#ticks);
    this.#ticks = [];
  }

  #told(envelope: Envelope): void {
    if (!isKnown(envelope.event)) this.hasNewer = true;
    const { type } = envelope.event;
    if (type === "job_queued" && this.asking === "retry") this.asking = null;
    if (type === "job_finished" && this.asking === "cancel") this.asking = null;
    if (type === "job_queued" || type === "job_finished") void this.#readJob();
    this.said = milestone(envelope) || this.said;
    if (envelope.seq > this.#logSeq + 1) void this.#readLog();
    if (envelope.seq !== this.#logSeq + 1) return;
    this.#log.push(logLine(envelope));
    this.#logSeq = envelope.seq;
  }

  /** One update of the page per animation frame, however many frames came. */
  #show(): void {
    if (this.#isShowing) return;
    this.#isShowing = true;
    requestAnimationFrame(() => {
      this.#isShowing = false;
      this.#foldTicks();
      this.progress = this.#folded;
      if (this.lines.at(-1)?.seq !== this.#log.at(-1)?.seq) this.lines = this.#log.slice(-KEPT_LINES);
      if (this.asked.size) this.asked = this.#stillAsked();
    });
  }

  #stillAsked(): ReadonlySet<string> {
    const open = (this.#folded?.scenes ?? []).flatMap((scene) =>
      scene.clips.filter((clip) => !hasEnded(clip)).map((clip: ClipState) => `${scene.scene_id}/${clip.style}`),
    );
    const left = open.filter((key) => this.asked.has(key));
    return left.length === this.asked.size ? this.asked : new Set(left);
  }

  #readQueue(): void {
    const clips = (this.#folded?.scenes ?? []).flatMap((scene) => scene.clips);
    const isWaiting = this.connection === "live" && clips.some((clip) => clip.step === "queued") && clips.every((clip) => clip.step === "queued" || hasEnded(clip));
    if (isWaiting) void this.#readJob();
    else this.ahead = null;
  }

  async #readJob(): Promise<void> {
    try {
      const state = await call("get", "/api/jobs/{job_id}", { path: this.#path });
      this.job = state.job;
      this.ahead = state.clips_ahead;
    } catch (error) {
      notify(error);
    }
  }

  /** The whole history: for the first look, and where live frames left a hole. */
  async #readLog(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const { events } = await call("get", "/api/jobs/{job_id}/events", { path: this.#path });
      this.#log = events.map(logLine);
      this.#logSeq = events.at(-1)?.seq ?? 0;
      if (events.some((envelope) => !isKnown(envelope.event))) this.hasNewer = true;
      this.#show();
    } catch (error) {
      notify(error);
    }
    this.#isReading = false;
  }

  #readClipsSoon(): void {
    clearTimeout(this.#clipsTimer);
    this.#clipsTimer = setTimeout(() => void this.#readClips(), CLIPS_AFTER_MS);
  }

  async #readClips(): Promise<void> {
    try {
      this.clips = arranged(this.clips ?? [], await call("get", "/api/jobs/{job_id}/clips", { path: this.#path }));
    } catch (error) {
      notify(error);
    }
  }
}

/** Finished clips in the order in which they were seen to finish: a new one moves no other. */
function arranged(shown: ClipOut[], all: ClipOut[]): ClipOut[] {
  const ready = all.filter((clip) => clip.file !== null);
  const places = new Map(shown.map((clip, at) => [keyOf(clip), at]));
  const place = (clip: ClipOut) => places.get(keyOf(clip)) ?? shown.length;
  return ready.sort((a, b) => place(a) - place(b));
}

function keyOf({ scene_id, style }: ClipOut): string {
  return `${scene_id}/${style}`;
}
