// The job that is being put together, until it is submitted.

import type { Pin } from "./crop.svelte";
import { DraftCaptions, type KeptCaptions } from "./captions/draft_captions.svelte";
import { load, remove, save } from "./storage";
import { type FaultOut, type JobOut, type NewJob, type Problem, type SceneIn, type VideoOut, call, problemOf } from "./api";

export interface Row {
  key: number;
  title: string;
  start: string;
  end: string;
  /** Set by hand; otherwise the crop is planned. */
  crop?: Pin | undefined;
}

export type RowFaults = Partial<Record<"title" | "start" | "end" | "row", string>>;

/** What is kept of a draft with captions: what was corrected by hand is not to be lost. */
interface KeptDraft {
  videoId: string;
  rows: Row[];
  styles: string[];
  aspect: string;
  captions: KeptCaptions;
}

const KEPT = "viralclip.draft";

export class Draft {
  readonly captions = new DraftCaptions();
  video = $state.raw<VideoOut | null>(null);
  rows = $state<Row[]>([]);
  /** A pasted scene list, which then takes the place of the table. */
  text = $state("");
  isText = $state(false);
  styles = $state<string[]>([]);
  aspect = $state("9:16");
  preset = $state<JobOut["preset"]>("balanced");
  priority = $state<JobOut["priority"]>("normal");
  loudness = $state(false);
  bars = $state<"cut" | "keep">("cut");
  /** The number of an audio track, or `voice` or `all`. */
  audioTrack = $state("voice");
  #refused = $state.raw<{ problem: Problem; text: string } | null>(null);
  /** What the server noted about the scenes and the video when it took the job. */
  notes = $state.raw<string[]>([]);
  isSending = $state(false);

  #count = 0;
  #sent = "";
  #key = "";

  addRow(start: string, end: string, title = "", crop?: Pin): void {
    this.#count += 1;
    this.rows.push({ key: this.#count, title, start, end, ...(crop && { crop }) });
    this.rows.sort((a, b) => (seconds(a.start) ?? Infinity) - (seconds(b.start) ?? Infinity));
  }

  removeRow(key: number): void {
    this.rows = this.rows.filter((row) => row.key !== key);
  }

  /** Set the crop of a scene by hand, or with nothing let it be planned again. */
  pin(key: number, crop: Pin | undefined): void {
    const row = this.rows.find((row) => row.key === key);
    if (row) row.crop = crop;
  }

  toggle(style: string): void {
    const has = this.styles.includes(style);
    this.styles = has ? this.styles.filter((other) => other !== style) : [...this.styles, style];
  }

  /** What is still missing, or nothing. */
  get lacks(): string {
    if (!this.video) return "Choose a video";
    if (this.isText ? !this.text.trim() : !this.rows.length) return "Add a scene";
    if (!this.styles.length) return "Choose a style";
    return this.captions.lacks;
  }

  /** Keep a draft with captions in this browser; one without them is soon made again. */
  save(): void {
    const captions = this.captions.kept;
    if (!this.video || !captions) return remove(KEPT);
    const draft: KeptDraft = { videoId: this.video.video_id, rows: this.rows, styles: this.styles, aspect: this.aspect, captions };
    save(KEPT, draft);
  }

  /** Go on with the draft that was kept, if its video is still there. */
  async restore(): Promise<void> {
    const draft = load<KeptDraft>(KEPT);
    if (!draft) return;
    try {
      this.video = await call("get", "/api/videos/{video_id}", { path: { video_id: draft.videoId } });
    } catch {
      return;
    }
    for (const { start, end, title, crop } of draft.rows) this.addRow(start, end, title, crop);
    [this.styles, this.aspect] = [draft.styles, draft.aspect];
    this.captions.restore(draft.captions);
  }

  /** Why the job was refused; what was wrong with a pasted list is not said of another one. */
  get problem(): Problem | null {
    return this.isText && this.#refused?.text !== this.text ? null : (this.#refused?.problem ?? null);
  }

  /** Forget why the job was refused. */
  renew(): void {
    this.#refused = null;
  }

  /** The job's id, or null if it was refused; sending the same draft again makes no second job. */
  async submit(): Promise<string | null> {
    if (!this.video) return null;
    this.isSending = true;
    this.renew();
    const { text } = this;
    try {
      const body = this.#body(this.video);
      const headers = { "Idempotency-Key": this.#keyFor(JSON.stringify(body)) };
      const created = await call("post", "/api/jobs", { body, headers });
      this.notes = created.notes;
      remove(KEPT);
      return created.job_id;
    } catch (error) {
      this.#refused = { problem: problemOf(error), text };
      return null;
    } finally {
      this.isSending = false;
    }
  }

  #body(video: VideoOut): NewJob {
    return {
      source: { video_id: video.video_id },
      scenes: this.isText ? this.text : this.rows.map(sceneOf),
      styles: this.styles,
      aspect: this.aspect,
      preset: this.preset,
      priority: this.priority,
      loudness: this.loudness,
      bars: this.bars,
      audio_track: this.audioTrack,
      captions: this.captions.body,
    };
  }

  #keyFor(body: string): string {
    if (body !== this.#sent) [this.#sent, this.#key] = [body, randomKey()];
    return this.#key;
  }
}

/** A row as the API takes it; times are sent as they are typed. */
function sceneOf({ title, start, end, crop }: Row): SceneIn {
  return { ...(title && { title }), start, end, ...(crop && { crop }) };
}

/** The faults of each row of the table, from places like `scenes[2].end`. */
export function faultsOfRows(faults: FaultOut[]): Map<number, RowFaults> {
  const found = new Map<number, RowFaults>();
  for (const { place, problem } of faults) {
    const [, index, field = "row"] = /^scenes\[(\d+)\](?:\.(title|start|end))?/.exec(place) ?? [];
    if (index !== undefined) found.set(Number(index), { ...found.get(Number(index)), [field]: problem });
  }
  return found;
}

/** The line numbers of a pasted list that have faults. */
export function faultyLines(faults: FaultOut[]): number[] {
  return faults.flatMap(({ place }) => /line (\d+)/.exec(place)?.[1] ?? []).map(Number);
}

/** A time as seconds for drawing; the server has the last word on what is a time. */
export function seconds(text: string): number | null {
  const parts = text.trim().replace(",", ".").split(":").map(Number);
  if (!text.trim() || parts.some(Number.isNaN) || parts.length > 3) return null;
  return parts.reduce((sum, part) => sum * 60 + part, 0);
}

/** `crypto.randomUUID` is missing where a page is served without TLS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
