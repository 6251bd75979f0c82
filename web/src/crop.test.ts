import { afterEach, expect, test, vi } from "vitest";
import { CropView, facesAt, mostFaces, moved, pinned, ratio, windowsAt } from "./crop.svelte";

const video = { video_id: "v", name: "a.mp4", width: 1280, height: 720, duration: 30, fps: "30", has_audio: true, audio_tracks: [], voice_tracks: [], notes: [], active_area: null, is_upload: false };
const framing = {
  start: 10,
  fps: 25,
  panels: [[[0, 0, 405, 720], [4, 0, 405, 720], [8, 0, 405, 720]]] as [number, number, number, number][][],
  faces: [{ times: [10, 10.1, 10.2], boxes: [[5, 6, 7, 8], [15, 6, 7, 8], [25, 6, 7, 8]] as [number, number, number, number][] }],
};

afterEach(() => vi.unstubAllGlobals());

test("the window shown is that of the nearest frame, and the outermost ones beyond the scene", () => {
  expect([9, 10, 10.04, 10.05, 99].map((time) => windowsAt(framing, time)[0]?.x)).toEqual([0, 0, 4, 4, 8]);
});

test("every panel has its window", () => {
  const two = { ...framing, panels: [...framing.panels, [[600, 0, 405, 720]] as [number, number, number, number][]] };

  expect(windowsAt(two, 10).map(({ x }) => x)).toEqual([0, 600]);
});

test("a face is drawn where it was seen last, and not when it was not seen", () => {
  expect(facesAt(framing, 10.15)).toEqual([{ x: 15, y: 6, width: 7, height: 8 }]);
  expect(facesAt(framing, 10.4)).toHaveLength(1);
  expect(facesAt(framing, 10.6)).toEqual([]);
  expect(facesAt(framing, 9)).toEqual([]);
});

test("one who is seen again after a cut is not counted twice", () => {
  const again = [...framing.faces, { times: [11, 11.1], boxes: [[5, 6, 7, 8], [5, 6, 7, 8]] as [number, number, number, number][] }];

  expect([mostFaces(framing), mostFaces({ faces: again }), mostFaces({ faces: [] })]).toEqual([1, 1, 0]);
});

test("a crop that is moved stays inside the picture", () => {
  const window = { x: 400, y: 0, width: 405, height: 720 };
  expect(moved(window, 100, 50, video)).toEqual({ x: 500 / 1280, y: 0, width: 405 / 1280 });
  expect(moved(window, 9999, 0, video).x).toBe((1280 - 405) / 1280);
  expect(moved(window, -9999, 0, video).x).toBe(0);
});

test("a pin is drawn as the server crops it: in the clip's shape, inside the picture", () => {
  const tall = pinned({ x: 0.9, y: 0, width: 0.5 }, video, ratio("9:16"));

  expect(tall).toEqual({ x: 1280 - 405, y: 0, width: 405, height: 720 });
});

test("who leaves before the answer gets none, and what is told is why", async () => {
  vi.useFakeTimers();
  const asked = vi.fn((_url: string, init: RequestInit) => new Promise<Response>((_, reject) => init.signal?.addEventListener("abort", () => reject(new Error("left")))));
  vi.stubGlobal("fetch", asked);
  const view = new CropView();
  const leave = view.follow({ videoId: "v", start: 1, end: 2, style: "intelligent", aspect: "9:16" });
  expect(view.isLooking).toBe(true);
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked.mock.calls[0]?.[0]).toBe("/api/videos/v/framing?start=1&end=2&style=intelligent&aspect=9%3A16");
  leave();
  await vi.advanceTimersByTimeAsync(1000);
  vi.useRealTimers();

  expect([view.isLooking, view.problem, view.framing]).toEqual([false, "", null]);
});
