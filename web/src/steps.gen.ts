// Written by `viralclip types` from viralclip/steps.py.

import type { Step } from "./api.gen";

/** `order` is its place in a clip's way; a step without one says how a clip goes. */
export interface StepFacts {
  words: string;
  weight: number;
  order: number;
}

export const STEPS: Record<Step, StepFacts> = {
  queued: {"words": "waiting", "weight": 0.0, "order": 0},
  extracting_segment: {"words": "cutting out the scene", "weight": 0.01, "order": 1},
  transcribing: {"words": "transcribing", "weight": 0.3, "order": 2},
  transcript_complete: {"words": "transcribed", "weight": 0.0, "order": 3},
  detecting_faces: {"words": "looking for faces", "weight": 0.12, "order": 4},
  face_detection_complete: {"words": "faces looked for", "weight": 0.0, "order": 5},
  computing_camera_path: {"words": "planning the camera", "weight": 0.02, "order": 6},
  camera_path_complete: {"words": "camera planned", "weight": 0.0, "order": 7},
  computing_crop_windows: {"words": "framing", "weight": 0.01, "order": 8},
  rendering: {"words": "rendering", "weight": 0.8, "order": 9},
  render_complete: {"words": "rendered", "weight": 0.0, "order": 10},
  uploading: {"words": "storing", "weight": 0.04, "order": 11},
  upload_complete: {"words": "stored", "weight": 0.01, "order": 12},
  complete: {"words": "done", "weight": 0.0, "order": 13},
  failed: {"words": "failed", "weight": 0.0, "order": 0},
  retrying: {"words": "trying again", "weight": 0.0, "order": 0},
  cancelled: {"words": "cancelled", "weight": 0.0, "order": 0},
};

/** Of clips whose outline says only whether they are analysed. */
export const OLD_ROUTES: { plain: Step[]; analysed: Step[] } = {
  plain: ["extracting_segment", "rendering", "uploading", "upload_complete"],
  analysed: ["extracting_segment", "detecting_faces", "computing_camera_path", "computing_crop_windows", "rendering", "uploading", "upload_complete"],
};

export const ENDS: ReadonlySet<Step> = new Set<Step>(["cancelled", "complete", "failed"]);
