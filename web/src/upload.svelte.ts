// A video on its way to the server; a broken upload goes on where it stopped, even after a reload.

import { Upload } from "tus-js-client";
import { type Problem, type VideoOut, call } from "./api";

const CHUNK = 8 * 1024 * 1024;

export class VideoUpload {
  sent = $state(0);
  size = $state(0);
  isPaused = $state(false);
  problem = $state<string | null>(null);

  #upload: Upload;

  constructor(
    readonly file: File,
    arrived: (video: VideoOut) => void,
  ) {
    this.size = file.size;
    this.#upload = new Upload(file, {
      endpoint: "/api/uploads",
      chunkSize: CHUNK,
      retryDelays: [0, 1000, 3000, 5000, 10000],
      metadata: { filename: file.name, filetype: file.type },
      removeFingerprintOnSuccess: true,
      onProgress: (sent, size) => {
        this.sent = sent;
        this.size = size ?? file.size;
      },
      onError: (error) => (this.problem = sentence(error)),
      onSuccess: ({ lastResponse }) => void this.#arrived(lastResponse.getHeader("Video-Id"), arrived),
    });
    void this.#begin();
  }

  pause(): void {
    this.isPaused = true;
    void this.#upload.abort();
  }

  resume(): void {
    this.isPaused = false;
    this.problem = null;
    void this.#begin();
  }

  /** Stop, and let the server forget what it has. */
  discard(): void {
    void this.#upload.abort(true).catch(() => {});
  }

  async #begin(): Promise<void> {
    const [earlier] = await this.#upload.findPreviousUploads();
    if (earlier) this.#upload.resumeFromPreviousUpload(earlier);
    this.#upload.start();
  }

  async #arrived(videoId: string | undefined, arrived: (video: VideoOut) => void): Promise<void> {
    if (!videoId) this.problem = "The server did not say which video this became.";
    else arrived(await call("get", "/api/videos/{video_id}", { path: { video_id: videoId } }));
  }
}

function sentence(error: Error): string {
  const body = "originalResponse" in error ? (error.originalResponse as { getBody(): string } | null)?.getBody() : null;
  try {
    return (JSON.parse(body ?? "") as Problem).detail;
  } catch {
    return "The upload broke off; resume it when the server can be reached again.";
  }
}
