import { expect, test } from "vitest";
import type { Envelope, Progress } from "../api.gen";
import { sceneProgress } from "./card";
import { isKnown } from "./events";
import { advance } from "./fold";
import { noProgress } from "./job";
import type { Tick } from "./messages";
import { advanceTicks } from "./ticks";

const histories = import.meta.glob<string>("../../../tests/transcripts/*.jsonl", {
  query: "?raw",
  import: "default",
  eager: true,
});
const endings = import.meta.glob<Progress>("../../../tests/transcripts/*.progress.json", {
  import: "default",
  eager: true,
});

function items(history: string): (Envelope | Tick)[] {
  return history.trim().split("\n").map((line) => JSON.parse(line));
}

function replayed(history: string): Progress {
  const all = items(history);
  return all.reduce(advance, noProgress(all[0]!.job_id));
}

test("there are transcripts to replay", () => {
  expect(Object.keys(histories).length).toBeGreaterThan(5);
});

for (const [path, history] of Object.entries(histories)) {
  const name = path.split("/").at(-1);

  test(`${name} leads to the progress that Python has`, () => {
    const expected = endings[path.replace(".jsonl", ".progress.json")];

    expect(JSON.parse(JSON.stringify(replayed(history)))).toEqual(expected);
  });

  test(`${name} heard twice changes nothing after its envelopes`, () => {
    const envelopes = items(history).filter((item) => "seq" in item);
    const once = envelopes.reduce(advance, noProgress("j"));

    expect(envelopes.reduce(advance, once)).toEqual(once);
  });

  test(`${name} leads to the same progress when its ticks are taken together`, () => {
    let progress = noProgress(items(history)[0]!.job_id);
    let ticks: Tick[] = [];
    for (const item of items(history)) {
      if (!("seq" in item)) ticks.push(item);
      else [progress, ticks] = [advance(advanceTicks(progress, ticks), item), []];
    }

    expect(advanceTicks(progress, ticks)).toEqual(replayed(history));
  });

  test(`${name} never moves the job's bar backwards within a run`, () => {
    let before = noProgress("j");
    for (const item of items(history)) {
      const after = advance(before, item);
      if (after.run === before.run) expect(after.fraction).toBeGreaterThanOrEqual(before.fraction);
      before = after;
    }
  });
}

test("an event of a newer version keeps its place and changes nothing else", () => {
  const before = noProgress("j");
  const event = { type: "coffee_made" } as unknown as Envelope["event"];
  const after = advance(before, { job_id: "j", seq: 1, at: "", trace_id: "", event });

  expect(isKnown(event)).toBe(false);
  expect(after).toEqual({ ...before, seq: 1 });
});

test("a scene card gets its styles with their steps", () => {
  const history = Object.entries(histories).find(([path]) => path.endsWith("/partial.jsonl"))?.[1];
  const scene = replayed(history ?? "").scenes[0]!;
  const card = sceneProgress(scene);

  expect(card.sceneTitle).toBe(scene.title);
  expect(card.styleCount).toBe(scene.clips.length);
  expect([...card.currentSteps.keys()]).toEqual(scene.clips.map((clip) => clip.style));
});
