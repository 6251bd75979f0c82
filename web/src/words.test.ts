import { expect, test } from "vitest";
import type { AudioTrack, ClipState, Envelope } from "./api.gen";
import { noProgress } from "./progress";
import { ago, audioTrackFacts, audioTrackName, clipCounts, clipWords, doneAbout, duration, fileSize, jobWords, levelWords, logLine, loudShare, milestone, percent, reason, shareOf, standstill, timeLeft, timecode, uploadSentence, voiceHint } from "./words";

const NOW = Date.parse("2025-03-14T09:00:10Z");
const clip: ClipState = {
  style: "split", route: [], analysed: false, step: "queued", attempt: 1, since: "2025-03-14T09:00:00Z", fraction: 0, reached: 0,
  step_fraction: null, fps: null, speed: null, eta_sec: null, url: null, kept: false, failure: null, cancelled_by: null,
  slow_times: null, retry_in_sec: null, retry_code: null, details: {},
};
const said = (event: object): Envelope => ({ job_id: "j", seq: 1, at: "", trace_id: "", event: event as Envelope["event"] });

test("time left is as precise as is known", () => {
  expect(timeLeft(null, null, null)).toBe("");
  expect(timeLeft(118, null, null)).toBe("about 2 min left");
  expect(timeLeft(120, 115, 125)).toBe("about 2 min left");
  expect(timeLeft(120, 60, 200)).toBe("1–3 min left");
  expect(timeLeft(5, 3, 7)).toBe("a few seconds left");
  expect(timeLeft(30, 2, 60)).toBe("up to 60 s left");
});

test("a hundred percent is said only of a finished job that made something", () => {
  expect(percent(0.9999)).toBe(99);
  expect(percent(1, "partial")).toBe(100);
  expect(percent(0.4, "failed")).toBe(40);
});

test("rendering tells its pace", () => {
  const rendering = { ...clip, step: "rendering" as const, fps: 47.6, speed: 1.58, eta_sec: 22, attempt: 2, details: { encoder: "x264" } };

  expect(clipWords(rendering, NOW)).toEqual(["rendering", "attempt 2", "48 fps", "1.6×", "20 s left", "x264"]);
});

test("a retry counts down and says why", () => {
  const retrying = { ...clip, step: "retrying" as const, retry_in_sec: 15, retry_code: "storage_unavailable" };

  expect(clipWords(retrying, NOW)).toEqual(["trying again in 5 s", "the storage did not answer"]);
  expect(clipWords(retrying, NOW + 60_000)[0]).toBe("trying again now");
});

test("a failure says in which step and why", () => {
  const failure = { step: "rendering" as const, code: "render_failed", message: "It broke.", retryable: false };

  expect(clipWords({ ...clip, step: "failed", failure }, NOW)).toEqual(["failed while rendering", "It broke."]);
});

test("no face is said as such", () => {
  const details = { faces: 0, frames: 240, mean_confidence: 0 };

  expect(clipWords({ ...clip, step: "face_detection_complete", details }, NOW)).toEqual(["no face found", "240 frames"]);
});

test("a code from a newer worker still reads as words", () => {
  expect(reason("moon_too_bright")).toBe("moon too bright");
});

test("an event of a newer version is a line of the log, too", () => {
  expect(logLine(said({ type: "coffee_made" })).text).toBe("coffee made (told by a newer version)");
});

test("a screen reader hears ends and failures, not steps", () => {
  const ended = { type: "scene_completed", scene_id: 2, clips_completed: 2, clips_failed: 1, clips_cancelled: 0 };

  expect(milestone(said(ended))).toBe("Scene 2 ended: 2 done, 1 failed");
  expect(milestone(said({ type: "clip_progress", step: "rendering", scene_id: 2, style: "split", details: {} }))).toBe("");
});

test("figures are friendly", () => {
  expect(timecode(62.5)).toBe("1:02.5");
  expect(timecode(3600)).toBe("1:00:00");
  expect(duration(102)).toBe("1 min 42 s");
  expect(fileSize(2_518_276)).toBe("2.5 MB");
  expect(ago("2025-03-14T08:55:00Z", NOW)).toBe("5 min ago");
});

test("counts name only what there is", () => {
  expect(clipCounts({ clips_completed: 1, clips_failed: 0, clips_cancelled: 0, clips_total: 1 })).toBe("1 of 1 clip done");
  expect(clipCounts({ clips_completed: 1, clips_failed: 2, clips_cancelled: 3, clips_total: 6 })).toBe("1 of 6 clips done, 2 failed, 3 cancelled");
});

