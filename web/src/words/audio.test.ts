import { expect, test } from "vitest";
import type { AudioTrack } from "../api.gen";
import { audioTrackFacts, audioTrackName, levelWords, loudShare, voiceHint } from "./audio";

test("an audio track is known by its name, its language and its channels", () => {
  const track: AudioTrack = {
    number: 2, codec: "aac", channels: 2, language: "deu", title: "Mic", role: "", is_default: false, playable: true,
    level_db: -20.4, speech: 0.5, part_of: [], overlaps: [],
  };

  expect([audioTrackName(track), audioTrackFacts(track)]).toEqual(["2. Mic", "German, stereo, speech"]);
  const bare = { ...track, title: "", channels: 6, speech: 0, role: "commentary" };
  expect([audioTrackName(bare), audioTrackFacts(bare)]).toEqual(["2. German", "5.1, commentary"]);
  expect(audioTrackName({ ...bare, language: "" })).toBe("2. without a name");
  expect(audioTrackName({ ...bare, language: "not a language" })).toBe("2. not a language");
});

test("what is heard by default is said by its numbers", () => {
  expect(voiceHint([])).toBe("nothing can be heard");
  expect(voiceHint([2])).toBe("track 2");
  expect(voiceHint([1, 2, 4])).toBe("tracks 1, 2 and 4, mixed");
});

test("a level meter is empty at silence and full at full scale", () => {
  expect([levelWords(-20.4), levelWords(-120)]).toEqual(["\u221220 dB", "silent"]);
  expect([loudShare(-120), loudShare(-30), loudShare(3)]).toEqual([0, 0.5, 1]);
});
