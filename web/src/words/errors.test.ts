import { expect, test } from "vitest";
import { reason } from "./errors";

test("a code from a newer worker still reads as words", () => {
  expect(reason("moon_too_bright")).toBe("moon too bright");
});
