import { expect, test } from "vitest";
import type { ClipState, Progress } from "../api";
import { advance } from "../progress/fold";
import { noProgress } from "../progress/job";
import { finishedClips } from "./gallery";

const histories = import.meta.glob<string>("../../../tests/transcripts/*.jsonl", { query: "?raw", import: "default", eager: true });

function replayed(name: string): Progress {
  const history = Object.entries(histories).find(([path]) => path.endsWith(`/${name}.jsonl`))![1];
  const items = history.trim().split("\n").map((line) => JSON.parse(line));
  return items.reduce(advance, noProgress(items[0].job_id));
}

function ended(progress: Progress, sceneId: number, style: string, change: Partial<ClipState>): Progress {
  const scenes = progress.scenes.map((scene) =>
    scene.scene_id !== sceneId ? scene : { ...scene, clips: scene.clips.map((clip) => (clip.style === style ? { ...clip, ...change } : clip)) },
  );
  return { ...progress, scenes };
}

test("finished clips come in the order in which they were finished", () => {
  const clips = finishedClips(replayed("success"), []);

  expect(clips.map(({ key }) => key)).toEqual(["1/split", "1/intelligent_speaker", "2/split", "2/intelligent_speaker"]);
  expect(clips[0]).toMatchObject({
    file: expect.stringMatching(/^\/api\/jobs\/7f3a9c20d1e4\/clips\/1\/split\/file\?made=\d+$/),
    thumbnail: expect.stringMatching(/^\/api\/jobs\/7f3a9c20d1e4\/clips\/1\/split\/thumbnail\?made=\d+$/),
  });
});

test("a clip that comes moves none of those that are shown, even if another machine's clock is behind", () => {
  const all = replayed("success");
  const three = ended(all, 1, "split", { step: "rendering" });
  const shown = finishedClips(three, []);

  expect(finishedClips(all, shown).map(({ key }) => key)).toEqual([...shown.map(({ key }) => key), "1/split"]);
  expect(finishedClips(three, finishedClips(all, shown))).toEqual(shown);
});

test("a clip that was made again is another file in the same place, whether or not it was seen to be gone", () => {
  const before = finishedClips(replayed("success"), []);
  const again = ended(replayed("success"), 1, "split", { since: "2099-01-01T00:00:00Z", details: { bytes: 77 } });
  const after = finishedClips(again, before);

  expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
  expect(after[0]).toMatchObject({ bytes: 77, file: expect.stringContaining(`made=${Date.UTC(2099, 0)}`) });
  expect(after[0]!.file).not.toBe(before[0]!.file);
  expect(after.slice(1)).toEqual(before.slice(1));
});

test("what is known of a file is shown, and what an earlier version did not say is left out", () => {
  const early = replayed("success");
  const details = { bytes: 1000, duration_sec: 7.5, has_thumbnail: false };
  const [now] = finishedClips(ended(early, 1, "split", { details }), []);
  const [before] = finishedClips(early, []);

  expect(now).toMatchObject({ bytes: 1000, seconds: 7.5, thumbnail: null });
  expect(before).toMatchObject({ bytes: null, seconds: early.scenes[0]!.duration_sec });
});
