// Edits of a transcript: each gives new words, and what is said keeps its time.

import type { Word } from "../api";

export type Words = readonly Word[];

/** Words that stand in one line: from `first` up to but without `end`. */
export interface Line {
  first: number;
  end: number;
}

/** As subtitle files of ours have their lines, so that what is seen here is what they say. */
const PAUSE_S = 0.8;
const LONGEST_S = 6;
const CHARS = 42;
const SENTENCE_END = /[.?!…。？！؟।]$/;

/** The word as somebody typed it: several words share its time, and none removes it. */
export function typed(words: Words, at: number, text: string): Words {
  const word = words[at];
  const parts = text.split(/\s+/).filter((part) => part !== "");
  if (!word || (parts.length === 1 && parts[0] === word.text)) return words;
  if (!parts.length) return removed(words, at);
  const letters = parts.reduce((sum, part) => sum + part.length, 0);
  let start = word.start;
  const typedWords = parts.map((part, index): Word => {
    const isLast = index === parts.length - 1;
    const end = isLast ? word.end : start + ((word.end - word.start) * part.length) / letters;
    const typedWord: Word = {
      ...word,
      text: part,
      start,
      end,
      confidence: null,
      joined: index === 0 && word.joined,
      spread: word.spread ?? (parts.length > 1 ? [word.start, word.end] : null),
      break_after: isLast ? (word.break_after ?? null) : null,
    };
    start = end;
    return typedWord;
  });
  return words.toSpliced(at, 1, ...typedWords);
}

export function removed(words: Words, at: number): Words {
  const [before, word] = [words[at - 1], words[at]];
  if (!word) return words;
  const rest = words.toSpliced(at, 1);
  // A line that ended with the word still ends there.
  return before && word.break_after === true ? rest.with(at - 1, { ...before, break_after: true }) : rest;
}

/** The word written together with the one before it, over the time of both. */
export function merged(words: Words, at: number): Words {
  const [before, word] = [words[at - 1], words[at]];
  if (!before || !word) return words;
  const both = { ...before, text: before.text + word.text, end: Math.max(before.end, word.end), confidence: null, break_after: word.break_after ?? null };
  return words.toSpliced(at - 1, 2, both);
}

/** Let the line end behind the word. */
export function split(words: Words, at: number): Words {
  return broken(words, at, true);
}

/** Let the line of the word go on with the next one. */
export function unsplit(words: Words, at: number): Words {
  return broken(words, at, false);
}

export function linesOf(words: Words): Line[] {
  const lines: Line[] = [];
  for (const at of words.keys()) {
    const line = lines.at(-1);
    if (line && !endsBefore(words, line.first, at)) line.end = at + 1;
    else lines.push({ first: at, end: at + 1 });
  }
  return lines;
}

/** The words that a clip from `start` to `end` shows: those that are said in it for the greater part. */
export function within(words: Words, start: number, end: number): Words {
  return words.filter((word) => isWithin(word, start, end));
}

/** All words, with those of a stretch edited. */
export function replaced(all: Words, start: number, end: number, edited: Words): Words {
  const others = all.filter((word) => !isWithin(word, start, end));
  return [...others, ...edited].sort((a, b) => a.start - b.start);
}

/** The word that is being said; -1 for none. */
export function saidAt(words: Words, time: number): number {
  return words.findLastIndex((word) => word.start <= time && time < word.end);
}

function isWithin(word: Word, start: number, end: number): boolean {
  const middle = (word.start + word.end) / 2;
  return start <= middle && middle < end;
}

function broken(words: Words, at: number, isBroken: boolean): Words {
  const word = words[at];
  return word && at < words.length - 1 ? words.with(at, { ...word, break_after: isBroken }) : words;
}

function endsBefore(words: Words, first: number, at: number): boolean {
  const [begin, last, word] = [words[first], words[at - 1], words[at]];
  if (!begin || !last || !word) return true;
  if (typeof last.break_after === "boolean") return last.break_after;
  return (
    (last.speaker ?? null) !== (word.speaker ?? null) ||
    word.start - last.end > PAUSE_S ||
    word.end - begin.start > LONGEST_S ||
    (SENTENCE_END.test(last.text) && at - first > 1) ||
    spelled(words.slice(first, at + 1)).length > CHARS
  );
}

function spelled(words: Words): string {
  return words.map(({ text, joined }) => (joined ? text : ` ${text}`)).join("").trim();
}
