import { expect, test } from "vitest";
import { noProgress } from "../progress/job";
import { doneAbout, mostLeft, remaining, timeLeft } from "./time_left";

test("time left is as precise as is known", () => {
  expect(timeLeft(null, null, null)).toBe("");
  expect(timeLeft(118, null, null)).toBe("about 2 min left");
  expect(timeLeft(120, 115, 125)).toBe("about 2 min left");
  expect(timeLeft(120, 60, 200)).toBe("1–3 min left");
  expect(timeLeft(5, 3, 7)).toBe("a few seconds left");
  expect(timeLeft(150, 2, 300)).toBe("up to 5 min left");
});

test("a job that is done on another day names it", () => {
  const at = (day: number, hour: number) => new Date(2026, 5, day, hour).toISOString();

  expect(doneAbout(at(2, 1), at(1, 23), at(2, 4), Date.parse(at(1, 14)))).toMatch(/^done about Tue 01:00 \(23:00–Tue 04:00\)$/);
});

test("the last two minutes are counted down evenly, without a band and without a clock", () => {
  const end = Date.parse("2026-06-01T14:32:00Z");
  const [at, low, high] = [0, -20_000, 9_000].map((by) => new Date(end + by).toISOString());
  const said = (seconds: number) =>
    remaining({ ...noProgress("j"), eta_sec: 1, eta_at: at!, eta_low_at: low!, eta_high_at: high!, moved_at: new Date(end - seconds * 1000).toISOString() });

  expect(said(180)).toMatch(/^about 3 min left, done about \d\d:32$|^about 3 min left, done about \d\d:32 \(/);
  expect([110, 100, 84, 61, 44, 31, 22, 9, 4, 0].map(said)).toEqual([
    "about 2 min left", "about 2 min left", "about 80 s left", "about 60 s left", "about 40 s left", "about 30 s left", "about 20 s left",
    "about 9 s left", "a few seconds left", "a few seconds left",
  ]);
});

test("no clip takes longer than the late end of its job, or than its end where there is no band", () => {
  expect(mostLeft(noProgress("j"))).toBeNull();
  expect(mostLeft({ ...noProgress("j"), eta_sec: 95, eta_low_sec: 60, eta_high_sec: 130 })).toBe(130);
  expect(mostLeft({ ...noProgress("j"), eta_sec: 95 })).toBe(95);
});
