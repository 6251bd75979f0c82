"""Stretches of sources are transcribed piece by piece, each once, whoever asks for them."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from spoken_words import write_wave

from viralclip.errors import TranscriptionFailedError
from viralclip.processes.eviction import evict
from viralclip.processes.ffmpeg_progress import FfmpegProgress
from viralclip.speech.pieces import PIECE_S
from viralclip.speech.recogniser import Recogniser, SpeechChoice, find_recogniser
from viralclip.speech.transcripts import SpokenSource, Transcripts
from viralclip.timecode import TimeRange

SECONDS = 70.0
WHOLE = TimeRange(0.0, SECONDS)


@pytest.fixture
def source(tmp_path: Path) -> SpokenSource:
    """Noise with a pause of half a second every four seconds."""
    time = np.arange(round(SECONDS * 16_000)) / 16_000
    noise = np.random.default_rng(1).normal(0, 0.1, len(time))
    sound = np.where(time % 4.0 < 3.5, noise, 0.0).astype(np.float32)
    path = write_wave(tmp_path / "noise.wav", sound)
    return SpokenSource(path, "noise", SECONDS, (0,))


@pytest.fixture
def recogniser(stand_in: Path, tmp_path: Path) -> Recogniser:
    (tmp_path / "model").mkdir()
    return find_recogniser(SpeechChoice("stand-in", str(tmp_path / "model"), tmp_path))


@pytest.fixture
def pids() -> list[int]:
    return []


@pytest.fixture
def transcripts(tmp_path: Path, pids: list[int]) -> Transcripts:
    return Transcripts(tmp_path / "kept", on_start=pids.append)


def lengths(stand_in: Path) -> list[int]:
    """The samples of each piece that was listened to so far, in all processes."""
    return [int(line) for line in stand_in.read_text().splitlines()] if stand_in.exists() else []


def listened(stand_in: Path) -> int:
    return len(lengths(stand_in))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - a file that another process writes
            await asyncio.sleep(0.01)


async def test_a_transcript_has_the_words_of_all_pieces_in_their_order(
    transcripts: Transcripts, source: SpokenSource, recogniser: Recogniser, stand_in: Path
):
    transcript = await transcripts.transcript(source, WHOLE, recogniser)
    starts = [word.start for word in transcript.words]

    assert listened(stand_in) == 3
    assert len(starts) >= 66
    assert starts == sorted(starts)
    assert all(0 <= word.start <= word.end <= SECONDS for word in transcript.words)
    assert max(later - word for word, later in pairwise(starts)) < 2.1
    assert (transcript.language, transcript.origin) == ("en", "stand-in model")


async def test_pieces_end_in_pauses(
    transcripts: Transcripts, source: SpokenSource, recogniser: Recogniser, stand_in: Path
):
    await transcripts.transcript(source, WHOLE, recogniser)
    ends = np.cumsum(lengths(stand_in))[:-1] / 16_000

    assert all(3.5 <= end % 4.0 <= 4.0 for end in ends)


async def test_what_was_listened_to_once_is_there_for_every_stretch(
    transcripts: Transcripts, source: SpokenSource, recogniser: Recogniser, stand_in: Path
):
    whole = await transcripts.transcript(source, WHOLE, recogniser)
    part = await transcripts.transcript(source, TimeRange(20.0, 31.0), recogniser)

    assert listened(stand_in) == 3
    assert part.words == whole.within(TimeRange(20.0, 31.0)).words
    assert (part.start, part.end) == (20.0, 31.0)


async def test_only_the_pieces_around_a_stretch_are_listened_to(
    transcripts: Transcripts, source: SpokenSource, recogniser: Recogniser, stand_in: Path
):
    part = await transcripts.transcript(source, TimeRange(5.0, 15.0), recogniser)

    assert listened(stand_in) == 1
    assert part.words[0].text == "word5"
    assert len(part.words) == 10


async def test_two_who_ask_at_once_are_told_by_one_process(
    transcripts: Transcripts,
    source: SpokenSource,
    recogniser: Recogniser,
    stand_in: Path,
    pids: list[int],
):
    told: list[list[FfmpegProgress]] = [[], []]
    await asyncio.gather(
        *(
            transcripts.transcript(source, WHOLE, recogniser, on_progress=each.append)
            for each in told
        )
    )

    assert listened(stand_in) == 3
    assert len(pids) == 1
    assert told[0] == told[1]


async def test_stretches_that_overlap_share_their_pieces_even_at_once(
    transcripts: Transcripts, source: SpokenSource, recogniser: Recogniser, stand_in: Path
):
    await asyncio.gather(
        transcripts.transcript(source, TimeRange(0.0, 40.0), recogniser),
        transcripts.transcript(source, TimeRange(30.0, SECONDS), recogniser),
    )

    assert listened(stand_in) == 3


async def test_who_is_killed_goes_on_without_doing_a_piece_twice(
    transcripts: Transcripts,
    source: SpokenSource,
    recogniser: Recogniser,
    stand_in: Path,
    pids: list[int],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("STAND_IN_WAITS_AT", "2")
    first = asyncio.create_task(transcripts.transcript(source, WHOLE, recogniser))
    await until(lambda: listened(stand_in) == 2)
    os.kill(pids[0], signal.SIGKILL)
    with pytest.raises(TranscriptionFailedError):
        await first
    told: list[FfmpegProgress] = []
    transcript = await transcripts.transcript(source, WHOLE, recogniser, on_progress=told.append)

    # The second, which was not done, and the third.
    assert listened(stand_in) == 2 + 2
    assert told[0].fraction == pytest.approx(1 / 3)
    assert len(transcript.words) >= 66


async def test_who_leaves_ends_the_process_within_a_second(
    transcripts: Transcripts,
    source: SpokenSource,
    recogniser: Recogniser,
    stand_in: Path,
    pids: list[int],
    is_running: Callable[[int], bool],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("STAND_IN_WAITS_AT", "2")
    asking = asyncio.create_task(transcripts.transcript(source, WHOLE, recogniser))
    await until(lambda: listened(stand_in) == 2)
    began = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert time.monotonic() - began < 1.0
    assert not is_running(pids[0])


async def test_an_engine_that_fails_fails_the_clip_with_its_last_words(
    transcripts: Transcripts,
    source: SpokenSource,
    recogniser: Recogniser,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("STAND_IN_FAILS_AT", "1")
    with pytest.raises(TranscriptionFailedError) as failed:
        await transcripts.transcript(source, WHOLE, recogniser)

    assert "the engine is broken" in failed.value.detail


async def test_silence_has_no_words_and_asks_no_engine(
    transcripts: Transcripts, recogniser: Recogniser, stand_in: Path, tmp_path: Path
):
    path = write_wave(tmp_path / "silence.wav", np.zeros(16_000, np.float32))
    source = SpokenSource(path, "silence", 1.0, (0,))
    transcript = await transcripts.transcript(source, TimeRange(0.0, 1.0), recogniser)

    assert transcript.words == ()
    assert listened(stand_in) == 0


async def test_another_language_or_model_is_another_transcript(
    transcripts: Transcripts,
    source: SpokenSource,
    recogniser: Recogniser,
    stand_in: Path,
    tmp_path: Path,
):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "model.bin").write_bytes(b"other weights")
    other = find_recogniser(SpeechChoice("stand-in", str(tmp_path / "other"), tmp_path))
    stretch = TimeRange(5.0, 15.0)
    await transcripts.transcript(source, stretch, recogniser)
    german = await transcripts.transcript(source, stretch, recogniser, language="de")
    await transcripts.transcript(source, stretch, other)

    assert listened(stand_in) == 3
    assert german.language == "de"


async def test_a_piece_that_cannot_be_read_is_listened_to_again(
    transcripts: Transcripts,
    source: SpokenSource,
    recogniser: Recogniser,
    stand_in: Path,
    tmp_path: Path,
):
    await transcripts.transcript(source, WHOLE, recogniser)
    (broken,) = (tmp_path / "kept").rglob("000001.json")
    broken.write_text("{")
    await transcripts.transcript(source, WHOLE, recogniser)

    assert listened(stand_in) == 4


def test_transcripts_that_were_used_longest_ago_give_way(tmp_path: Path):
    for name, used in (("old", 1), ("new", 2)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "000000.json").write_bytes(bytes(10))
        os.utime(folder, (used, used))
    evict(tmp_path, limit=15)

    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_piece_is_no_longer_than_what_an_engine_listens_to_at_once():
    assert PIECE_S + 2 * 3.0 <= 30.0
