// Short sentences at the foot of the page: what was refused, and why.

import { problemOf } from "./api";

export interface Notice {
  id: number;
  text: string;
}

let count = 0;
export const notices = $state<{ all: Notice[] }>({ all: [] });

export function tell(text: string): void {
  if (notices.all.some((notice) => notice.text === text)) return;
  count += 1;
  notices.all = [...notices.all, { id: count, text }].slice(-3);
}

export function dismiss(id: number): void {
  notices.all = notices.all.filter((notice) => notice.id !== id);
}

export function dismissAll(): void {
  notices.all = [];
}

/** Show the wish as fulfilled at once; if the server refuses, take it back and say why. */
export async function wish(show: () => void, ask: () => Promise<unknown>, takeBack: () => void): Promise<boolean> {
  show();
  try {
    await ask();
    return true;
  } catch (error) {
    takeBack();
    tell(problemOf(error).detail);
    return false;
  }
}
