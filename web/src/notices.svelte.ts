// Short sentences at the foot of the page: what was refused, and why.

import { problemOf, traceOf } from "./api";

export interface Notice {
  id: number;
  text: string;
  traceId: string;
}

let count = 0;
export const notices = $state<{ all: Notice[] }>({ all: [] });

/** What was refused or did not work, once however often that happens. */
export function notify(error: unknown): void {
  const problem = problemOf(error);
  const text = problem.detail;
  if (notices.all.some((notice) => notice.text === text)) return;
  count += 1;
  notices.all = [...notices.all, { id: count, text, traceId: traceOf(problem) }].slice(-3);
}

export function dismiss(id: number): void {
  notices.all = notices.all.filter((notice) => notice.id !== id);
}

export function dismissAll(): void {
  notices.all = [];
}

/** Show the change at once; if the server refuses it, undo it and say why. */
export async function optimistic(show: () => void, ask: () => Promise<unknown>, undo: () => void): Promise<boolean> {
  show();
  try {
    await ask();
    return true;
  } catch (error) {
    undo();
    notify(error);
    return false;
  }
}
