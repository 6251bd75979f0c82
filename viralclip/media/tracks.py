"""Which of a source's audio tracks a clip has."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer


@dataclass(frozen=True)
class Sound:
    """The audio stream to use."""

    stream: int
    channels: int
    rate: int
    codec: str


def choose_track(container: "InputContainer") -> Sound | None:
    usable = [stream for stream in container.streams.audio if stream.codec_context is not None]
    chosen = [stream for stream in usable if stream.disposition & stream.disposition.default]
    for stream in chosen or usable:
        context = stream.codec_context
        return Sound(stream.index, context.channels, context.sample_rate, context.name)
    return None
