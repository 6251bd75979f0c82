import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ClipState, Progress } from "../api";
import { noProgress } from "../progress/job";
import { JobActions } from "./actions.svelte";
import { waits } from "./record.svelte";

let actions: JobActions;
let status: number;

beforeEach(() => {
  status = 202;
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ status, code: "conflict", detail: "Not now." }, { status })));
  actions = new JobActions("j");
});

afterEach(() => vi.unstubAllGlobals());

function madeOf(...steps: ClipState["step"][]): Progress {
  const clips = steps.map((step, index) => ({ style: `style${index}`, step }) as ClipState);
  return { ...noProgress("j"), scenes: [{ scene_id: 1, clips } as Progress["scenes"][number]] };
}

test("what is asked of a job stays asked until it happens", async () => {
  await actions.cancel();
  expect(actions.asking).toBe("cancel");
  actions.happened({ type: "job_queued" } as never);
  expect(actions.asking).toBe("cancel");
  actions.happened({ type: "job_finished" } as never);

  expect(actions.asking).toBeNull();
});

test("what is refused is not asked any more", async () => {
  status = 409;
  await Promise.all([actions.retry(), actions.cancelClip(1, "style0")]);

  expect(actions.asking).toBeNull();
  expect(actions.asked.size).toBe(0);
});

test("a clip is being cancelled until it has ended, however it did", async () => {
  await Promise.all([actions.cancelClip(1, "style0"), actions.cancelClip(1, "style1")]);
  actions.settle(madeOf("rendering", "complete"));

  expect([...actions.asked]).toEqual(["1/style0"]);
});

test("a job waits while nothing is made of what is left", () => {
  expect(waits(madeOf("queued", "complete"))).toBe(true);
  expect(waits(madeOf("queued", "rendering"))).toBe(false);
  expect(waits(madeOf("complete", "failed"))).toBe(false);
  expect(waits(null)).toBe(false);
});