test("a clip that takes far too long says so behind its step", () => {
  const slow = { ...clip, step: "rendering" as const, slow_times: 3.9, speed: 0.2, details: { encoder: "x264" } };

  expect(clipWords(slow, NOW)).toEqual(["rendering", "4 times as long as usual", "0.2×", "x264"]);
});

test("when a job is done is a time of day, and below a minute its seconds alone", () => {
  const at = (minutes: number) => new Date(2026, 5, 1, 14, 0, minutes * 60).toISOString();
  const running = { ...noProgress("j"), status: "running" as const, eta_sec: 700, moved_at: at(20) };
  const done = { ...running, eta_at: at(32), eta_low_at: at(30), eta_high_at: at(36) };

  expect(jobWords(done)).toBe("10–15 min left, done about 14:32 (14:30–14:36)");
  expect(jobWords({ ...done, eta_low_at: at(32), eta_high_at: at(32) })).toBe("about 10 min left, done about 14:32");
  expect(jobWords({ ...done, eta_at: at(20.5), eta_low_at: at(20.5), eta_high_at: at(20.5) })).toBe("about 30 s left");
});

test("a job that is done on another day names it", () => {
  const at = (day: number, hour: number) => new Date(2026, 5, day, hour).toISOString();

  expect(doneAbout(at(2, 1), at(1, 23), at(2, 4), Date.parse(at(1, 14)))).toMatch(/^done about Tue 01:00 \(23:00–Tue 04:00\)$/);
});

test("a job says its state until it knows its time", () => {
  expect(jobWords(noProgress("j"))).toBe("waiting for a worker");
  expect(jobWords({ ...noProgress("j"), status: "running" })).toBe("in progress");
  expect(jobWords({ ...noProgress("j"), status: "running", eta_sec: 60 })).toBe("about 60 s left");
});

test("an audio track is known by its name, its language and its channels", () => {
  const track: AudioTrack = {
    number: 2, codec: "aac", channels: 2, language: "deu", title: "Mic", role: "", is_default: false, playable: true,
    level_db: -20.4, speech: 0.5, part_of: [], overlaps: [],
  };

  expect([audioTrackName(track), audioTrackFacts(track)]).toEqual(["2. Mic", "German, stereo, speech"]);
  const bare = { ...track, title: "", channels: 6, speech: 0, role: "commentary" };
  expect([audioTrackName(bare), audioTrackFacts(bare)]).toEqual(["2. German", "5.1, commentary"]);
  expect(audioTrackName({ ...bare, language: "" })).toBe("2. without a name");
  expect(audioTrackName({ ...bare, language: "not a language" })).toBe("2. not a language");
});

test("what is heard by default is said by its numbers", () => {
  expect(voiceHint([])).toBe("nothing can be heard");
  expect(voiceHint([2])).toBe("track 2");
  expect(voiceHint([1, 2, 4])).toBe("tracks 1, 2 and 4, mixed");
});

test("a level meter is empty at silence and full at full scale", () => {
  expect([levelWords(-20.4), levelWords(-120)]).toEqual(["\u221220 dB", "silent"]);
  expect([loudShare(-120), loudShare(-30), loudShare(3)]).toEqual([0, 0.5, 1]);
});

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

test("a job that no worker is at says since when nothing has moved, and no time left", () => {
  const progress = { ...noProgress("j"), status: "running" as const, fraction: 0.64, eta_sec: 15, has_worker: false, moved_at: new Date(2026, 10, 28, 14, 2).toISOString() };

  expect(jobWords({ ...progress, has_worker: true })).toBe("about 15 s left");
  expect(jobWords(progress)).toMatch(/^no worker; nothing has moved since .*14:02/);
  expect(standstill(progress.moved_at, new Date(2026, 10, 28, 15, 0))).toBe("no worker; nothing has moved since 14:02");
});

test("a job that lost clips is its counts, not a hundred percent", () => {
  const partial = { ...noProgress("j"), fraction: 1, outcome: "partial" as const, clips_completed: 3, clips_failed: 1, clips_total: 4 };

  expect(shareOf(partial)).toBe("3 of 4");
  expect(shareOf({ ...partial, outcome: "succeeded" })).toBe("100 %");
  expect(shareOf({ ...partial, outcome: null, fraction: 0.642 })).toBe("64 %");
});
