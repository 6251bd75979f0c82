// The captions of a scene of a finished job, as they are edited until the clips are made again.

import { type SceneWords, type Word, call, problemOf } from "../api";
import { load, remove, save } from "../storage";
import type { CaptionArea } from "./draft_captions.svelte";
import type { Words } from "./editing";
import { WordHistory } from "./history.svelte";

/** What is kept of an edit when the page is left; `shown` are the words that it was made of. */
interface KeptEdit {
  shown: string;
  words: Word[];
  style: string;
  area: CaptionArea;
}

export class SceneCaptions {
  readonly history = new WordHistory();
  /** What the clips show now. */
  scene = $state.raw<SceneWords | null>(null);
  style = $state("phrase");
  area = $state<CaptionArea>("feed");
  problem = $state("");
  isSending = $state(false);

  constructor(
    readonly jobId: string,
    readonly sceneId: number,
  ) {}

  get words(): Words {
    return this.history.words;
  }

  /** Whether anything would be made again. */
  get isChanged(): boolean {
    return this.isOtherLook || (this.scene !== null && JSON.stringify(this.words) !== JSON.stringify(this.scene.words));
  }

  /** Whether the captions of every scene would change: a job has one look. */
  get isOtherLook(): boolean {
    return this.scene !== null && (this.style !== this.scene.caption_style || this.area !== this.scene.area);
  }

  async read(): Promise<void> {
    try {
      const scene = await call("get", "/api/jobs/{job_id}/scenes/{scene_id}/words", { path: { job_id: this.jobId, scene_id: this.sceneId } });
      this.scene = scene;
      this.#begin(scene, load<KeptEdit>(this.#key));
    } catch (error) {
      this.problem = problemOf(error).detail;
    }
  }

  /** Keep the edits in this browser until they are made. */
  save(): void {
    const { scene } = this;
    if (!scene) return;
    if (!this.isChanged) return remove(this.#key);
    save(this.#key, { shown: JSON.stringify(scene.words), words: [...this.words], style: this.style, area: this.area } satisfies KeptEdit);
  }

  /** Have the clips made again that show what was edited. */
  async send(): Promise<boolean> {
    this.isSending = true;
    this.problem = "";
    try {
      const body = { scenes: { [this.sceneId]: [...this.words] }, style: this.style, area: this.area };
      await call("post", "/api/jobs/{job_id}/captions", { path: { job_id: this.jobId }, body });
      remove(this.#key);
      return true;
    } catch (error) {
      this.problem = problemOf(error).detail;
      return false;
    } finally {
      this.isSending = false;
    }
  }

  get #key(): string {
    return `viralclip.captions.${this.jobId}.${this.sceneId}`;
  }

  #begin(scene: SceneWords, edit: KeptEdit | null): void {
    // An edit of other words than the clips show now would undo what was made since.
    const isCurrent = edit?.shown === JSON.stringify(scene.words);
    this.history.begin(scene.words);
    [this.style, this.area] = [scene.caption_style, scene.area];
    if (!edit || !isCurrent) return;
    this.history.change(edit.words);
    [this.style, this.area] = [edit.style, edit.area];
  }
}
