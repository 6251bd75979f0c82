"""Frames as text: encoded once for all viewers of a job, and put together for who is behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from viralclip.live import EventFrame, Frame
from viralclip.server.websocket_protocol import framed


@dataclass(frozen=True)
class Line:
    """A frame as text, encoded once however many viewers it goes to."""

    kind: str
    cursor: str
    text: str
    # When it happened, in seconds since the epoch; only events say that.
    happened_at: float | None = None


@dataclass(frozen=True)
class Messages:
    """WebSocket messages that are sent in one go."""

    texts: tuple[str, ...]

    @cached_property
    def framed(self) -> bytes:
        """The messages as they are on the wire, put together once for all viewers."""
        return b"".join(map(framed, self.texts))


@dataclass(frozen=True)
class Batch:
    """Lines to send in one go, and the number that whoever has them stands at."""

    number: int
    lines: Sequence[Line]

    @cached_property
    def happened_at(self) -> float | None:
        """When the first of its events happened."""
        return min(
            (line.happened_at for line in self.lines if line.happened_at is not None), default=None
        )

    @cached_property
    def one_by_one(self) -> Messages:
        """A message for each frame, which every client understands."""
        return Messages(tuple(line.text for line in self.lines))

    @cached_property
    def in_lines(self) -> Messages:
        """One message for all frames, one to a line: a browser that is given a message for each
        has no time left to draw."""
        return Messages(("\n".join(line.text for line in self.lines),))


NOTHING = Batch(0, ())


def encode(frame: Frame) -> Line:
    happened_at = frame.envelope.at.timestamp() if isinstance(frame, EventFrame) else None
    return Line(frame.kind, frame.cursor, frame.model_dump_json(), happened_at)
