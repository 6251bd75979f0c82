import { expect, test, vi } from "vitest";
import type { Progress } from "../api";
import { noProgress } from "../progress/job";
import type { Frame, Tick } from "../progress/messages";
import { Fold } from "./fold";

const tick = (seq: number): Frame => ({ kind: "tick", cursor: "e-1", tick: { type: "job_tick", job_id: "j", eta_sec: seq } as Tick });
const log = (seq: number): Frame => ({
  kind: "event",
  cursor: `e-${seq}`,
  envelope: { job_id: "j", seq, at: "", trace_id: "", event: { type: "log", level: "info", message: "" } },
});

function folding() {
  const shown: Progress[] = [];
  const waiting: (() => void)[] = [];
  const fold = new Fold(noProgress("j"), (progress) => shown.push(progress), (act) => waiting.push(act));
  const draw = () => waiting.splice(0).forEach((act) => act());
  return { fold, shown, waiting, draw };
}

test("however many frames come, the page is drawn once for each picture of the screen", () => {
  const { fold, shown, waiting, draw } = folding();
  draw();
  for (let seq = 1; seq <= 50; seq += 1) fold.take(log(seq));
  expect(waiting).toHaveLength(1);
  draw();

  expect(shown.map(({ seq }) => seq)).toEqual([0, 50]);
});

test("ticks are folded before the event they came before", () => {
  const { fold, shown, draw } = folding();
  fold.take(tick(7));
  fold.take(log(1));
  draw();

  expect(shown.at(-1)).toMatchObject({ seq: 1, eta_sec: 7 });
});

test("a page in the background does not gather ticks without end", () => {
  const { fold, shown, draw } = folding();
  for (let count = 0; count < 5000; count += 1) fold.take(tick(count));
  draw();

  expect(shown).toHaveLength(1);
  expect(shown[0]!.eta_sec).toBe(4999);
});

test("the browser's own pictures are asked for as a browser allows it", () => {
  const draw: (() => void)[] = [];
  vi.stubGlobal("requestAnimationFrame", function (this: unknown, act: () => void) {
    if (this !== undefined && this !== globalThis) throw new TypeError("Illegal invocation");
    draw.push(act);
  });
  const shown: Progress[] = [];
  new Fold(noProgress("j"), (progress) => shown.push(progress));
  draw.forEach((act) => act());
  vi.unstubAllGlobals();

  expect(shown).toHaveLength(1);
});
