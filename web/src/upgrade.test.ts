// During an upgrade a page and a server of different versions meet. Both ways, what is shown stays the same.

import { expect, test } from "vitest";
import type { Envelope, Progress } from "./api.gen";
import { finishedClips } from "./job/gallery";
import { absorb, advance } from "./progress/fold";
import { noProgress } from "./progress/job";
import type { Frame, Tick } from "./progress/messages";
import { jobWords } from "./words/job";
import { clipWords } from "./words/clip";

type Item = Envelope | Tick;
type Fold = { advance: typeof advance; absorb: typeof absorb; noProgress: typeof noProgress };

const histories = import.meta.glob<string>("../../tests/transcripts/*.jsonl", { query: "?raw", import: "default", eager: true });
const earlierPages = import.meta.glob<Fold>("../../tests/transcripts/earlier_page.mjs", { eager: true });
const earlier = Object.values(earlierPages)[0]!;
// What the version before does not say of events and ticks.
const NEWER = ["route", "eta_at", "eta_low_at", "eta_high_at", "bytes", "duration_sec", "has_thumbnail", "slow_times"];

// Histories with steps that it does not know: it leaves those out, and shows less.
const NEWER_STEPS = ['"transcribing"'];

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** The value as the version before would have said it. */
function older<T>(value: T): T {
  const isScene = (holder: object) => "scene_id" in holder && "start_sec" in holder;
  return JSON.parse(JSON.stringify(value, function (this: object, key, inner) {
    return NEWER.includes(key) && !isScene(this) ? undefined : inner;
  }));
}

function replayed(items: Item[], fold: Fold, start = fold.noProgress(items[0]!.job_id)): Progress {
  return items.reduce((progress, item) => fold.advance(progress, item), start);
}

/** What people see of a job. */
function drawn(progress: Progress) {
  const clips = progress.scenes.flatMap((scene) => scene.clips.map((clip) => [scene.scene_id, clip.style, clip.reached, ...clipWords(clip, 0, null)]));
  const { fraction, clips_completed, clips_failed, clips_cancelled, warnings } = progress;
  return { words: jobWords({ ...progress, eta_at: null }), fraction, clips_completed, clips_failed, clips_cancelled, warnings, clips };
}

for (const [path, history] of Object.entries(histories)) {
  if (NEWER_STEPS.some((step) => history.includes(step))) continue;
  const name = path.split("/").at(-1);
  const items: Item[] = history.trim().split("\n").map((line) => JSON.parse(line));
  const half = Math.floor(items.length / 2);

  test(`a page that stayed open draws ${name} of a newer server as the page of today does`, () => {
    const now = replayed(items, { advance, absorb, noProgress });
    const snapshot: Frame = { kind: "snapshot", cursor: "", progress: json(replayed(items.slice(0, half), { advance, absorb, noProgress })) };

    expect(drawn(replayed(items, earlier))).toEqual(drawn(now));
    expect(drawn(replayed(items.slice(half), earlier, earlier.absorb(earlier.noProgress("j"), snapshot)))).toEqual(drawn(now));
  });

  test(`the page of today draws ${name} of an earlier server, from the first event and from a snapshot`, () => {
    const events = older(items);
    const whole = replayed(events, { advance, absorb, noProgress });
    const snapshot: Frame = { kind: "snapshot", cursor: "", progress: older(replayed(events.slice(0, half), earlier)) };
    const resumed = replayed(events.slice(half), { advance, absorb, noProgress }, absorb(noProgress("j"), snapshot));

    expect(drawn(resumed)).toEqual(drawn(whole));
    expect(drawn(whole)).toEqual(drawn(replayed(events, earlier)));
    expect(finishedClips(resumed, []).map(({ key }) => key)).toEqual(finishedClips(whole, []).map(({ key }) => key));
  });
}
