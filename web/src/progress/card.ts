// A scene as its card shows it.

import type { ClipState, SceneState, Step } from "../api.gen";

/** What a scene card is drawn from. */
export interface SceneProgress {
  sceneId: number;
  sceneTitle: string;
  styleCount: number;
  status: SceneState["status"];
  clipsCompleted: number;
  clipsFailed: number;
  currentSteps: Map<string, { step: Step; details?: ClipState["details"] }>;
}

export function sceneProgress(scene: SceneState): SceneProgress {
  return {
    sceneId: scene.scene_id,
    sceneTitle: scene.title,
    styleCount: scene.clips.length,
    status: scene.status,
    clipsCompleted: scene.clips_completed,
    clipsFailed: scene.clips_failed,
    currentSteps: new Map(scene.clips.map((clip) => [clip.style, currentStep(clip)])),
  };
}

function currentStep(clip: ClipState) {
  const named = Object.keys(clip.details).length > 0;
  return named ? { step: clip.step, details: clip.details } : { step: clip.step };
}
