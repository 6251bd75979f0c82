import { expect, test } from "vitest";
import type { Envelope } from "../api.gen";
import { logLine, milestone } from "./log";

const said = (event: object): Envelope => ({ job_id: "j", seq: 1, at: "", trace_id: "", event: event as Envelope["event"] });

test("an event of a newer version is a line of the log, too", () => {
  expect(logLine(said({ type: "coffee_made" })).text).toBe("coffee made (from a newer version)");
});

test("a screen reader hears ends and failures, not steps", () => {
  const ended = { type: "scene_completed", scene_id: 2, clips_completed: 2, clips_failed: 1, clips_cancelled: 0 };

  expect(milestone(said(ended))).toBe("Scene 2 ended: 2 done, 1 failed");
  expect(milestone(said({ type: "clip_progress", step: "rendering", scene_id: 2, style: "split", details: {} }))).toBe("");
});
