// The progress after ticks, one at a time or many at once.

import type { ClipTick, JobTick, Progress, SceneState, WorkerTick } from "../api.gen";
import { afterTick as clipAfterTick, fits } from "./clip";
import { NO_ETA, find, jobFraction, withClip } from "./job";
import { type Tick, unreachable } from "./messages";
import { standingStill, withClips } from "./scene";

export function afterTick(progress: Progress, tick: Tick): Progress {
  switch (tick.type) {
    case "clip_tick":
      return clipTicked(progress, tick);
    case "job_tick":
      return jobTicked(progress, tick);
    case "worker_tick":
      return workerTicked(progress, tick);
    default:
      return unreachable(tick);
  }
}

/** The progress after ticks in a row: as one after the other, with one sum at the end. */
export function advanceTicks(progress: Progress, ticks: Tick[]): Progress {
  if (progress.status === "finished") return progress;
  if (ticks.some(({ type }) => type === "worker_tick")) return ticks.reduce(afterTick, progress);
  const byScene = new Map<number, ClipTick[]>();
  let latest = progress;
  for (const tick of ticks) {
    if (tick.type === "job_tick") latest = jobTicked(latest, tick);
    else if (tick.type === "clip_tick") byScene.get(tick.scene_id)?.push(tick) ?? byScene.set(tick.scene_id, [tick]);
  }
  const scenes = progress.scenes.map((scene) => tickedScene(scene, byScene.get(scene.scene_id), progress.has_worker));
  return { ...latest, scenes, fraction: jobFraction(progress.fraction, scenes) };
}

function tickedScene(scene: SceneState, ticks: ClipTick[] | undefined, hasWorker: boolean): SceneState {
  if (!ticks) return scene;
  const clips = [...scene.clips];
  for (const tick of ticks) {
    const at = clips.findIndex((clip) => clip.style === tick.style);
    const clip = clips[at];
    if (clip && fits(clip, tick)) clips[at] = clipAfterTick(clip, tick, hasWorker);
  }
  return withClips(scene, clips);
}

function clipTicked(progress: Progress, tick: ClipTick): Progress {
  const place = find(progress, tick.scene_id, tick.style);
  if (!place || !fits(place.clip, tick) || progress.status === "finished") return progress;
  return withClip(progress, place, clipAfterTick(place.clip, tick, progress.has_worker));
}

function jobTicked(progress: Progress, tick: JobTick): Progress {
  if (progress.status === "finished") return progress;
  const moved = { ...progress, moved_at: tick.at ?? progress.moved_at };
  if (!progress.has_worker) return moved;
  return {
    ...moved,
    eta_sec: tick.eta_sec ?? null,
    eta_low_sec: tick.eta_low_sec ?? null,
    eta_high_sec: tick.eta_high_sec ?? null,
    eta_at: tick.eta_at ?? null,
    eta_low_at: tick.eta_low_at ?? null,
    eta_high_at: tick.eta_high_at ?? null,
  };
}

function workerTicked(progress: Progress, tick: WorkerTick): Progress {
  if (progress.status === "finished" || tick.alive === progress.has_worker) return progress;
  if (tick.alive) return { ...progress, has_worker: true };
  const scenes = progress.scenes.map(standingStill);
  return { ...progress, has_worker: false, scenes, ...NO_ETA };
}
