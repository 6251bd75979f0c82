"""An engine of speech recognition as another package would bring it: it hears one word a second.

It writes down what it listens to, and stands still before the piece that it is told to wait at.
"""

import os
import sys
from pathlib import Path

_MODULE = """
import os
import time
from pathlib import Path

from viralclip.speech.port import SAMPLE_RATE, Heard
from viralclip.words.transcript import Word


class StandIn:
    name = "stand-in"
    default_model = "any"

    def version(self):
        return "1"

    def find_model(self, name, folder):
        return folder / name if (folder / name).is_dir() else None

    def languages(self, model):
        return tuple(os.environ.get("STAND_IN_LANGUAGES", "").split())

    def fetch_model(self, name, folder):
        (folder / name).mkdir(parents=True)
        return folder / name

    def open(self, model, *, threads):
        return Listener()


class Listener:
    def listen(self, sound, *, language):
        log = Path(os.environ["STAND_IN_LOG"])
        with log.open("a") as file:
            file.write(f"{len(sound)}\\n")
        heard = len(log.read_text().splitlines())
        while heard == int(os.environ.get("STAND_IN_WAITS_AT", "0")):
            time.sleep(0.01)
        if heard == int(os.environ.get("STAND_IN_FAILS_AT", "0")):
            raise RuntimeError("the engine is broken")
        name = os.environ.get("STAND_IN_WORD", "word")
        seconds = int(len(sound) / SAMPLE_RATE)
        words = tuple(Word(text=f"{name}{i}", start=i, end=i + 0.5) for i in range(seconds))
        return Heard(words, language or "en")


engine = StandIn()
"""
_METADATA = "Metadata-Version: 2.1\nName: stand-in-engine\nVersion: 1\n"
_POINTS = "[viralclip.transcribers]\nstand-in = stand_in_engine_of_tests:engine\n"


def install_stand_in(folder: Path) -> Path:
    """The package in the folder, which is to be on the path."""
    info = folder / "stand_in_engine-1.dist-info"
    info.mkdir(parents=True)
    (folder / "stand_in_engine_of_tests.py").write_text(_MODULE)
    (info / "METADATA").write_text(_METADATA)
    (info / "entry_points.txt").write_text(_POINTS)
    return folder


def python_path(folder: Path) -> str:
    """What PYTHONPATH must be for the package to be found by a process that is started."""
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")]), *_ours()])


def _ours() -> list[str]:
    return [path for path in sys.path if (Path(path) / "viralclip" / "__init__.py").is_file()]
