import { afterEach, expect, test, vi } from "vitest";
import { Draft, faultsOfRows, faultyLines, seconds } from "./draft.svelte";

const video = { video_id: "v", name: "a.mp4", width: 1280, height: 720, duration: 30, fps: "30", has_audio: true, audio_tracks: [], voice_tracks: [], notes: [], active_area: null, is_upload: false };

function ready(): Draft {
  const draft = new Draft();
  draft.video = video;
  draft.addRow("0:10", "0:20");
  draft.addRow("0:01", "0:05", "First");
  draft.toggle("split");
  return draft;
}

function answering(status: number, body: object) {
  const fetched = vi.fn((_url: string, _init: RequestInit) => Promise.resolve(new Response(JSON.stringify(body), { status })));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

const key = (call: [string, RequestInit] | undefined) => new Headers(call?.[1].headers).get("Idempotency-Key");

afterEach(() => vi.unstubAllGlobals());

test("a draft says what it lacks, in the order of the page", () => {
  const draft = new Draft();
  expect(draft.lacks).toBe("Choose a video");
  draft.video = video;
  expect(draft.lacks).toBe("Add a scene");
  draft.addRow("0", "5");
  expect(draft.lacks).toBe("Choose a style");
  draft.toggle("split");

  expect(draft.lacks).toBe("");
});

test("scenes stand in the order of the video", () => {
  expect(ready().rows.map((row) => row.start)).toEqual(["0:01", "0:10"]);
});

test("sending the same draft again makes no second job, a changed one does", async () => {
  const fetched = answering(201, { job_id: "j", notes: ["Read as start, end, title."] });
  const draft = ready();
  await draft.submit();
  await draft.submit();
  draft.aspect = "1:1";
  await draft.submit();
  const keys = fetched.mock.calls.map(key);

  expect(draft.notes).toEqual(["Read as start, end, title."]);
  expect(keys[0]).toBe(keys[1]);
  expect(keys[2]).not.toBe(keys[0]);
});

test("a refusal stays with the draft", async () => {
  answering(422, { type: "about:blank", title: "", status: 422, detail: "Faults.", code: "invalid_scenes", trace_id: "", faults: [{ place: "scenes[1].end", problem: "x is not a time" }] });
  const draft = ready();

  expect(await draft.submit()).toBeNull();
  expect(faultsOfRows(draft.problem?.faults ?? []).get(1)).toEqual({ end: "x is not a time" });
});

test("what was wrong with a pasted list is not said of the one that replaced it", async () => {
  answering(422, { type: "about:blank", title: "", status: 422, detail: "Faults.", code: "invalid_scenes", trace_id: "", faults: [{ place: "line 1", problem: "x is not a time" }] });
  const draft = ready();
  [draft.isText, draft.text] = [true, "x Opening"];
  const sending = draft.submit();
  draft.text = "0:01 - 0:02 Opening";
  await sending;

  expect(draft.problem).toBeNull();
  draft.text = "x Opening";
  expect(draft.problem?.faults).toHaveLength(1);
});

test("faults of a pasted list name their lines", () => {
  expect(faultyLines([{ place: "line 12", problem: "" }, { place: "aspect", problem: "" }])).toEqual([12]);
});

test("times are read as people write them", () => {
  expect(["90", "1:30", "0:01:30", "1:30,5", "", "x"].map(seconds)).toEqual([90, 90, 90, 90.5, null, null]);
});

test("a crop set by hand goes with its scene, until it is let go", async () => {
  const fetched = answering(201, { job_id: "j", notes: ["Read as start, end, title."] });
  const draft = ready();
  const [first] = draft.rows;
  draft.pin(first?.key ?? 0, { x: 0.1, y: 0, width: 0.3 });
  await draft.submit();
  draft.pin(first?.key ?? 0, undefined);
  await draft.submit();
  const scenes = fetched.mock.calls.map(([, init]) => (JSON.parse(String(init.body)) as { scenes: { crop?: object }[] }).scenes[0]?.crop);

  expect(scenes).toEqual([{ x: 0.1, y: 0, width: 0.3 }, undefined]);
});
