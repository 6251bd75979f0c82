// The words of a transcript as they are edited, and the way back.

import type { Words } from "./editing";

const MOST = 200;

export class WordHistory {
  words = $state.raw<Words>([]);
  #past = $state.raw<readonly Words[]>([]);

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  /** Other words altogether, which nothing leads back from. */
  begin(words: Words): void {
    this.words = words;
    this.#past = [];
  }

  change(words: Words): void {
    if (words === this.words) return;
    this.#past = [...this.#past, this.words].slice(-MOST);
    this.words = words;
  }

  undo(): void {
    const before = this.#past.at(-1);
    if (!before) return;
    this.words = before;
    this.#past = this.#past.slice(0, -1);
  }
}
