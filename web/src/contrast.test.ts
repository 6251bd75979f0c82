import { expect, test } from "vitest";
import css from "./app.css?raw";

const TEXT = 4.5;
const SHAPE = 3;

/** The colour of a name, by day or by night. */
function colour(name: string, isDark: boolean): string {
  const both = css.match(new RegExp(`--${name}: (?:light-dark\\((#\\w{6}), (#\\w{6})\\)|(#\\w{6}));`));
  const found = both?.[3] ?? both?.[isDark ? 2 : 1];
  if (!found) throw new Error(`no colour --${name}`);
  return found;
}

/** How light a colour is, as WCAG reckons. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const pairs: [string, string, number][] = [
  ...["text", "dim", "accent", "done", "warn", "failed"].flatMap((ink): [string, string, number][] => ["bg", "card"].map((paper) => [ink, paper, TEXT])),
  ...["sunken", "raised", "accent-soft"].map((paper): [string, string, number] => ["text", paper, TEXT]),
  ["on-accent", "accent-fill", TEXT],
  ["warn", "warn-soft", TEXT],
  ["failed", "failed-soft", TEXT],
  ["accent-fill", "bg", SHAPE],
  ["accent-fill", "card", SHAPE],
];

test.each([false, true])("everything can be read, in the dark: %s", (isDark) => {
  const weak = pairs.filter(([ink, paper, least]) => contrast(colour(ink, isDark), colour(paper, isDark)) < least);

  expect(weak).toEqual([]);
});
