"""Engines of other packages are found by their entry point, and models where they are."""

import json
from pathlib import Path

import pytest

from viralclip.errors import (
    SpeechModelMissingError,
    SpeechUnavailableError,
    UnknownTranscriberError,
)
from viralclip.speech.recogniser import SpeechChoice, fetch_model, find_recogniser
from viralclip.speech.registry import broken_transcribers, transcriber, transcribers


def test_the_built_in_engine_is_there_without_its_package_being_asked():
    assert "faster-whisper" in transcribers()


def test_an_engine_of_another_package_is_found(stand_in: Path):
    assert transcriber("stand-in").name == "stand-in"
    assert broken_transcribers() == ()


def test_an_engine_that_nobody_has_is_named_with_those_there_are():
    with pytest.raises(UnknownTranscriberError, match=r"nobody; choose from faster-whisper"):
        transcriber("nobody")


def test_an_entry_point_that_leads_nowhere_is_reported(stand_in: Path, tmp_path: Path):
    (tmp_path / "site" / "stand_in_engine_of_tests.py").write_text("engine = 7\n")

    assert "stand-in" not in transcribers()
    (broken,) = broken_transcribers()
    assert (broken.name, broken.package) == ("stand-in", "stand-in-engine")
    assert broken.problem == "the engine calls itself None"


def test_a_model_is_fetched_once_and_found_by_its_name(stand_in: Path, tmp_path: Path):
    choice = SpeechChoice("stand-in", None, tmp_path / "models")
    with pytest.raises(SpeechModelMissingError, match="models fetch any"):
        find_recogniser(choice)
    fetched = fetch_model(choice, "any")

    assert fetch_model(choice, "any") == fetched
    assert find_recogniser(choice).model == fetched
    assert find_recogniser(choice).origin == "stand-in any"


def test_models_of_whisper_for_english_alone_are_told_by_their_vocabulary(tmp_path: Path):
    whisper = transcriber("faster-whisper")
    words = "".join(f"{at}\n" for at in range(51_864))
    (tmp_path / "vocabulary.txt").write_text(words)
    english = whisper.languages(tmp_path)
    (tmp_path / "vocabulary.txt").write_text(f"{words}last")
    many = whisper.languages(tmp_path)
    (tmp_path / "vocabulary.json").write_text(json.dumps(["x"] * 51_866))

    assert english == ("en",)
    assert {"de", "en"} < set(many)
    assert set(whisper.languages(tmp_path)) - set(many) == {"yue"}
    assert whisper.languages(tmp_path / "gone") == ()


def test_a_folder_that_is_not_there_is_said(stand_in: Path, tmp_path: Path):
    choice = SpeechChoice("stand-in", str(tmp_path / "gone"), tmp_path)
    with pytest.raises(SpeechUnavailableError, match="names a folder that is not there"):
        find_recogniser(choice)


def test_a_model_that_changes_is_another_recogniser(stand_in: Path, tmp_path: Path):
    (tmp_path / "model").mkdir()
    choice = SpeechChoice("stand-in", str(tmp_path / "model"), tmp_path)
    before = find_recogniser(choice).identity
    (tmp_path / "model" / "model.bin").write_bytes(b"weights")

    assert find_recogniser(choice).identity != before
