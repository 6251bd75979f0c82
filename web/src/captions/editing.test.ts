import { expect, test } from "vitest";
import { type Words, added, linesOf, merged, removed, replaced, saidAt, split, typed, unsplit, within } from "./editing";

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

  expect(spoken(edited.slice(3, 6))).toEqual([["a", 1.2, expect.closeTo(1.345)], ["big", expect.closeTo(1.345), expect.closeTo(1.636)], ["plan.", expect.closeTo(1.636), 2]]);
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

test("words are added in a pause, as a line of their own and for as long as they are read", () => {
  const apart: Words = [{ text: "One", start: 1, end: 1.5, joined: false }, { text: "two", start: 4, end: 5, joined: false }];
  const edited = added(apart, 2, " you  see ", [0, 10]);

  expect(lines(edited)).toEqual(["One", "you see", "two"]);
  expect(edited.slice(1, 3)).toEqual([
    { text: "you", start: 2, end: 2.3, confidence: null, joined: false, spread: [2, 2.6], break_after: null },
    { text: "see", start: 2.3, end: 2.6, confidence: null, joined: false, spread: [2, 2.6], break_after: true },
  ]);
  expect(lines(added(apart, 0.8, "Zero", [0, 10]))).toEqual(["Zero", "One", "two"]);
  expect(spoken(added(apart, 0.8, "Zero", [0, 10]))[0]).toEqual(["Zero", 0.8, 1]);
  expect(lines(added(apart, 1.6, "more", [0, 10]))).toEqual(["One", "more", "two"]);
  expect(added(apart, 2, " \n", [0, 10])).toBe(apart);
});

test("a scene without words gets some, up to its end", () => {
  expect(spoken(added([], 4.8, "Hello there", [3, 5]))).toEqual([["Hello", 4.8, expect.closeTo(4.9)], ["there", expect.closeTo(4.9), 5]]);
  expect(spoken(added([], 5, "Hello", [3, 5]))).toEqual([["Hello", 4.9, 5]]);
  expect(spoken(added([], 3, "Hello", [3, 3.05]))).toEqual([["Hello", 3, 3.05]]);
  expect(spoken(added([], 0, "こんにちは世界の皆さん", [0, 5]))).toEqual([["こんにちは世界の皆さん", 0, expect.closeTo(0.66)]]);
});

test("words that are added within a word stand right after it, in its line", () => {
  const edited = added(words, 0.9, "big", [0, 3]);

  expect(lines(edited)).toEqual(["Their over all big plan.", "Next"]);
  expect(spoken(edited)[3]).toEqual(["big", 1, 1.2]);
  const japanese: Words = [{ text: "今日", start: 0, end: 1, joined: false, speaker: "Ann" }, { text: "晴れ", start: 1.5, end: 2, joined: true, speaker: "Ann" }];
  expect(added(japanese, 0.5, "は", [0, 3])[1]).toMatchObject({ text: "は", start: 1, joined: true, speaker: "Ann" });
  expect(lines(added(japanese, 0.5, "は", [0, 3]))).toHaveLength(1);
});

test("where there is no room, words that are added share the time of the word that is said", () => {
  const edited = added(words, 0.2, "is", [0, 3]);

  expect(spoken(edited).slice(0, 3)).toEqual([["Their", 0, expect.closeTo(0.267)], ["is", expect.closeTo(0.267), 0.4], ["over", 0.4, 0.8]]);
  expect(edited.slice(0, 2).map(({ spread, confidence }) => [spread, confidence])).toEqual([[[0, 0.4], 0.4], [[0, 0.4], null]]);
  expect(lines(edited)).toEqual(["Their is over all plan.", "Next"]);
  const japanese: Words = [{ text: "今日", start: 0, end: 1, joined: false }, { text: "晴れ", start: 1, end: 2, joined: true }];
  expect(added(japanese, 0.5, "は", [0, 3]).map(({ text, joined }) => [text, joined])).toEqual([["今日", false], ["は", true], ["晴れ", true]]);
  expect(spoken(added([{ text: "Two", start: 0.05, end: 0.65, joined: false }], 0, "One", [0, 3]))).toEqual([["One", 0.05, 0.35], ["Two", 0.35, 0.65]]);
  expect(spoken(added(words, 3, "now", [0, 3])).slice(-2)).toEqual([["Next", 2, expect.closeTo(2.556)], ["now", expect.closeTo(2.556), 3]]);
});

test("long sentences that are added are divided into lines", () => {
  expect(lines(added([], 0, "Four score and seven years ago our fathers brought forth a nation", [0, 30]))).toEqual(["Four score and seven years ago our fathers", "brought forth a nation"]);
});
