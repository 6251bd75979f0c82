// The captions of a job that is being put together: where their words come from, and their look.

import { type FaultOut, type NewJob, type Word, call, problemOf } from "../api";
import { type Words, replaced } from "./editing";
import { WordHistory } from "./history.svelte";

export type CaptionMode = "none" | "given" | "auto";
export type CaptionArea = NonNullable<NewJob["captions"]>["area"];

/** What is kept of captions when the page is left. */
export interface KeptCaptions {
  words: Word[];
  origin: string;
  language: string;
  style: string;
  area: CaptionArea;
}

export class DraftCaptions {
  readonly history = new WordHistory();
  mode = $state<CaptionMode>("none");
  style = $state("phrase");
  area = $state<CaptionArea>("feed");
  /** The tag of the language that is spoken; empty for what the sound tells. */
  spoken = $state("");
  /** The file's name, and what the server noted about it or found wrong with it. */
  origin = $state("");
  notes = $state.raw<string[]>([]);
  problem = $state("");
  faults = $state.raw<FaultOut[]>([]);
  isReading = $state(false);
  #language = "";

  get words(): Words {
    return this.history.words;
  }

  /** What is still missing, or nothing. */
  get lacks(): string {
    return this.mode === "given" && !this.words.length ? "Choose a file with captions" : "";
  }

  async read(videoId: string, file: File): Promise<void> {
    this.isReading = true;
    this.problem = "";
    this.faults = [];
    try {
      const read = await call("post", "/api/captions/words", { query: { video_id: videoId, name: file.name }, raw: file });
      this.history.begin(read.words);
      [this.origin, this.#language, this.notes] = [read.origin, read.language, read.notes];
    } catch (error) {
      const { detail, faults } = problemOf(error);
      [this.problem, this.faults] = [detail, faults];
    } finally {
      this.isReading = false;
    }
  }

  /** The words of a stretch of the video, edited. */
  edit(start: number, end: number, words: Words): void {
    this.history.change(replaced(this.words, start, end, words));
  }

  /** Words of one video say nothing about another. */
  clear(): void {
    this.history.begin([]);
    [this.origin, this.#language, this.problem] = ["", "", ""];
    [this.notes, this.faults] = [[], []];
  }

  get body(): NonNullable<NewJob["captions"]> | null {
    if (this.mode === "none") return null;
    const transcript = this.mode === "given" ? JSON.stringify({ words: this.words, language: this.#language, origin: this.origin }) : null;
    const language = this.mode === "auto" ? this.spoken || null : null;
    return { mode: this.mode, transcript, language, style: this.style, area: this.area, burn: true };
  }

  get kept(): KeptCaptions | null {
    if (this.mode !== "given" || !this.words.length) return null;
    return { words: [...this.words], origin: this.origin, language: this.#language, style: this.style, area: this.area };
  }

  restore({ words, origin, language, style, area }: KeptCaptions): void {
    this.history.begin(words);
    this.mode = "given";
    [this.origin, this.#language, this.style, this.area] = [origin, language, style, area];
  }
}
