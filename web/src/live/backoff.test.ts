import { expect, test } from "vitest";
import { backoffMs } from "./backoff";

test("the wait is anything up to a limit that doubles with each failure, and stops growing", () => {
  const most = [0, 1, 2, 3, 10, 1000].map((failures) => backoffMs(failures, () => 1));

  expect(most).toEqual([500, 1000, 2000, 4000, 15_000, 15_000]);
  expect(backoffMs(3, () => 0)).toBe(0);
  expect(backoffMs(3, () => 0.25)).toBe(1000);
});
