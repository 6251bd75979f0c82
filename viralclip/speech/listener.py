"""Run as a module: turns the speech in pieces of a source into words, and ends.

It is a process of its own, so that it can be killed at any moment and blocks nobody. Each piece is
kept as soon as it is done: whoever begins again goes on with the next. It writes its progress in
FFmpeg's format, in seconds of sound.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from viralclip.speech.pieces import Piece, PieceFiles, sound_of
from viralclip.speech.port import SAMPLE_RATE, Heard, Listener
from viralclip.speech.registry import transcriber
from viralclip.timecode import TimeRange
from viralclip.words.transcript import Word

if TYPE_CHECKING:
    from viralclip.speech.port import Samples

# So many words tell a language well enough for the rest of a source.
_TELLING = 8


class ListenTask(BaseModel, frozen=True):
    """The pieces to listen to, of which streams of which source, with what, and where they go."""

    source: str
    duration: float
    streams: tuple[int, ...]
    engine: str
    model: str
    language: str
    threads: int
    pieces: tuple[int, ...]
    folder: str


def command(task: ListenTask) -> list[str]:
    """The command line that does the task; -P: a folder people are in may hold any module."""
    return [sys.executable, "-P", "-m", __name__, task.model_dump_json()]


def environment(threads: int) -> dict[str, str]:
    """The environment of the process: no network, and no thread that nobody asked for."""
    named = {"OMP_NUM_THREADS": str(threads)} if threads else {}
    return {**os.environ, "HF_HUB_OFFLINE": "1", "OPENBLAS_NUM_THREADS": "1", **named}


def main(written: str) -> int:
    task = ListenTask.model_validate_json(written)
    files = PieceFiles(Path(task.folder))
    _write_progress(0.0)
    listener = transcriber(task.engine).open(Path(task.model), threads=task.threads)
    done = 0.0
    language = task.language
    for number in task.pieces:
        piece = listen_to(task, number, listener, language)
        files.write(piece)
        if not language and len(piece.words) >= _TELLING:
            language = piece.language
        done += piece.end - piece.start
        _write_progress(done)
    return 0


def listen_to(task: ListenTask, number: int, listener: Listener, language: str) -> Piece:
    """One piece of the source: from pause to pause, its words in seconds of the source."""
    # NumPy and PyAV are for the process that listens, not for the one that has it started.
    from viralclip.speech.pauses import find_ends  # noqa: PLC0415
    from viralclip.speech.snapping import snap  # noqa: PLC0415
    from viralclip.speech.sound import read_sound  # noqa: PLC0415

    read = sound_of(number, task.duration)
    sound = read_sound(Path(task.source), task.streams, start=read.start, end=read.end)
    ends = find_ends(number, sound, read, task.duration)
    inside = _between(sound, read, ends)
    heard = listener.listen(inside, language=language) if inside.any() else Heard()
    return Piece(
        number=number,
        start=ends.start,
        end=ends.end,
        language=heard.language,
        words=tuple(_placed(word, ends) for word in snap(heard.words, inside)),
    )


def _between(sound: "Samples", read: TimeRange, ends: TimeRange) -> "Samples":
    first = round((ends.start - read.start) * SAMPLE_RATE)
    return sound[first : first + round(ends.duration * SAMPLE_RATE)]


def _placed(word: Word, ends: TimeRange) -> Word:
    start = min(ends.start + word.start, ends.end)
    return word.during(round(start, 3), round(min(max(ends.start + word.end, start), ends.end), 3))


def _write_progress(seconds: float) -> None:
    sys.stdout.write(f"out_time_us={round(seconds * 1e6)}\nprogress=continue\n")
    sys.stdout.flush()


if __name__ == "__main__":
    returncode = main(sys.argv[1])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(returncode)  # all is written; to take the libraries apart would only take time
