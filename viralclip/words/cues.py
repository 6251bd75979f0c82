"""What every reader of transcripts gives: cues on the file's own clock, and the words in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from viralclip.errors import Fault


@dataclass(frozen=True)
class Piece:
    """Text as it stands in a cue, white space included; its times where the file has them."""

    text: str
    start: float | None = None
    end: float | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Cue:
    """Something said from `start` to `end`: seconds, or a time as the file writes it.

    `is_line` says that whoever wrote the file ends a line here, and not a machine a segment.
    """

    place: str
    start: str | float
    end: str | float
    pieces: tuple[Piece, ...]
    speaker: str | None = None
    is_line: bool = True

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True)
class Cues:
    """The cues and faults of a file in its order, and what it says of itself."""

    entries: Sequence[Cue | Fault]
    language: str = ""
    notes: tuple[str, ...] = ()
