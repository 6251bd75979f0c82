// One job: its scenes, the sums over them, and the share of the work that is done.

import type { ClipState, Progress, SceneState } from "../api.gen";
import { hasEnded } from "./clip";
import { withClips } from "./scene";
import { millionths } from "./shares";

// What a running job may show at most: 1.0 is said by job_finished alone.
const ALMOST = 0.999;
export const NO_ETA = { eta_sec: null, eta_low_sec: null, eta_high_sec: null, eta_at: null, eta_low_at: null, eta_high_at: null };

export function noProgress(jobId: string): Progress {
  return {
    job_id: jobId,
    seq: 0,
    run: 0,
    status: "queued",
    outcome: null,
    worker: null,
    has_worker: true,
    moved_at: null,
    fraction: 0,
    ...NO_ETA,
    queued_at: null,
    finished_at: null,
    clips_completed: 0,
    clips_failed: 0,
    clips_cancelled: 0,
    clips_total: 0,
    scenes: [],
    warnings: [],
  };
}

interface Place {
  sceneAt: number;
  clipAt: number;
  clip: ClipState;
}

export function find(progress: Progress, sceneId: number, style: string): Place | null {
  const sceneAt = progress.scenes.findIndex((scene) => scene.scene_id === sceneId);
  const clips = progress.scenes[sceneAt]?.clips ?? [];
  const clipAt = clips.findIndex((clip) => clip.style === style);
  const clip = clips[clipAt];
  return clip ? { sceneAt, clipAt, clip } : null;
}

export function withClip(progress: Progress, place: Place, clip: ClipState): Progress {
  const scenes = [...progress.scenes];
  const scene = scenes[place.sceneAt] as SceneState;
  scenes[place.sceneAt] = withClips(scene, scene.clips.with(place.clipAt, clip));
  const fraction = jobFraction(progress.fraction, scenes);
  return { ...progress, scenes, fraction, ...(hasEnded(clip) ? counts(scenes) : {}) };
}

export function sceneMarked(progress: Progress, sceneId: number, update: Partial<SceneState>): Progress {
  const scenes = progress.scenes.map((scene) =>
    scene.scene_id === sceneId ? { ...scene, ...update } : scene,
  );
  return { ...progress, scenes, ...counts(scenes) };
}

export function counts(scenes: SceneState[]) {
  const sum = (count: (scene: SceneState) => number) =>
    scenes.reduce((total, scene) => total + count(scene), 0);
  return {
    clips_completed: sum((scene) => scene.clips_completed),
    clips_failed: sum((scene) => scene.clips_failed),
    clips_cancelled: sum((scene) => scene.clips_cancelled),
    clips_total: sum((scene) => scene.clips.length),
  };
}

/** Clips weigh as much as they take; when nothing is complete or goes on, the bar stands still. */
export function jobFraction(shown: number, scenes: SceneState[]): number {
  let done = 0;
  let whole = 0;
  let moving = false;
  for (const scene of scenes) {
    done += scene.work_done;
    whole += scene.work_whole;
    moving ||= scene.clips.length > scene.clips_failed + scene.clips_cancelled;
  }
  const reached = moving && whole ? millionths(done / whole) : 0;
  return Math.max(shown, Math.min(reached, ALMOST));
}
