import { expect, test } from "vitest";
import { uploadSentence } from "./upload";

const going = { sent: 5e6, size: 10e6, step: "sending", fraction: null, isPaused: false, isWaiting: false } as const;

test.each([
  [going, "5.0 MB of 10.0 MB"],
  [{ ...going, isPaused: true }, "5.0 MB of 10.0 MB, paused"],
  [{ ...going, isWaiting: true }, "5.0 MB of 10.0 MB. The server cannot be reached; trying again…"],
  [{ ...going, step: "checking" }, "Checking the video…"],
  [{ ...going, step: "checking", isWaiting: true }, "The server cannot check the video yet; it tries again…"],
  [{ ...going, step: "storing" }, "Storing the video…"],
  [{ ...going, step: "storing", fraction: 0.4 }, "Storing the video, 40 %"],
  [{ ...going, step: "storing", isWaiting: true }, "The storage does not take the video yet; the server tries again…"],
] as const)("an upload says how far it is", (upload, sentence) => {
  expect(uploadSentence(upload)).toBe(sentence);
});
