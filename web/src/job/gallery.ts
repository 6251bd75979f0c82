// The finished clips of a job, from its progress alone: nothing is asked of the server for them.

import { type ClipState, type Progress, type SceneState, address } from "../api";

export interface FinishedClip {
  key: string;
  title: string;
  style: string;
  file: string;
  thumbnail: string | null;
  seconds: number;
  /** Null of a clip that a worker of an earlier version made. */
  bytes: number | null;
}

/** In the order in which they were finished; one that comes moves none of those that are shown. */
export function finishedClips(progress: Progress, shown: FinishedClip[]): FinishedClip[] {
  const found = new Map<string, { clip: ClipState; scene: SceneState }>();
  for (const scene of progress.scenes) {
    for (const clip of scene.clips) if (clip.step === "complete") found.set(`${scene.scene_id}/${clip.style}`, { clip, scene });
  }
  // One that was made again keeps its place, and is shown as it is now.
  const stay = shown.flatMap(({ key }) => {
    const now = found.get(key);
    found.delete(key);
    return now ? [finishedClip(progress.job_id, now.scene, now.clip)] : [];
  });
  const news = [...found.values()].sort((a, b) => finishedAt(a.clip) - finishedAt(b.clip));
  return [...stay, ...news.map(({ clip, scene }) => finishedClip(progress.job_id, scene, clip))];
}

function finishedClip(jobId: string, scene: SceneState, clip: ClipState): FinishedClip {
  const { style, details } = clip;
  // A clip that is made again has the address of the one before, which the browser may still show.
  const query = { made: finishedAt(clip) };
  const at = (what: string) =>
    address("/api/jobs/{job_id}/clips/{scene_id}/{style}/{what}", { path: { job_id: jobId, scene_id: scene.scene_id, style, what }, query });
  return {
    key: `${scene.scene_id}/${style}`,
    title: scene.title,
    style,
    file: at("file"),
    thumbnail: details["has_thumbnail"] === false ? null : at("thumbnail"),
    seconds: typeof details["duration_sec"] === "number" ? details["duration_sec"] : scene.duration_sec,
    bytes: typeof details["bytes"] === "number" ? details["bytes"] : null,
  };
}

function finishedAt({ since }: ClipState): number {
  return since ? Date.parse(since) : 0;
}
