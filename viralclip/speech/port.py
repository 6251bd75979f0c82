"""What turns sound into words: the port that every engine of speech recognition fills."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from viralclip.words.transcript import Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

# What every engine is given: one channel at this rate, from -1 to 1.
SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class Heard:
    """The words in some sound, in seconds since its beginning, and the language they are in."""

    words: tuple[Word, ...] = ()
    language: str = ""


class Listener(Protocol):
    """An engine with its model loaded, in a process of its own that may be killed at any time."""

    def listen(self, sound: "Samples", *, language: str) -> Heard:
        """The words in half a minute of sound at most, in their order.

        `language` is a tag such as `en`, or empty where the engine is to tell it.
        """
        ...


class Transcriber(Protocol):
    """An engine of speech recognition; `name` is that of its entry point.

    `default_model` is what is used where nobody names a model.
    """

    name: str
    default_model: str

    def version(self) -> str:
        """What decides what it hears, besides the model; NotInstalledError if it cannot run."""
        ...

    def find_model(self, name: str, folder: Path) -> Path | None:
        """Where the model of that name is on this machine: in `folder`, or where the engine itself
        keeps its models; the network is not asked."""
        ...

    def languages(self, model: Path) -> tuple[str, ...]:
        """The tags of the languages that a model knows; none where nobody can say."""
        ...

    def fetch_model(self, name: str, folder: Path) -> Path:
        """The model in `folder`, downloaded; SpeechModelUnavailableError says why not."""
        ...

    def open(self, model: Path, *, threads: int) -> Listener:
        """The engine with its model loaded; `threads` is 0 for its own choice."""
        ...
