import { expect, test } from "vitest";
import { noProgress } from "../progress/job";
import { clipCounts, jobWords, standstill } from "./job";

test("counts name only what there is", () => {
  expect(clipCounts({ clips_completed: 1, clips_failed: 0, clips_cancelled: 0, clips_total: 1 })).toBe("1 of 1 clip done");
  expect(clipCounts({ clips_completed: 1, clips_failed: 2, clips_cancelled: 3, clips_total: 6 })).toBe("1 of 6 clips done, 2 failed, 3 cancelled");
});

test("when a job is done is a time of day, and in the last two minutes its seconds alone", () => {
  const at = (minutes: number) => new Date(2026, 5, 1, 14, 0, minutes * 60).toISOString();
  const running = { ...noProgress("j"), status: "running" as const, eta_sec: 700, moved_at: at(20) };
  const done = { ...running, eta_at: at(32), eta_low_at: at(30), eta_high_at: at(36) };

  expect(jobWords(done)).toBe("10–15 min left, done about 14:32 (14:30–14:36)");
  expect(jobWords({ ...done, eta_low_at: at(32), eta_high_at: at(32) })).toBe("about 10 min left, done about 14:32");
  expect(jobWords({ ...done, eta_at: at(20.5), eta_low_at: at(20.5), eta_high_at: at(20.5) })).toBe("about 30 s left");
});

test("a job says its state until it knows its time", () => {
  expect(jobWords(noProgress("j"))).toBe("waiting for a worker");
  expect(jobWords({ ...noProgress("j"), status: "running" })).toBe("in progress");
  expect(jobWords({ ...noProgress("j"), status: "running", eta_sec: 60 })).toBe("about 60 s left");
});

test("a job that no worker is at says since when nothing has moved, and no time left", () => {
  const progress = { ...noProgress("j"), status: "running" as const, fraction: 0.64, eta_sec: 15, has_worker: false, moved_at: new Date(2026, 10, 28, 14, 2).toISOString() };

  expect(jobWords({ ...progress, has_worker: true })).toBe("about 15 s left");
  expect(jobWords(progress)).toMatch(/^no worker; nothing has moved since .*14:02/);
  expect(standstill(progress.moved_at, new Date(2026, 10, 28, 15, 0))).toBe("no worker; nothing has moved since 14:02");
});
