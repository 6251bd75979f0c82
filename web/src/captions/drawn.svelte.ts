// A frame of a clip with its captions, drawn by the server for as long as it is wanted.

import { type CaptionAsk, drawing, problemOf } from "../api";

/** What a frame is asked for with. */
export interface WantedFrame {
  videoId: string;
  ask: CaptionAsk;
}

/** Who types, or moves through the words, asks for the last of them alone. */
const SETTLED_MS = 250;

export class DrawnFrame {
  /** An address of the picture within this page; it is there until the next one is. */
  picture = $state("");
  isDrawing = $state(false);
  problem = $state("");

  /** Ask for a frame; the returned function leaves it. */
  follow({ videoId, ask }: WantedFrame): () => void {
    const leaving = new AbortController();
    this.isDrawing = true;
    const timer = setTimeout(() => void this.#draw(videoId, ask, leaving.signal), SETTLED_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
      this.isDrawing = false;
    };
  }

  close(): void {
    if (this.picture) URL.revokeObjectURL(this.picture);
    this.picture = "";
  }

  async #draw(videoId: string, body: CaptionAsk, signal: AbortSignal): Promise<void> {
    try {
      const blob = await drawing("/api/captions/preview", { query: { video_id: videoId }, body, signal });
      if (signal.aborted) return;
      this.close();
      this.picture = URL.createObjectURL(blob);
      this.problem = "";
    } catch (error) {
      if (!signal.aborted) this.problem = problemOf(error).detail;
    } finally {
      if (!signal.aborted) this.isDrawing = false;
    }
  }
}
