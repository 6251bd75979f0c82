"""Run as a module: brings the words of a scene to where they are heard, and ends.

It is a process of its own because it decodes what nobody here has made.
"""

import os
import sys
from pathlib import Path

from pydantic import BaseModel

from viralclip.timecode import TimeRange
from viralclip.words.transcript import Transcript, Word


class AlignTask(BaseModel, frozen=True):
    """The words of a stretch, in the time of the source, and the file that the aligned go to."""

    source: str
    streams: tuple[int, ...]
    start: float
    end: float
    words: tuple[Word, ...]
    target: str

    @property
    def stretch(self) -> TimeRange:
        return TimeRange(self.start, self.end)


def command(task: Path) -> list[str]:
    """The command line that does the task in the file: a command line holds no thousand words."""
    return [sys.executable, "-P", "-m", __name__, str(task)]


def main(path: str) -> int:
    # NumPy and PyAV are for this process, not for the one that has it started.
    from viralclip.speech.alignment import align  # noqa: PLC0415
    from viralclip.speech.sound import read_sound  # noqa: PLC0415

    task = AlignTask.model_validate_json(Path(path).read_bytes())
    sound = read_sound(Path(task.source), task.streams, start=task.start, end=task.end)
    words = align(Transcript(words=task.words).shifted(-task.start).words, sound)
    placed = Transcript(words=words).shifted(task.start).within(task.stretch)
    Path(task.target).write_text(placed.model_dump_json(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    returncode = main(sys.argv[1])
    sys.stderr.flush()
    os._exit(returncode)  # all is written; to take the libraries apart would only take time
