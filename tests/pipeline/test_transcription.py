"""Captions from the sound: each scene is listened to once, and its clips show what is said."""

from pathlib import Path

import av
import numpy as np
import pytest

from viralclip.durations import Timings
from viralclip.errors import SpeechModelMissingError
from viralclip.pipeline.tools import SpeechTools
from viralclip.pipeline.workload import Means, workload_of
from viralclip.plan import CaptionOptions
from viralclip.progress import Progress
from viralclip.speech.alignments import Alignments
from viralclip.speech.recogniser import SpeechChoice, find_recogniser
from viralclip.speech.transcripts import Transcripts
from viralclip.steps import Step
from viralclip.words.transcript import Word

AUTO = CaptionOptions(mode="auto", area="full")


@pytest.fixture
def hearing(shop, stand_in: Path, tmp_path: Path):
    """The shop with the stand-in engine, whose model is named."""
    (tmp_path / "speech" / "good").mkdir(parents=True)
    (tmp_path / "speech" / "better").mkdir()
    (tmp_path / "speech" / "better" / "weights").write_bytes(b"more")
    kept = Transcripts(tmp_path / "transcripts")
    alignments = Alignments(tmp_path / "transcripts")

    def listen_with(model: str) -> None:
        choice = SpeechChoice("stand-in", model, tmp_path / "speech")
        shop.use(
            speech=SpeechTools(kept, alignments, lambda: find_recogniser(choice), name=choice.name)
        )

    listen_with("good")
    shop.listen_with = listen_with
    return shop


def pictures(path: Path):
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray(format="rgb24").astype(np.int16) for frame in container.decode(video=0)
        ]


def changed(one, other) -> int:
    """How many pixels differ by more than encoding does."""
    return int(np.sum(np.abs(one - other).max(axis=2) > 80))


def listened(stand_in: Path) -> int:
    return len(stand_in.read_text().splitlines()) if stand_in.exists() else 0


async def test_what_is_said_is_burnt_into_the_clip(hearing, talk, stand_in):
    job = await hearing.job(talk, (2.0, 3.6), captions=AUTO)
    plain = await hearing.job(talk, (2.0, 3.6), titles=["plain"])
    await hearing.run(job)
    await hearing.run(plain)
    captioned = pictures(hearing.out / "01_scene-1_original.mp4")
    without = pictures(hearing.out / "01_plain_original.mp4")

    assert listened(stand_in) == 1
    assert min(changed(captioned[at], without[at]) for at in (5, 30)) > 500
    assert "word2" in (hearing.out / "01_scene-1_original.srt").read_text()


async def test_its_steps_say_what_listens_and_what_was_found(hearing, talk):
    job = await hearing.job(talk, (2.0, 4.0), captions=AUTO)
    await hearing.run(job)
    events = [envelope.event for envelope in await hearing.history(job)]
    told = {event.step: event.details for event in events if event.type == "clip_progress"}
    steps = [event.step for event in events if event.type == "clip_progress"]

    assert steps[:4] == [
        Step.QUEUED,
        Step.EXTRACTING_SEGMENT,
        Step.TRANSCRIBING,
        Step.TRANSCRIPT_COMPLETE,
    ]
    assert told[Step.TRANSCRIBING].model_dump() == {
        "engine": "stand-in",
        "model": "good",
        "language": "",
        "audio_sec": 2.0,
    }
    assert told[Step.TRANSCRIPT_COMPLETE].model_dump() == {"words": 2, "language": "en"}


async def test_all_styles_of_a_scene_share_one_listening(hearing, talk, stand_in):
    job = await hearing.job(talk, (2.0, 3.0), styles=["original", "split"], captions=AUTO)

    assert await hearing.run(job) == "succeeded"
    assert listened(stand_in) == 1


async def test_words_that_were_given_are_shown_and_not_heard(hearing, talk, stand_in):
    given = (Word(text="given", start=2.1, end=2.5),)
    job = await hearing.job(talk, (2.0, 3.0), words=[given], captions=AUTO)
    await hearing.run(job)

    assert listened(stand_in) == 0
    assert Step.TRANSCRIBING not in await hearing.steps(job)
    assert "given" in (hearing.out / "01_scene-1_original.srt").read_text()


async def test_a_scene_without_speech_has_a_clip_and_a_warning(hearing, talk):
    job = await hearing.job(talk, (2.5, 2.95), captions=AUTO)

    assert await hearing.run(job) == "succeeded"
    warned = [e.event.code for e in await hearing.history(job) if e.event.type == "warning"]
    assert warned == ["no_speech_found"]
    assert not list(hearing.out.glob("*.srt"))


async def test_letters_that_no_font_has_are_named(hearing, talk, monkeypatch):
    monkeypatch.setenv("STAND_IN_WORD", "\U00013000")
    job = await hearing.job(talk, (2.0, 3.0), captions=AUTO)

    assert await hearing.run(job) == "succeeded"
    warned = {
        e.event.code: e.event for e in await hearing.history(job) if e.event.type == "warning"
    }
    assert "No font has \U00013000" in warned["letters_missing"].message


async def test_another_model_makes_the_clip_again_and_the_same_does_not(hearing, talk):
    async def made() -> int:
        before = len(hearing.ffmpegs)
        await hearing.run(await hearing.job(talk, (2.0, 3.0), captions=AUTO))
        return len(hearing.ffmpegs) - before

    assert await made() == 1
    assert await made() == 0
    hearing.listen_with("better")
    assert await made() == 1


async def test_a_worker_that_cannot_listen_fails_the_clip_with_what_to_do(hearing, talk):
    hearing.listen_with("gone")
    job = await hearing.job(talk, (2.0, 3.0), captions=AUTO)
    end = await hearing.make_first(job)
    progress: Progress = await hearing.report(job).progress()

    assert end.ending == "failed"
    failure = progress.scenes[0].clips[0].failure
    assert failure is not None
    assert failure.code == SpeechModelMissingError.code
    assert "viralclip models fetch gone" in failure.message


async def test_the_language_is_part_of_what_was_heard(hearing, talk, stand_in):
    def captions(language: str) -> CaptionOptions:
        return AUTO.model_copy(update={"language": language})

    told = [
        await hearing.job(talk, (2.0, 3.0), captions=captions(language))
        for language in ("", "de", "de")
    ]
    before = listened(stand_in)
    counts = []
    for job in told:
        await hearing.run(job)
        counts.append(listened(stand_in) - before)

    assert counts == [1, 2, 2]
    assert len({job.plan.digest for job in told}) == 2


async def test_a_language_that_the_model_does_not_know_fails_the_clip(hearing, talk, monkeypatch):
    monkeypatch.setenv("STAND_IN_LANGUAGES", "en")
    job = await hearing.job(talk, (2.0, 3.0), captions=AUTO.model_copy(update={"language": "de"}))
    end = await hearing.make_first(job)
    progress: Progress = await hearing.report(job).progress()

    assert end.ending == "failed"
    failure = progress.scenes[0].clips[0].failure
    assert failure is not None
    assert failure.code == "unknown_language"


async def test_how_long_listening_takes_is_learned(hearing, talk):
    job = await hearing.job(talk, (2.0, 3.0), captions=AUTO)
    await hearing.run(job)
    timings: Timings = await hearing.tools.catalog.learned_times.read()
    work = workload_of(job.plan, job.plan.scenes[0], "original", Means("x264", 1, 2))

    assert timings.model("transcription").count == 1
    assert work.transcription is not None
    assert work.transcription.seconds == 24.0
    assert "listener:stand-in good" in timings.model("transcription").names
