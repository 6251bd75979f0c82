"""What listens to speech here: an engine, and its model on this machine."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from viralclip.errors import SpeechModelMissingError, SpeechUnavailableError
from viralclip.speech.port import Transcriber
from viralclip.speech.registry import transcriber, transcribers
from viralclip.words.languages import demand_language

# Our code that has a part in the words and their times: a piece made by another is made anew.
_OURS = ("levels", "listener", "pauses", "pieces", "snapping", "sound")
_BLOCK = 64 * 1024


@dataclass(frozen=True)
class SpeechChoice:
    """What the user wants: an engine and its model, by name or folder; `folder` keeps models."""

    engine: str
    model: str | None
    folder: Path

    @property
    def name(self) -> str:
        """What people call the engine and its model; empty for an engine that nobody has."""
        found = transcribers().get(self.engine)
        return f"{found.name} {_shown(self.model or found.default_model)}" if found else ""


@dataclass(frozen=True)
class Recogniser:
    """An engine and its model, both here; `model_name` is what people call the model. `languages`
    are the tags of those that it knows, none where nobody can say."""

    engine: str
    model_name: str
    model: Path
    version: str
    languages: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Where words are from, as people read it."""
        return f"{self.engine} {self.model_name}"

    @property
    def identity(self) -> str:
        """A name for everything that decides what is heard in a sound."""
        parts = (self.engine, self.version, fingerprint(self.model), _our_code())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

    def demand(self, language: str) -> None:
        """UnknownLanguageError unless the model knows the language, or nobody can say."""
        demand_language(language, self.languages, model=self.model_name)


def find_recogniser(choice: SpeechChoice) -> Recogniser:
    """The engine with its model; SpeechUnavailableError or NotInstalledError says what is missing.

    Nothing is downloaded, and nothing heavy is imported unless the model is looked for elsewhere.
    """
    engine = transcriber(choice.engine)
    version = engine.version()
    name = choice.model or engine.default_model
    model = _model(engine, name, choice.folder)
    return Recogniser(engine.name, _shown(name), model, version, tuple(engine.languages(model)))


def fetch_model(choice: SpeechChoice, name: str) -> Path:
    """The model of that name in the folder of models, downloaded unless it is on this machine."""
    engine = transcriber(choice.engine)
    engine.version()
    return engine.find_model(name, choice.folder) or engine.fetch_model(name, choice.folder)


def fingerprint(model: Path) -> str:
    """A name for the model's content: its files, their sizes, and both ends of each."""
    digest = hashlib.sha256()
    for file in sorted(path for path in model.rglob("*") if path.is_file()):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(model)} {size}\0".encode())
        with file.open("rb") as content:
            digest.update(content.read(_BLOCK))
            content.seek(max(0, size - _BLOCK))
            digest.update(content.read(_BLOCK))
    return digest.hexdigest()


@cache
def _our_code() -> str:
    digest = hashlib.sha256()
    for module in _OURS:
        digest.update(Path(__file__).with_name(f"{module}.py").read_bytes())
    return digest.hexdigest()


def _model(engine: Transcriber, name: str, folder: Path) -> Path:
    if _is_path(name):
        path = Path(name).expanduser()
        if not path.is_dir():
            why = "VIRALCLIP_SPEECH_MODEL names a folder that is not there"
            raise SpeechUnavailableError(why=why, detail=name)
        return path.absolute()
    found = engine.find_model(name, folder)
    if found is None:
        raise SpeechModelMissingError(name=name)
    return found


def _shown(name: str) -> str:
    return Path(name).name if _is_path(name) else name


def _is_path(name: str) -> bool:
    """A folder; a model of some publisher has a slash in its name, too."""
    path = Path(name).expanduser()
    return path.is_absolute() or name.startswith((".", "~")) or path.is_dir()
