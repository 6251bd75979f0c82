import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Draft } from "../draft.svelte";
import { DraftCaptions } from "./draft_captions.svelte";
import { typed } from "./editing";

const video = { video_id: "v", name: "a.mp4", width: 1280, height: 720, duration: 30, fps: "30", has_audio: true, audio_tracks: [], voice_tracks: [], notes: [], active_area: null, is_upload: false };
const words = [
  { text: "Hello", start: 0, end: 1, joined: false },
  { text: "wrold", start: 1, end: 2, joined: false },
  { text: "again", start: 12, end: 13, joined: false },
];

function answering(status: number, body: object) {
  const fetched = vi.fn((_url: string, _init: RequestInit) => Promise.resolve(new Response(JSON.stringify(body), { status })));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

async function given(): Promise<DraftCaptions> {
  const captions = new DraftCaptions();
  await fill(captions);
  return captions;
}

async function fill(captions: DraftCaptions): Promise<void> {
  answering(200, { words, language: "en", origin: "a.srt", notes: ["Read so."] });
  captions.mode = "given";
  await captions.read("v", new File(["1"], "a.srt"));
}

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) });
});
afterEach(() => vi.unstubAllGlobals());

test("captions need a file, or nothing", async () => {
  const captions = new DraftCaptions();
  expect([captions.lacks, captions.body]).toEqual(["", null]);
  captions.mode = "given";
  expect(captions.lacks).toBe("Choose a file with captions");
  await fill(captions);

  expect(captions.lacks).toBe("");
  expect(captions.notes).toEqual(["Read so."]);
  expect(captions.body).toEqual({ mode: "given", transcript: JSON.stringify({ words, language: "en", origin: "a.srt" }), language: null, style: "phrase", area: "feed", burn: true });
});

test("a file that is no transcript leaves the words that there were, and says what is wrong", async () => {
  const captions = await given();
  answering(422, { type: "about:blank", title: "", status: 422, detail: "The transcript has 1 fault(s).", code: "invalid_transcript", trace_id: "", faults: [{ place: "line 2", problem: "ends early" }] });
  await captions.read("v", new File(["1"], "b.srt"));

  expect(captions.words).toHaveLength(3);
  expect([captions.problem, captions.faults]).toEqual(["The transcript has 1 fault(s).", [{ place: "line 2", problem: "ends early" }]]);
});

test("an edit of a scene changes its words alone, and can be undone", async () => {
  const captions = await given();
  captions.edit(0, 10, typed(captions.words.slice(0, 2), 1, "world"));
  expect(captions.words.map(({ text }) => text)).toEqual(["Hello", "world", "again"]);
  expect(captions.history.canUndo).toBe(true);
  captions.history.undo();

  expect(captions.words).toEqual(words);
  expect(captions.history.canUndo).toBe(false);
});

test("speech is recognised without any words of the page's", () => {
  const captions = new DraftCaptions();
  captions.mode = "auto";

  expect([captions.lacks, captions.body]).toEqual(["", { mode: "auto", transcript: null, language: null, style: "phrase", area: "feed", burn: true }]);
  captions.spoken = "de";
  expect(captions.body).toMatchObject({ mode: "auto", language: "de" });
  captions.mode = "given";
  expect(captions.body).toMatchObject({ mode: "given", language: null });
});

test("a draft with edited captions is there after a reload", async () => {
  const draft = new Draft();
  draft.video = video;
  draft.addRow("0", "10", "First", { x: 0.1, y: 0, width: 0.3 });
  draft.toggle("split");
  await fill(draft.captions);
  draft.captions.edit(0, 10, typed(draft.captions.words.slice(0, 2), 1, "world"));
  draft.captions.area = "ads";
  draft.save();
  answering(200, video);
  const again = new Draft();
  await again.restore();

  expect(again.video?.video_id).toBe("v");
  expect(again.rows.map(({ title, start, end, crop }) => [title, start, end, crop])).toEqual([["First", "0", "10", { x: 0.1, y: 0, width: 0.3 }]]);
  expect([again.styles, again.captions.area, again.captions.mode]).toEqual([["split"], "ads", "given"]);
  expect(again.captions.words.map(({ text }) => text)).toEqual(["Hello", "world", "again"]);
});

test("a draft that was made, or has no captions, is not kept", async () => {
  const draft = new Draft();
  draft.video = video;
  await fill(draft.captions);
  draft.save();
  answering(201, { job_id: "j", notes: [] });
  await draft.submit();
  const fetched = answering(200, video);
  await new Draft().restore();
  await fill(draft.captions);
  draft.save();
  draft.captions.mode = "none";
  draft.save();
  await new Draft().restore();

  expect(fetched).not.toHaveBeenCalled();
});

test("a draft whose video is gone is begun anew", async () => {
  const draft = new Draft();
  draft.video = video;
  await fill(draft.captions);
  draft.save();
  answering(404, { type: "about:blank", title: "", status: 404, detail: "Gone.", code: "not_found", trace_id: "", faults: [] });
  const again = new Draft();
  await again.restore();

  expect([again.video, again.captions.words]).toEqual([null, []]);
});
