// The share of a clip's work that lies before each step of its route, and in it.

import type { Step } from "../api.gen";
import { STEPS } from "../steps.gen";

export function share(step: Step, stepFraction: number, route: Step[]): number {
  if (step === "complete") return 1;
  const { of, whole } = sharesOf(route);
  const { before, within } = of[step];
  return millionths(Math.min((before + within * stepFraction) / whole, 1));
}

/** What lies before each step and in it, and in all: sums that every tick needs. */
interface Shares {
  of: Record<Step, { before: number; within: number }>;
  whole: number;
}

const SHARES = new Map<string, Shares>();

export function sharesOf(route: Step[]): Shares {
  const key = route.join();
  const known = SHARES.get(key) ?? addedUp(route);
  SHARES.set(key, known);
  return known;
}

function addedUp(route: Step[]): Shares {
  const shares = (Object.keys(STEPS) as Step[]).map((step) => {
    const before = weight(route.filter((early) => STEPS[early].order < STEPS[step].order));
    return [step, { before, within: route.includes(step) ? STEPS[step].weight : 0 }] as const;
  });
  return { of: Object.fromEntries(shares) as Shares["of"], whole: weight(route) };
}

function weight(steps: Step[]): number {
  return steps.reduce((sum, step) => sum + STEPS[step].weight, 0);
}

export function millionths(value: number): number {
  return Math.floor(value * 1e6 + 0.5) / 1e6;
}
