// Where a style would look in a scene, asked of the server for as long as it is wanted.

import { type FramingOut, type VideoOut, call, problemOf } from "./api";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A crop set by hand, in shares of the picture, as scene lists have it. */
export interface Pin {
  x: number;
  y: number;
  width: number;
}

/** What a framing is asked for with. */
export interface Wanted {
  videoId: string;
  start: number;
  end: number;
  style: string;
  aspect: string;
  bars?: "cut" | "keep";
}

/** Typing a time changes what is wanted with every letter. */
const SETTLED_MS = 300;
/** Between samples a face is drawn where it was last seen, for so long. */
const SEEN_S = 0.25;

export class CropView {
  framing = $state.raw<FramingOut | null>(null);
  isLooking = $state(false);
  problem = $state("");

  /** Ask for what is wanted; the returned function leaves it. */
  follow({ videoId, ...query }: Wanted): () => void {
    const leaving = new AbortController();
    this.framing = null;
    this.problem = "";
    this.isLooking = true;
    const timer = setTimeout(() => void this.#fetch(videoId, query, leaving.signal), SETTLED_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
      this.framing = null;
      this.isLooking = false;
    };
  }

  async #fetch(videoId: string, query: Omit<Wanted, "videoId">, signal: AbortSignal): Promise<void> {
    try {
      const framing = await call("get", "/api/videos/{video_id}/framing", { path: { video_id: videoId }, query, signal });
      if (!signal.aborted) this.framing = framing;
    } catch (error) {
      if (!signal.aborted) this.problem = problemOf(error).detail;
    } finally {
      if (!signal.aborted) this.isLooking = false;
    }
  }
}

/** The windows of all panels at a time of the video. */
export function windowsAt({ panels, start, fps }: Pick<FramingOut, "panels" | "start" | "fps">, time: number): Box[] {
  return panels.flatMap((windows) => {
    const frame = Math.min(Math.max(Math.round((time - start) * fps), 0), windows.length - 1);
    const window = windows[frame];
    return window ? [box(window)] : [];
  });
}

/** The faces that are in the picture at a time of the video. */
export function facesAt({ faces }: Pick<FramingOut, "faces">, time: number): Box[] {
  return faces.flatMap(({ times, boxes }) => {
    const later = times.findIndex((at) => at > time);
    const place = later < 0 ? times.length - 1 : Math.max(later - 1, 0);
    const [at, found] = [times[place], boxes[place]];
    return at !== undefined && found && Math.abs(at - time) <= SEEN_S ? [box(found)] : [];
  });
}

/** How many faces are in the picture together at most; a cut makes no new people. */
export function mostFaces(framing: Pick<FramingOut, "faces">): number {
  const counts = framing.faces.map(({ times: [first = 0] }) => facesAt(framing, first).length);
  return Math.max(0, ...counts);
}

/** The window of a pin; like the server, it keeps it inside the picture. */
export function pinned({ x, y, width }: Pin, video: VideoOut, aspect: number): Box {
  const wide = Math.min(width * video.width, video.height * aspect);
  const high = wide / aspect;
  return within({ x: x * video.width, y: y * video.height, width: wide, height: high }, video);
}

/** The pin of a window moved by so many pixels of the video. */
export function moved(window: Box, across: number, down: number, video: VideoOut): Pin {
  const { x, y, width } = within({ ...window, x: window.x + across, y: window.y + down }, video);
  return { x: x / video.width, y: y / video.height, width: width / video.width };
}

/** Width over height of a shape like 9:16. */
export function ratio(aspect: string): number {
  const [across = 1, down = 1] = aspect.split(":").map(Number);
  return across / down;
}

function within(window: Box, video: VideoOut): Box {
  const clamp = (at: number, most: number) => Math.max(0, Math.min(at, most));
  return { ...window, x: clamp(window.x, video.width - window.width), y: clamp(window.y, video.height - window.height) };
}

function box([x = 0, y = 0, width = 0, height = 0]: readonly number[]): Box {
  return { x, y, width, height };
}
