import { expect, test } from "vitest";
import type { ClipState } from "../api.gen";
import { clipWords } from "./clip";

const NOW = Date.parse("2025-03-14T09:00:10Z");
const clip: ClipState = {
  style: "split", route: [], analysed: false, step: "queued", attempt: 1, since: "2025-03-14T09:00:00Z", fraction: 0, reached: 0,
  step_fraction: null, fps: null, speed: null, eta_sec: null, url: null, kept: false, failure: null, cancelled_by: null,
  slow_times: null, retry_in_sec: null, retry_code: null, details: {},
};

test("rendering tells its pace", () => {
  const rendering = { ...clip, step: "rendering" as const, fps: 47.6, speed: 1.58, eta_sec: 22, attempt: 2, details: { encoder: "x264" } };

  expect(clipWords(rendering, NOW, null)).toEqual(["rendering", "attempt 2", "48 fps", "1.6×", "20 s left", "x264"]);
});

test("a retry counts down and says why", () => {
  const retrying = { ...clip, step: "retrying" as const, retry_in_sec: 15, retry_code: "storage_unavailable" };

  expect(clipWords(retrying, NOW, null)).toEqual(["trying again in 5 s", "the storage did not answer"]);
  expect(clipWords(retrying, NOW + 60_000, null)[0]).toBe("trying again now");
});

test("a failure says in which step and why", () => {
  const failure = { step: "rendering" as const, code: "render_failed", message: "It broke.", retryable: false };

  expect(clipWords({ ...clip, step: "failed", failure }, NOW, null)).toEqual(["failed while rendering", "It broke."]);
});

test("no face is said as such", () => {
  const details = { faces: 0, frames: 240, mean_confidence: 0 };

  expect(clipWords({ ...clip, step: "face_detection_complete", details }, NOW, null)).toEqual(["no face found", "240 frames"]);
});

test("transcribing tells what listens, and then what was heard", () => {
  const listening = { engine: "faster-whisper", model: "small", language: "", audio_sec: 21.5 };
  const step = "transcript_complete" as const;

  expect(clipWords({ ...clip, step: "transcribing", speed: 3, details: listening }, NOW, null)).toEqual([
    "transcribing", "3.0×", "21.5 s of sound", "faster-whisper small",
  ]);
  expect(clipWords({ ...clip, step, details: { words: 61, language: "en" } }, NOW, null)).toEqual(["transcribed", "61 words", "en"]);
  expect(clipWords({ ...clip, step, details: { words: 0, language: "" } }, NOW, null)).toEqual(["no speech found"]);
});

test("a clip that takes far too long says so behind its step", () => {
  const slow = { ...clip, step: "rendering" as const, slow_times: 3.9, speed: 0.2, details: { encoder: "x264" } };

  expect(clipWords(slow, NOW, null)).toEqual(["rendering", "4 times as long as usual", "0.2×", "x264"]);
});

test("a clip says no longer than its job takes, whatever its speed was beside others", () => {
  const crowded = { ...clip, step: "rendering" as const, eta_sec: 180 };

  expect(clipWords(crowded, NOW, null)).toEqual(["rendering", "3 min left"]);
  expect(clipWords(crowded, NOW, 110)).toEqual(["rendering", "2 min left"]);
  expect(clipWords({ ...crowded, eta_sec: 20 }, NOW, 110)).toEqual(["rendering", "20 s left"]);
});
