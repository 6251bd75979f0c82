// Audio tracks and levels in words.

import type { AudioTrack } from "../api.gen";
import { counted } from "./figures";

const SILENT_DB = -60;
const SPEECH_LIKELY = 0.3;
const CHANNELS: Record<number, string> = { 1: "mono", 2: "stereo", 6: "5.1", 8: "7.1" };

/** An audio track by its number and what it is called, or by its language. */
export function audioTrackName({ number, title, language }: AudioTrack): string {
  return `${number}. ${title || (language && languageName(language)) || "without a name"}`;
}

export function audioTrackFacts({ title, language, channels, role, speech }: AudioTrack): string {
  const speaks = speech > SPEECH_LIKELY ? "speech" : "";
  return [title && language && languageName(language), channelWords(channels), role, speaks].filter(Boolean).join(", ");
}

export function voiceHint(heard: number[]): string {
  const last = heard.at(-1);
  if (last === undefined) return "nothing can be heard";
  return heard.length === 1 ? `track ${last}` : `tracks ${heard.slice(0, -1).join(", ")} and ${last}, mixed`;
}

export function levelWords(db: number): string {
  return db <= SILENT_DB ? "silent" : `\u2212${Math.abs(Math.round(db))} dB`;
}

/** How far a level meter goes, 0 to 1. */
export function loudShare(db: number): number {
  return Math.min(Math.max(1 - db / SILENT_DB, 0), 1);
}

function channelWords(channels: number): string {
  return CHANNELS[channels] ?? counted(channels, "channel");
}

export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
