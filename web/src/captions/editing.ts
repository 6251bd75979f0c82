// Edits of a transcript: each gives new words, and what is said keeps its time.

import type { Word } from "../api";

export type Words = readonly Word[];

/** Seconds of the video. */
export type Stretch = [start: number, end: number];

/** Words that stand in one line: from `first` up to but without `end`. */
export interface Line {
  first: number;
  end: number;
}

/** As subtitle files of ours have their lines, so that what is seen here is what they say. */
const PAUSE_S = 0.8;
const LONGEST_S = 6;
const CHARS = 42;
/** So long a word that was added stands, and a letter of a long one; what is pressed for time has less, but not below the least. */
const WORD_S = 0.3;
const LETTER_S = 0.06;
const LEAST_S = 0.1;
const SENTENCE_END = /[.?!…。？！؟।]$/;

/** The word as somebody typed it: several words share its time, and none removes it. */
export function typed(words: Words, at: number, text: string): Words {
  const word = words[at];
  const parts = partsOf(text);
  if (!word || (parts.length === 1 && parts[0] === word.text)) return words;
  if (!parts.length) return removed(words, at);
  const spread: Stretch | null = word.spread ?? (parts.length > 1 ? [word.start, word.end] : null);
  return words.toSpliced(at, 1, ...shared(parts, [word.start, word.end], { ...word, spread }));
}

/** The words with what is said at `time`, in a scene from `start` to `end`: in a pause as a line of its own, else in the line that goes on there. */
export function added(words: Words, time: number, text: string, [start, end]: Stretch): Words {
  const parts = partsOf(text);
  const at = placeAt(words, time);
  const [before, next] = [words[at], words[at + 1]];
  if (!parts.length) return words;
  const stretch = roomFor(parts, time, [before?.end ?? start, next?.start ?? end]);
  const goesOn = before && next && !endsBefore(words, firstOf(words, at), at + 1);
  const joined = (goesOn ? next : before)?.joined ?? false;
  if (!stretch && words.length) return sharing(words, at, parts, joined);
  const spread = stretch ?? [start, end];
  if (goesOn) return words.toSpliced(at + 1, 0, ...shared(parts, spread, { ...before, joined, spread }));
  const line = shared(parts, spread, { joined: false, spread, break_after: true });
  return before ? words.toSpliced(at, 1, { ...before, break_after: true }, ...line) : [...line, ...words];
}

/** The last word that began by then; -1 for none. */
export function placeAt(words: Words, time: number): number {
  return words.findLastIndex((word) => word.start <= time);
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
  const end = Math.max(before.end, word.end);
  const stretches = [before.spread ?? [before.start, before.end], word.spread ?? [word.start, word.end]] as const;
  const union: Stretch = [Math.min(...stretches.map(([from]) => from)), Math.max(...stretches.map(([, to]) => to))];
  const spread = before.spread || word.spread ? union : null;
  const both = { ...before, text: before.text + word.text, end, spread, confidence: null, break_after: word.break_after ?? null };
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

function partsOf(text: string): string[] {
  return text.split(/\s+/).filter((part) => part !== "");
}

/** How long it takes to say, as the server reckons it: a word takes a moment, however short it is. */
function weightOf(text: string): number {
  return 1 + (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0);
}

/** Words like another one, each with its letters' share of the stretch. */
function shared(parts: string[], [start, end]: Stretch, like: Omit<Word, "text" | "start" | "end">): Word[] {
  const whole = parts.reduce((sum, part) => sum + weightOf(part), 0);
  let from = start;
  return parts.map((text, index): Word => {
    const isLast = index === parts.length - 1;
    const to = isLast ? end : from + ((end - start) * weightOf(text)) / whole;
    const word = { ...like, text, start: from, end: to, confidence: null, joined: index === 0 && like.joined, break_after: isLast ? (like.break_after ?? null) : null };
    from = to;
    return word;
  });
}

/** When words are shown that are added at `time` between what is said before and after; null where they do not fit. */
function roomFor(parts: string[], time: number, [from, to]: Stretch): Stretch | null {
  const least = LEAST_S * parts.length;
  if (to - from < least) return null;
  const start = Math.max(from, Math.min(time, to - least));
  const reading = parts.reduce((sum, part) => sum + Math.max(WORD_S, LETTER_S * part.length), 0);
  return [start, Math.min(start + reading, to)];
}

/** The words where others share the time of the one that they stand behind, or of the first. */
function sharing(words: Words, at: number, parts: string[], joined: boolean): Words {
  const word = words[Math.max(at, 0)];
  if (!word) return words;
  const own = at < 0 ? parts.length : 0;
  const spread: Stretch = word.spread ?? [word.start, word.end];
  const all = shared(parts.toSpliced(own, 0, word.text), [word.start, word.end], { ...word, spread }).map((one, index) => {
    // The word itself is as sure as it was.
    if (index === own) return { ...one, confidence: word.confidence ?? null };
    return index === own + 1 ? { ...one, joined } : one;
  });
  return words.toSpliced(Math.max(at, 0), 1, ...all);
}

function firstOf(words: Words, at: number): number {
  return linesOf(words).find(({ end }) => at < end)?.first ?? at;
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
