// What can be asked of a job and its clips, and what of it has not happened yet.

import { type Progress, call } from "../api";
import { optimistic } from "../notices.svelte";
import { hasEnded } from "../progress/clip";
import type { Event } from "../progress/messages";

export class JobActions {
  /** What was asked of the whole job and has not happened yet. */
  asking = $state<"cancel" | "retry" | "delete" | null>(null);
  /** Clips, by `scene/style`, whose cancellation is on its way. */
  asked = $state.raw<ReadonlySet<string>>(new Set());

  constructor(readonly jobId: string) {}

  cancel(): Promise<boolean> {
    return this.#request("cancel", () => call("post", "/api/jobs/{job_id}/cancel", { path: this.#path }));
  }

  retry(): Promise<boolean> {
    return this.#request("retry", () => call("post", "/api/jobs/{job_id}/retry", { path: this.#path }));
  }

  remove(): Promise<boolean> {
    return this.#request("delete", () => call("delete", "/api/jobs/{job_id}", { path: this.#path }));
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

  happened({ type }: Event): void {
    if (type === "job_queued" && this.asking === "retry") this.asking = null;
    if (type === "job_finished" && this.asking === "cancel") this.asking = null;
  }

  /** A clip that has ended is not being cancelled any more. */
  settle({ scenes }: Progress): void {
    if (!this.asked.size) return;
    const open = scenes.flatMap(({ scene_id, clips }) => clips.filter((clip) => !hasEnded(clip)).map(({ style }) => `${scene_id}/${style}`));
    const left = open.filter((key) => this.asked.has(key));
    if (left.length < this.asked.size) this.asked = new Set(left);
  }

  get #path() {
    return { job_id: this.jobId };
  }

  #request(what: "cancel" | "retry" | "delete", ask: () => Promise<unknown>): Promise<boolean> {
    return optimistic(() => (this.asking = what), ask, () => (this.asking = null));
  }
}
