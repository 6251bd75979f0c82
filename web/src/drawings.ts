// How each style frames a picture of two people, as panels to draw.

export interface Panel {
  /** Shares of the clip's height. */
  top: number;
  height: number;
  /** What of the 16 x 9 source is seen: the left edge and the width. */
  x: number;
  width: number;
  /** The whole source, kept whole on a background of itself. */
  isWhole?: boolean;
  isWebcam?: boolean;
  isGame?: boolean;
}

export interface Drawing {
  panels: Panel[];
  follows?: "face" | "motion" | "speech";
  /** The clip has the source's shape, whatever was asked for. */
  isOwnShape?: boolean;
}

const TALL = 5.06;
const full = (x: number, width = TALL): Panel => ({ top: 0, height: 1, x, width });
const halves = (left: number, right: number): Panel[] => [
  { top: 0, height: 0.5, x: left, width: 8 },
  { top: 0.5, height: 0.5, x: right, width: 8 },
];

const DRAWINGS: Record<string, Drawing> = {
  original: { panels: [{ top: 0, height: 1, x: 0, width: 16 }], isOwnShape: true },
  split: { panels: halves(0, 8) },
  split_fast: { panels: halves(0, 8) },
  left_focus: { panels: [full(2)] },
  center_focus: { panels: [full(5.5)] },
  right_focus: { panels: [full(9)] },
  streamer: { panels: [{ ...full(5.5), isWhole: true }] },
  streamer_split: {
    panels: [
      { top: 0, height: 0.36, x: 0, width: 8, isWebcam: true },
      { top: 0.36, height: 0.64, x: 0, width: 16, isGame: true },
    ],
  },
  intelligent: { panels: [full(2)], follows: "face" },
  intelligent_motion: { panels: [full(9)], follows: "motion" },
  intelligent_speaker: { panels: [full(9)], follows: "speech" },
  intelligent_split: { panels: halves(0, 8), follows: "face" },
  intelligent_split_speaker: { panels: halves(0, 8), follows: "speech" },
};

/** Null for a style of another package, which nobody has drawn. */
export function drawingOf(style: string): Drawing | null {
  return DRAWINGS[style] ?? null;
}
