// Captions in words.

import type { Word } from "../api.gen";
import type { CaptionMode } from "../captions/draft_captions.svelte";
import { languageName } from "./audio";
import { timecode } from "./times";

export const CAPTION_MODES: Record<CaptionMode, string> = {
  none: "none",
  given: "from a file",
  auto: "recognise speech",
};

export const RECOGNISED = "Each scene is listened to before its clips are made. Correct its words afterwards, at the finished job.";

export const NOT_RECOGNISED = "No worker of this server can recognise speech. Run viralclip doctor there to see what is missing.";

/** Languages that many people speak, by their tags: a model that does not know one says so. */
const SPOKEN = ["ar", "zh", "cs", "nl", "en", "fr", "de", "el", "he", "hi", "id", "it", "ja", "ko", "pl", "pt", "ro", "ru", "es", "sv", "th", "tr", "uk", "vi"];

/** What may be chosen as the language that is spoken. */
export function spokenLanguages(): [string, string][] {
  return [["", "automatic"], ...SPOKEN.map((tag): [string, string] => [tag, languageName(tag)])];
}

export const CAPTION_FILES = ".srt,.vtt,.ass,.ssa,.json,.txt,text/vtt,application/x-subrip";

/** What a screen reader says of a word. */
export function wordLabel({ text, start, confidence }: Pick<Word, "text" | "start" | "confidence">): string {
  const doubt = (confidence ?? 1) < 0.5 ? ", unsure" : "";
  return `${text}, at ${timecode(start)}${doubt}`;
}

export function lineLabel(number: number, start: number): string {
  return `Go to line ${number + 1}, at ${timecode(start)}`;
}

/** What becomes of the edits of a scene. */
export function editWords({ isChanged, isOtherLook }: { isChanged: boolean; isOtherLook: boolean }): string {
  if (isOtherLook) return "Not in the clips yet. A job has one look: every clip with captions will be made again.";
  if (isChanged) return "Not in the clips yet. Your edits are kept in this browser until you make them again.";
  return "Nothing was changed.";
}
