// The list of jobs, read again every few seconds while it is looked at.

import { type JobRow, type Problem, call, problemOf } from "./api";
import { optimistic } from "./notices.svelte";

const AGAIN_MS = 2000;
const PAGE = 20;

export class JobList {
  rows = $state.raw<JobRow[] | null>(null);
  problem = $state.raw<Problem | null>(null);
  hasMore = $state(false);
  now = $state(Date.now());

  #wanted = PAGE;
  #removed = new Set<string>();
  #timer: ReturnType<typeof setInterval>;

  constructor() {
    this.#timer = setInterval(() => document.visibilityState === "visible" && void this.read(), AGAIN_MS);
    void this.read();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async read(): Promise<void> {
    try {
      const page = await call("get", "/api/jobs", { query: { limit: this.#wanted } });
      this.rows = page.jobs.filter((row) => !this.#removed.has(row.job.job_id));
      this.hasMore = page.next !== null && this.#wanted < 100;
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.now = Date.now();
  }

  more(): void {
    this.#wanted = Math.min(this.#wanted + PAGE, 100);
    void this.read();
  }

  remove(jobId: string): Promise<boolean> {
    const before = this.rows;
    return optimistic(
      () => {
        this.#removed.add(jobId);
        this.rows = before?.filter((row) => row.job.job_id !== jobId) ?? null;
      },
      () => call("delete", "/api/jobs/{job_id}", { path: { job_id: jobId } }),
      () => {
        this.#removed.delete(jobId);
        this.rows = before;
      },
    );
  }
}
