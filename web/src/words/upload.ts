// How far an upload is, in words.

import { fileSize, percent } from "./figures";

interface Uploading {
  sent: number;
  size: number;
  step: "sending" | "checking" | "storing";
  fraction: number | null;
  isPaused: boolean;
  isWaiting: boolean;
}

/** How far an upload is, while nothing is wrong with it. */
export function uploadSentence({ sent, size, step, fraction, isPaused, isWaiting }: Uploading): string {
  if (step === "checking") return isWaiting ? "The server cannot check the video yet; it tries again…" : "Checking the video…";
  if (step === "storing") {
    if (isWaiting) return "The storage does not take the video yet; the server tries again…";
    return fraction === null ? "Storing the video…" : `Storing the video, ${percent(fraction)} %`;
  }
  const how = `${fileSize(sent)} of ${fileSize(size)}`;
  if (isPaused) return `${how}, paused`;
  return isWaiting ? `${how}. The server cannot be reached; trying again…` : how;
}
