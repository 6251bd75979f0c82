// Frames folded as they come, and shown at most once per animation frame, however many came.

import type { Progress } from "../api";
import { absorb, filled } from "../progress/fold";
import type { Frame, Tick } from "../progress/messages";
import { advanceTicks } from "../progress/ticks";

// A page in the background gets no animation frames; its ticks are folded then all the same.
const MOST_TICKS = 2000;

export class Fold {
  #progress: Progress;
  #ticks: Tick[] = [];
  #isShowing = false;

  constructor(
    progress: Progress,
    readonly show: (progress: Progress) => void,
    readonly onNextFrame: (act: () => void) => void = (act) => requestAnimationFrame(act),
  ) {
    this.#progress = filled(progress);
    this.#showSoon();
  }

  take(frame: Frame): void {
    if (frame.kind === "tick") this.#ticks.push(frame.tick);
    if (frame.kind !== "tick" || this.#ticks.length > MOST_TICKS) this.#foldTicks();
    if (frame.kind !== "tick") this.#progress = absorb(this.#progress, frame);
    this.#showSoon();
  }

  #foldTicks(): void {
    if (this.#ticks.length) this.#progress = advanceTicks(this.#progress, this.#ticks);
    this.#ticks = [];
  }

  #showSoon(): void {
    if (this.#isShowing) return;
    this.#isShowing = true;
    this.onNextFrame(() => {
      this.#isShowing = false;
      this.#foldTicks();
      this.show(this.#progress);
    });
  }
}
