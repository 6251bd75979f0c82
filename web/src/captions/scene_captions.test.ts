import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { typed } from "./editing";
import { SceneCaptions } from "./scene_captions.svelte";

const words = [{ text: "Helo", start: 1, end: 2, joined: false }];
const scene = { scene_id: 2, title: "Two", start: 0, end: 5, words, video_id: "v", styles: ["split"], aspect: "9:16", bars: "cut", options: {}, caption_style: "phrase", area: "feed" };

function answering(status: number, body: object) {
  const fetched = vi.fn((_url: string, _init: RequestInit) => Promise.resolve(new Response(JSON.stringify(body), { status })));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

async function opened(shown: object = scene): Promise<SceneCaptions> {
  answering(200, shown);
  const captions = new SceneCaptions("j", 2);
  await captions.read();
  return captions;
}

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) });
});
afterEach(() => vi.unstubAllGlobals());

test("edits of a scene are kept until its clips are made again", async () => {
  const captions = await opened();
  expect(captions.isChanged).toBe(false);
  captions.history.change(typed(captions.words, 0, "Hello"));
  captions.save();
  const again = await opened();
  expect([again.isChanged, again.words[0]?.text]).toEqual([true, "Hello"]);
  const fetched = answering(202, {});
  expect(await again.send()).toBe(true);

  const [url, init] = fetched.mock.calls[0] ?? [];
  expect(url).toBe("/api/jobs/j/captions");
  expect(JSON.parse(String(init?.body))).toEqual({ scenes: { 2: again.words }, style: "phrase", area: "feed" });
  expect((await opened()).isChanged).toBe(false);
});

test("an edit of words that the clips do not show any more is left", async () => {
  const captions = await opened();
  captions.history.change(typed(captions.words, 0, "Hello"));
  captions.save();
  const again = await opened({ ...scene, words: [{ text: "Other", start: 1, end: 2, joined: false }] });

  expect([again.isChanged, again.words[0]?.text]).toEqual([false, "Other"]);
});

test("a refusal stays with the edits", async () => {
  const captions = await opened();
  captions.area = "ads";
  expect(captions.isOtherLook).toBe(true);
  answering(409, { type: "about:blank", title: "", status: 409, detail: "The job is still running.", code: "conflict", trace_id: "", faults: [] });

  expect(await captions.send()).toBe(false);
  expect([captions.problem, captions.isSending]).toEqual(["The job is still running.", false]);
});
