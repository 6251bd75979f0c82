// One job while somebody looks: opened once, then followed live; progress, clips and log come from its frames.

import { type Envelope, type Problem, type Progress, address, call, problemOf, signInNeeded } from "../api";
import { follow } from "../live/follow";
import type { Connection } from "../live/status";
import type { Gone } from "../live/transport";
import type { Frame } from "../progress/messages";
import { milestone } from "../words/log";
import { JobActions } from "./actions.svelte";
import { Fold } from "./fold";
import { type FinishedClip, finishedClips } from "./gallery";
import { EventLog } from "./log.svelte";
import { JobRecord, waits } from "./record.svelte";

export class JobView {
  progress = $state.raw<Progress | null>(null);
  clips = $state.raw<FinishedClip[]>([]);
  connection = $state<Connection>("connecting");
  gone = $state<Gone | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** The last thing that a screen reader should hear. */
  said = $state("");

  readonly record: JobRecord;
  readonly actions: JobActions;
  readonly log: EventLog;

  #isClosed = false;
  #stop = () => {};

  constructor(readonly jobId: string) {
    this.record = new JobRecord(jobId);
    this.actions = new JobActions(jobId);
    this.log = new EventLog(jobId);
    this.record.watchQueue(() => this.connection === "live" && waits(this.progress));
    void this.open();
  }

  async open(): Promise<void> {
    this.problem = null;
    try {
      const state = await call("get", "/api/jobs/{job_id}", { path: { job_id: this.jobId } });
      if (this.#isClosed) return;
      this.record.set(state);
      this.#listen(state.cursor, state.progress);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 404) this.gone = "not_found";
      else this.problem = problem;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.record.close();
    this.#stop();
  }

  get zip(): string {
    return address("/api/jobs/{job_id}/clips.zip", { path: { job_id: this.jobId } });
  }

  #listen(cursor: string, progress: Progress): void {
    const fold = new Fold(progress, (latest) => this.#show(latest));
    this.log.resumeAfter(progress.seq);
    this.#stop = follow(
      { jobId: this.jobId, cursor, seq: progress.seq },
      {
        frame: (frame) => {
          fold.take(frame);
          this.#hear(frame);
        },
        connection: (state) => (this.connection = state),
        gone: (why) => this.#lost(why),
      },
    );
  }

  #lost(why: Gone): void {
    this.gone = why;
    if (why === "unauthorized") signInNeeded();
  }

  #hear(frame: Frame): void {
    if (frame.kind === "event") this.#happened(frame.envelope);
    else if (frame.kind !== "tick") this.log.resumeAfter(frame.progress.seq);
  }

  #happened(envelope: Envelope): void {
    this.log.append(envelope);
    this.actions.happened(envelope.event);
    this.said = milestone(envelope) || this.said;
    const { type } = envelope.event;
    if (type === "job_queued" || type === "job_finished") void this.record.read();
  }

  #show(progress: Progress): void {
    const isOther = progress.clips_completed !== this.clips.length || progress.run !== this.progress?.run;
    this.progress = progress;
    if (isOther) this.clips = finishedClips(progress, this.clips);
    this.log.show();
    this.actions.settle(progress);
  }
}
