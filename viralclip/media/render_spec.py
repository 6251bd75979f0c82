"""What one clip is rendered from, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from viralclip.filter_graph import Graph, Script
from viralclip.geometry import Rect, Size
from viralclip.media.encoders import X264, Encoder
from viralclip.media.probe import Probed
from viralclip.media.soundtrack import AUDIO_RATE
from viralclip.media.tracks import Sound
from viralclip.plan import Preset


@dataclass(frozen=True)
class VideoGraph:
    """What the picture goes through: the source's `area`, or all of it, comes out in `size`.

    `graph` is given exactly the clip's frames at the source's rate from time 0: upright, square
    pixels, 4:2:0, of the size of the `area`; it must give `size` without changing the frame rate.
    Whatever in it does more than move and scale is given 8-bit BT.709. `files` has the path of each
    of its scripts.
    """

    graph: Graph
    size: Size
    area: Rect | None = None
    files: Mapping[Script, str] = field(default_factory=dict[Script, str])


@dataclass(frozen=True)
class EncoderSettings:
    """`threads` is per codec, 0 for FFmpeg's own choice."""

    encoder: Encoder = X264
    preset: Preset = "balanced"
    threads: int = 0


@dataclass(frozen=True)
class RenderSpec:
    """One clip to render: what of the source, through which graph, into which file.

    `sounds` are the audio streams that are heard, together; by default the source's main one.
    `gain_db` makes their sum louder or quieter, with its peaks held below full scale.
    """

    source: Probed
    start: float
    duration: float
    video: VideoGraph
    target: Path
    encoding: EncoderSettings = EncoderSettings()
    sounds: tuple[Sound, ...] | None = None
    gain_db: float | None = None

    @property
    def fps(self) -> Fraction:
        return self.source.fps

    @property
    def frames(self) -> int:
        return max(1, round(self.duration * self.fps))

    @property
    def samples(self) -> int:
        return round(self.frames / self.fps * AUDIO_RATE)

    @property
    def heard(self) -> tuple[Sound, ...]:
        if self.sounds is not None:
            return self.sounds
        return (self.source.sound,) if self.source.sound else ()

    @property
    def output_duration(self) -> float:
        return float(self.frames / self.fps)
