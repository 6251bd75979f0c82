// The state of a job is every event so far plus the last ticks: the twin of viralclip/progress.py,
// and both replay the same transcripts.

import type { Envelope, Progress } from "../api.gen";
import { waiting } from "./clip";
import { afterEnvelope } from "./events";
import { noProgress } from "./job";
import { type Frame, type Tick, unreachable } from "./messages";
import { afterTick } from "./ticks";

/** The progress after one more frame of the live view. */
export function absorb(progress: Progress, frame: Frame): Progress {
  switch (frame.kind) {
    case "snapshot":
    case "reset":
      return filled(frame.progress);
    case "event":
      return advance(progress, frame.envelope);
    case "tick":
      return advance(progress, frame.tick);
    default:
      return unreachable(frame);
  }
}

/** The progress of a server, with what an earlier version did not say yet. */
export function filled(progress: Progress): Progress {
  const scenes = progress.scenes.map((scene) => ({ ...scene, clips: scene.clips.map((clip) => ({ ...waiting(clip), ...clip })) }));
  return { ...noProgress(progress.job_id), ...progress, scenes };
}

/** The progress after one more envelope or tick; an envelope seen before changes nothing. */
export function advance(progress: Progress, item: Envelope | Tick): Progress {
  if ("seq" in item) return item.seq <= progress.seq ? progress : afterEnvelope(progress, item);
  return afterTick(progress, item);
}
