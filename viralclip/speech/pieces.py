"""A source's sound in pieces that end in pauses: whoever asks for a stretch gets the same ones.

A piece is known by its number alone. Scenes that overlap, scenes that were moved, and the whole
video are therefore made of the same pieces, and each is listened to once.
"""

import math
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from viralclip.timecode import TimeRange
from viralclip.words.transcript import Word, in_order

# With what is around both ends, a piece is as long as Whisper listens to at once: half a minute.
PIECE_S, AROUND_S = 24.0, 3.0


class Piece(BaseModel, frozen=True):
    """The words from one pause to another, in seconds since the source's zero."""

    number: int
    start: float
    end: float
    language: str = ""
    words: tuple[Word, ...] = ()


def numbers_of(stretch: TimeRange, duration: float) -> range:
    """The pieces of a source of that duration that together hold the stretch, wherever near their
    borders the pauses are."""
    first = math.floor((stretch.start - AROUND_S) / PIECE_S)
    last = math.floor((stretch.end + AROUND_S) / PIECE_S)
    most = max(math.ceil(duration / PIECE_S) - 1, 0)
    return range(min(max(first, 0), most), min(max(last, 0), most) + 1)


def sound_of(number: int, duration: float) -> TimeRange:
    """What of a source of that duration is to be read for a piece: with what is around its ends."""
    start = max(number * PIECE_S - AROUND_S, 0.0) if number else 0.0
    end = (number + 1) * PIECE_S + AROUND_S
    return TimeRange(start, min(end, max(duration, start)))


def words_in(pieces: Iterable[Piece]) -> tuple[Word, ...]:
    """The words of pieces that follow each other, in their order."""
    return in_order(word for piece in pieces for word in piece.words)


def language_of(pieces: Sequence[Piece]) -> str:
    """The language that most of the words are in."""
    counts: dict[str, int] = {}
    for piece in pieces:
        counts[piece.language] = counts.get(piece.language, 0) + len(piece.words)
    return max(counts, key=lambda name: counts[name], default="")


class PieceFiles:
    """The pieces of one source as one engine hears it, each a file of its own in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, number: int) -> Piece | None:
        """The piece, or None where it is not there or cannot be read."""
        with suppress(OSError, ValidationError):
            piece = Piece.model_validate_json(self._path(number).read_bytes())
            return piece if piece.number == number else None
        return None

    def missing(self, numbers: Iterable[int]) -> tuple[int, ...]:
        return tuple(number for number in numbers if self.read(number) is None)

    def write(self, piece: Piece) -> None:
        """Keep the piece; it appears whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=self._folder, prefix=".piece.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(piece.model_dump_json())
            Path(partial).replace(self._path(piece.number))
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}.json"
