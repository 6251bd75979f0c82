import { expect, test } from "vitest";
import { errorOfClose, errorOfStatus } from "./close_codes";
import { BlockedError, RefusedError } from "./transport";

test.each([
  [4401, 401, "unauthorized"],
  [4404, 404, "not_found"],
])("a line that is refused for good says why, over a socket and over HTTP", (code, status, why) => {
  expect(errorOfClose(code)).toEqual(new RefusedError(why as "not_found"));
  expect(errorOfStatus(status)).toEqual(new RefusedError(why as "not_found"));
});

test("a view too many is no end of the job: another transport may have room", () => {
  expect(errorOfClose(4429)).toBeInstanceOf(BlockedError);
});

test.each([1000, 1006, 1011, 1012])("any other end is worth another try", (code) => {
  expect(errorOfClose(code)).toBeNull();
});
