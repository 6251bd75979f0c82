// One scene: its clips, how many ended how, and the work that is done.

import type { ClipState, SceneCompleted, SceneOutline, SceneState, Step } from "../api.gen";
import { hasEnded, waiting } from "./clip";
import { millionths, sharesOf } from "./shares";

export function outlined(scene: SceneState | undefined, outline: SceneOutline): SceneState {
  const clips = new Map(scene?.clips.map((clip) => [clip.style, clip]));
  for (const clip of outline.clips) clips.set(clip.style, waiting(clip));
  const fresh: SceneState = {
    scene_id: outline.scene_id,
    title: outline.title,
    start_sec: outline.start_sec,
    duration_sec: outline.duration_sec,
    status: "pending",
    clips: [],
    clips_completed: 0,
    clips_failed: 0,
    clips_cancelled: 0,
    work_done: 0,
    work_whole: 0,
  };
  return withClips(fresh, [...clips.values()]);
}

/** The scene with other clips, counted and summed anew: sums that are adjusted would drift. */
export function withClips(scene: SceneState, clips: ClipState[]): SceneState {
  let done = 0;
  let whole = 0;
  for (const clip of clips) {
    const weight = millionths(scene.duration_sec * sharesOf(clip.route).whole);
    done += weight * clip.reached;
    whole += weight * (clip.step === "failed" ? clip.reached : 1);
  }
  const ended = (step: Step) => clips.reduce((count, clip) => (clip.step === step ? count + 1 : count), 0);
  return {
    ...scene,
    clips,
    work_done: done,
    work_whole: whole,
    clips_completed: ended("complete"),
    clips_failed: ended("failed"),
    clips_cancelled: ended("cancelled"),
  };
}

export function sceneEnd(event: SceneCompleted): Partial<SceneState> {
  const { clips_completed, clips_failed, clips_cancelled } = event;
  const status = sceneStatus(clips_completed, clips_failed, clips_cancelled);
  return { clips_completed, clips_failed, clips_cancelled, status };
}

function sceneStatus(completed: number, failed: number, cancelled: number): SceneState["status"] {
  if (!failed && !cancelled) return "completed";
  if (completed) return "partial";
  return failed ? "failed" : "cancelled";
}

export function standingStill(scene: SceneState): SceneState {
  const clips = scene.clips.map((clip) => (hasEnded(clip) ? clip : { ...clip, fps: null, speed: null, eta_sec: null }));
  return { ...scene, clips };
}
