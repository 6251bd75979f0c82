// How long to wait before the next try.

const FIRST_MS = 500;
const MOST_MS = 15_000;

/**
 * Full jitter: anything up to a limit that doubles with each failure, so that the viewers of a server that
 * went away do not all come back at once (AWS Architecture Blog, "Exponential Backoff And Jitter").
 */
export function backoffMs(failures: number, random: () => number): number {
  return random() * Math.min(FIRST_MS * 2 ** failures, MOST_MS);
}

/** Resolves after so long, or as soon as the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
