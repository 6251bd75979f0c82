"""What the built-in engine hears is what was said, and when: measured, without a network."""

import difflib
import os
import sys
from pathlib import Path

import jiwer
import numpy as np
import pytest
from spoken_words import SYNTHESISER, assemble, has_synthesiser, write_wave

from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.speech.recogniser import Recogniser, SpeechChoice, find_recogniser
from viralclip.speech.transcripts import SpokenSource, Transcripts
from viralclip.timecode import TimeRange
from viralclip.words.transcript import Transcript, spelled

# Charles Dickens, A Tale of Two Cities, 1859, as the recording has it.
TWO_CITIES = """
It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of
foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of
Light, it was the season of Darkness, it was the spring of hope, it was the winter of despair, we
had everything before us, we had nothing before us, we were all going direct to Heaven, we were all
going direct the other way - in short, the period was so far like the present period, that some of
its noisiest authorities insisted on its being received, for good or for evil, in the superlative
degree of comparison only.
"""
PLAIN_WORDS = """
the quick brown fox jumps over the lazy dog while seven small children play beside the garden wall
and their mother calls them home for dinner because the evening has become very cold
"""


@pytest.fixture(scope="session")
def recogniser(tiny_model: Path) -> Recogniser:
    return find_recogniser(SpeechChoice("faster-whisper", str(tiny_model), Path("unused")))


def plain(text: str) -> list[str]:
    letters = "".join(ch if ch.isalnum() or ch == "'" else " " for ch in text.lower())
    return letters.split()


async def heard(
    path: Path, seconds: float, recogniser: Recogniser, folder: Path, told: list[FfmpegProgress]
) -> Transcript:
    source = SpokenSource(path, "recording", seconds, (0,))
    transcripts = Transcripts(folder, threads=2)
    whole = TimeRange(0.0, seconds)
    return await transcripts.transcript(source, whole, recogniser, on_progress=told.append)


async def test_at_most_one_word_in_five_is_wrong_and_progress_only_rises(
    two_cities: Path, recogniser: Recogniser, tmp_path: Path
):
    told: list[FfmpegProgress] = []
    transcript = await heard(two_cities, 44.4, recogniser, tmp_path, told)
    wrong = jiwer.wer(" ".join(plain(TWO_CITIES)), " ".join(plain(spelled(transcript.words))))
    fractions = [progress.fraction for progress in told]
    starts = [word.start for word in transcript.words]
    told_of(f"word error rate: {wrong:.1%}")

    assert wrong <= 0.20
    assert transcript.language == "en"
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any(0 < fraction < 1 for fraction in fractions)
    assert starts == sorted(starts)
    assert all(0 <= word.start < word.end <= 44.4 for word in transcript.words)


async def test_words_begin_when_they_are_said(recogniser: Recogniser, tmp_path: Path):
    if not has_synthesiser():
        why = f"{SYNTHESISER} is missing; `make services` installs it"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    sound, said = assemble(PLAIN_WORDS, voice="en-gb", speed=150)
    path = write_wave(tmp_path / "assembled.wav", sound)
    transcript = await heard(path, len(sound) / 16_000, recogniser, tmp_path / "kept", [])
    ours = [" ".join(plain(word.text)) for word in transcript.words]
    matching = difflib.SequenceMatcher(a=[word.text for word in said], b=ours, autojunk=False)
    errors = [
        abs(said[block.a + i].start - transcript.words[block.b + i].start)
        for block in matching.get_matching_blocks()
        for i in range(block.size)
    ]

    middle, most = np.median(errors), np.quantile(errors, 0.9)
    told_of(
        f"words begin off by {middle * 1000:.0f} ms (median), {most * 1000:.0f} ms (nine in ten)"
    )
    told_of(f"{len(errors)} of {len(said)} words recognised")

    assert len(errors) >= len(said) * 0.6
    assert middle <= 0.080
    assert most <= 0.200


def told_of(figure: str) -> None:
    """`pytest -rP` shows what was measured."""
    sys.stdout.write(f"{figure}\n")
