import { expect, test } from "vitest";
import { doneAbout, timeLeft } from "./time_left";

test("time left is as precise as is known", () => {
  expect(timeLeft(null, null, null)).toBe("");
  expect(timeLeft(118, null, null)).toBe("about 2 min left");
  expect(timeLeft(120, 115, 125)).toBe("about 2 min left");
  expect(timeLeft(120, 60, 200)).toBe("1–3 min left");
  expect(timeLeft(5, 3, 7)).toBe("a few seconds left");
  expect(timeLeft(30, 2, 60)).toBe("up to 60 s left");
});

test("a job that is done on another day names it", () => {
  const at = (day: number, hour: number) => new Date(2026, 5, day, hour).toISOString();

  expect(doneAbout(at(2, 1), at(1, 23), at(2, 4), Date.parse(at(1, 14)))).toMatch(/^done about Tue 01:00 \(23:00–Tue 04:00\)$/);
});
