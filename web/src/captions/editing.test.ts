import { expect, test } from "vitest";
import { type Words, linesOf, merged, removed, replaced, saidAt, split, typed, unsplit, within } from "./editing";

const words: Words = [
  { text: "Their", start: 0, end: 0.4, confidence: 0.4, joined: false },
  { text: "over", start: 0.4, end: 0.8, joined: false },
  { text: "all", start: 0.8, end: 1, joined: false },
  { text: "plan.", start: 1.2, end: 2, joined: false, break_after: true },
  { text: "Next", start: 2, end: 3, joined: false },
];
const spoken = (all: Words) => all.map(({ text, start, end }) => [text, start, end]);
const lines = (all: Words) => linesOf(all).map(({ first, end }) => all.slice(first, end).map(({ text }) => text).join(" "));

test("a word that is typed anew keeps its time, and is nobody's guess any more", () => {
  const edited = typed(words, 0, "There");

  expect(edited[0]).toEqual({ text: "There", start: 0, end: 0.4, confidence: null, joined: false, spread: null, break_after: null });
  expect(edited.slice(1)).toEqual(words.slice(1));
  expect(typed(words, 1, " over ")).toBe(words);
});

test("several words share the time of the one that they replace", () => {
  const edited = typed(words, 3, "a big plan.");

  expect(spoken(edited.slice(3, 6))).toEqual([["a", 1.2, expect.closeTo(1.289)], ["big", expect.closeTo(1.289), expect.closeTo(1.556)], ["plan.", expect.closeTo(1.556), 2]]);
  expect(edited.map((word) => word.break_after ?? null)).toEqual([null, null, null, null, null, true, null]);
});

test("a word that is emptied is gone, and its line still ends", () => {
  expect(lines(typed(words, 3, " "))).toEqual(["Their over all", "Next"]);
  expect(spoken(removed(words, 0))).toEqual(spoken(words.slice(1)));
  expect(removed(words, 9)).toBe(words);
});

test("merged words are said from the start of the first to the end of the second", () => {
  expect(spoken(merged(words, 2))[1]).toEqual(["overall", 0.4, 1]);
  expect(merged(words, 0)).toBe(words);
});

test("lines end where somebody says so, and go on where somebody says so", () => {
  expect(lines(words)).toEqual(["Their over all plan.", "Next"]);
  const divided = split(words, 1);

  expect(lines(divided)).toEqual(["Their over", "all plan.", "Next"]);
  expect(lines(unsplit(divided, 1))).toEqual(["Their over all plan.", "Next"]);
  expect(lines(unsplit(words, 3))).toEqual(["Their over all plan. Next"]);
  expect(spoken(divided)).toEqual(spoken(words));
  expect(split(words, 4)).toBe(words);
});

test("without a word of anybody lines end at pauses, sentences, speakers, and when they are long", () => {
  const plain = (text: string, start: number, more = {}) => ({ text, start, end: start + 0.2, joined: false, ...more });

  expect(lines([plain("One.", 0), plain("two", 0.2), plain("three.", 0.4), plain("four", 0.6)])).toEqual(["One. two three.", "four"]);
  expect(lines([plain("a", 0), plain("b", 2)])).toEqual(["a", "b"]);
  expect(lines([plain("a", 0), plain("b", 0.2, { speaker: "Ann" })])).toEqual(["a", "b"]);
  expect(lines([plain("x".repeat(40), 0), plain("yy", 0.2)])).toHaveLength(2);
});

test("a scene's words are edited among all the others", () => {
  const scene = within(words, 0.5, 1.9);
  expect(scene.map(({ text }) => text)).toEqual(["over", "all", "plan."]);
  const edited = replaced(words, 0.5, 1.9, typed(scene, 1, "every"));

  expect(edited.map(({ text }) => text)).toEqual(["Their", "over", "every", "plan.", "Next"]);
});

test("the word that is being said is known, and that none is", () => {
  expect([0, 0.5, 1.1, 2.5, 9].map((time) => saidAt(words, time))).toEqual([0, 1, -1, 4, -1]);
});
