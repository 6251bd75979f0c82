// What is on record of a job beside its progress: its options, its priority, its place in the queue.

import { type JobOut, type JobState, type Progress, call } from "../api";
import { notify, optimistic } from "../notices.svelte";
import { hasEnded } from "../progress/clip";

const QUEUE_EVERY_MS = 4000;

export class JobRecord {
  job = $state.raw<JobOut | null>(null);
  /** How many clips go before the job's first, while all of its clips wait. */
  ahead = $state<number | null>(null);
  hasCaptions = $state(false);

  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(readonly jobId: string) {}

  close(): void {
    clearInterval(this.#timer);
  }

  set({ job, clips_ahead, has_captions }: JobState): void {
    this.job = job;
    this.hasCaptions = has_captions;
    this.ahead = clips_ahead;
  }

  async read(): Promise<void> {
    try {
      this.set(await call("get", "/api/jobs/{job_id}", { path: { job_id: this.jobId } }));
    } catch (error) {
      notify(error);
    }
  }

  /** Ask for the place in the queue now and then, for as long as the job waits. */
  watchQueue(isWaiting: () => boolean): void {
    this.#timer = setInterval(() => {
      if (isWaiting()) void this.read();
      else this.ahead = null;
    }, QUEUE_EVERY_MS);
  }

  prioritise(priority: JobOut["priority"]): Promise<boolean> {
    const before = this.job;
    return optimistic(
      () => (this.job = before && { ...before, priority }),
      () => call("patch", "/api/jobs/{job_id}", { path: { job_id: this.jobId }, body: { priority } }),
      () => (this.job = before),
    );
  }
}

/** Whether some of the clips wait and none is being made. */
export function waits(progress: Progress | null): boolean {
  const open = (progress?.scenes ?? []).flatMap(({ clips }) => clips.filter((clip) => !hasEnded(clip)));
  return open.length > 0 && open.every(({ step }) => step === "queued");
}
