// A video on its way to the server, until it can be used. It goes on where it stopped, after a break
// of any length and after a reload; the page tries for as long as it has the file.

import { type DetailedError, Upload, defaultOptions } from "tus-js-client";
import { type Problem, type UploadOut, type VideoOut, Refusal, call, problemOf } from "./api";

const CHUNK = 8 * 1024 * 1024;
/** Pauses between tries, in ms; the last one for days. */
const PAUSES = [0, 1000, 3000, 5000, 10_000, ...Array<number>(50_000).fill(15_000)];
/** A connection that moves nothing for so long was cut without a word. */
const STALL_MS = 20_000;
/** How often the server is asked how far it is with a file that it has. */
const ASK_MS = 1000;
/** The server is busy or somebody else holds the upload: it may be another answer next time. */
const PASSING = [408, 409, 423, 425, 429];
const DISK_FULL = 507;

export type UploadStep = "sending" | "checking" | "storing";

export class VideoUpload {
  sent = $state(0);
  size = $state(0);
  step = $state<UploadStep>("sending");
  /** How much of the file is stored, where the server knows. */
  fraction = $state<number | null>(null);
  isPaused = $state(false);
  /** The server cannot be reached or cannot go on just now; the page tries again by itself. */
  isWaiting = $state(false);
  problem = $state<string | null>(null);

  #upload: Upload;
  #arrived: (video: VideoOut) => void;
  #stall: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(
    readonly file: File,
    arrived: (video: VideoOut) => void,
  ) {
    this.size = file.size;
    this.#arrived = arrived;
    this.#upload = new Upload(file, {
      endpoint: "/api/uploads",
      chunkSize: CHUNK,
      retryDelays: PAUSES,
      metadata: { filename: file.name, filetype: file.type },
      removeFingerprintOnSuccess: false,
      onShouldRetry: (error) => this.#triesAgain(error),
      onProgress: (sent, size) => {
        this.sent = sent;
        this.size = size ?? file.size;
        this.isWaiting = false;
        this.#moved();
      },
      onError: (error) => this.#end(sentence(error)),
      onSuccess: () => void this.#follow(),
    });
    void this.#begin();
  }

  pause(): void {
    this.isPaused = true;
    clearTimeout(this.#stall);
    void this.#upload.abort();
  }

  resume(): void {
    this.isPaused = false;
    this.problem = null;
    this.#isOver = false;
    void this.#begin();
  }

  /** Stop, and let the server forget what it has. */
  discard(): void {
    this.#end(null);
    void this.#upload.abort(true).catch(() => {});
    void this.#forget();
  }

  async #begin(): Promise<void> {
    addEventListener("online", this.#online);
    const [earlier] = await this.#upload.findPreviousUploads();
    if (earlier) this.#upload.resumeFromPreviousUpload(earlier);
    this.#moved();
    this.#upload.start();
  }

  #triesAgain(error: DetailedError): boolean {
    const status = error.originalResponse?.getStatus() ?? 0;
    this.isWaiting = PASSING.includes(status) || status === 0 || (status >= 500 && status !== DISK_FULL);
    this.#moved();
    return this.isWaiting;
  }

  #moved(): void {
    clearTimeout(this.#stall);
    this.#stall = setTimeout(this.#again, STALL_MS);
  }

  #online = (): void => {
    if (this.isWaiting) void this.#again();
  };

  #again = async (): Promise<void> => {
    if (this.#isOver || this.isPaused || this.step !== "sending") return;
    this.isWaiting = true;
    this.#moved();
    await this.#upload.abort();
    this.#upload.start();
  };

  /** All bytes are there: the server looks into the file and stores it. */
  async #follow(): Promise<void> {
    clearTimeout(this.#stall);
    this.step = "checking";
    while (!this.#isOver) {
      try {
        if (await this.#isSettled(await call("get", "/api/uploads/{upload_id}", { path: { upload_id: this.#id() } }))) return;
      } catch (error) {
        if (!isPassing(error)) return this.#end(problemOf(error).detail);
        this.isWaiting = true;
      }
      await new Promise((then) => setTimeout(then, ASK_MS));
    }
  }

  async #isSettled(upload: UploadOut): Promise<boolean> {
    this.isWaiting = upload.problem !== null;
    this.fraction = upload.fraction;
    if (upload.state === "checking" || upload.state === "storing") this.step = upload.state;
    if (upload.state === "refused") this.#end(upload.problem?.detail ?? null);
    if (upload.video_id !== null) {
      const video = await call("get", "/api/videos/{video_id}", { path: { video_id: upload.video_id } });
      if (!this.#isOver) this.#arrived(video);
      this.#end(null);
    }
    if (this.#isOver) void this.#forget();
    return this.#isOver;
  }

  #id(): string {
    return this.#upload.url?.split("/").pop() ?? "";
  }

  #end(problem: string | null): void {
    this.#isOver = true;
    this.isWaiting = false;
    this.problem = problem;
    clearTimeout(this.#stall);
    removeEventListener("online", this.#online);
  }

  /** The same file chosen again is a new upload. */
  async #forget(): Promise<void> {
    for (const { urlStorageKey } of await this.#upload.findPreviousUploads()) {
      await defaultOptions.urlStorage?.removeUpload(urlStorageKey);
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof Refusal && (error.problem.status === 0 || error.problem.status >= 500);
}

function sentence(error: Error): string {
  const body = "originalResponse" in error ? (error.originalResponse as { getBody(): string } | null)?.getBody() : null;
  try {
    return (JSON.parse(body ?? "") as Problem).detail;
  } catch {
    return "The upload broke off; resume it when the server can be reached again.";
  }
}
