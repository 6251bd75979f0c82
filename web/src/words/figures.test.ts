import { expect, test } from "vitest";
import { noProgress } from "../progress/job";
import { fileSize, percent } from "./figures";
import { shareOf } from "./job";
import { ago, duration, tenths, timecode } from "./times";

const NOW = Date.parse("2025-03-14T09:00:10Z");

test("a hundred percent is said only of a finished job that made something", () => {
  expect(percent(0.9999)).toBe(99);
  expect(percent(1, "partial")).toBe(100);
  expect(percent(0.4, "failed")).toBe(40);
});

test("figures are friendly", () => {
  expect(timecode(62.5)).toBe("1:02.5");
  expect(timecode(3600)).toBe("1:00:00");
  expect([5, 62.46, 3599.97].map(tenths)).toEqual(["0:05.0", "1:02.5", "1:00:00.0"]);
  expect(duration(102)).toBe("1 min 42 s");
  expect(fileSize(2_518_276)).toBe("2.5 MB");
  expect(ago("2025-03-14T08:55:00Z", NOW)).toBe("5 min ago");
});

test("a job that lost clips is its counts, not a hundred percent", () => {
  const partial = { ...noProgress("j"), fraction: 1, outcome: "partial" as const, clips_completed: 3, clips_failed: 1, clips_total: 4 };

  expect(shareOf(partial)).toBe("3 of 4");
  expect(shareOf({ ...partial, outcome: "succeeded" })).toBe("100 %");
  expect(shareOf({ ...partial, outcome: null, fraction: 0.642 })).toBe("64 %");
});
