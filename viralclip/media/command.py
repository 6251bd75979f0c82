"""The FFmpeg command that makes one clip, from values; nothing runs here."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from viralclip.geometry import Size
from viralclip.media.colours import colour_filters, encoder_input
from viralclip.media.encoders import X264, Encoder
from viralclip.media.probe import Probed
from viralclip.media.soundtrack import AUDIO_RATE, sound_filters
from viralclip.plan import Preset

# The pads, without brackets, between which a style's graph stands.
GRAPH_INPUT, GRAPH_OUTPUT = "in", "out"
# A picture track may end a little before its container; more than this missing is damage.
_HOLD_LAST_S = 1
_KEYFRAME_S = 2


@dataclass(frozen=True)
class RenderSpec:
    """One clip to render: what of the source, through which graph, into which file.

    `graph` is a filter graph text from pad GRAPH_INPUT to pad GRAPH_OUTPUT. It is given exactly
    `frames` frames at the source's `fps` from time 0: 8-bit 4:2:0 BT.709, upright, square pixels,
    of the source's display size; it must give `size` without changing the frame rate.
    `threads` is per codec, 0 for FFmpeg's own choice. `tone_map` needs zscale and tonemap.
    """

    source: Probed
    start: float
    duration: float
    graph: str
    size: Size
    target: Path
    encoder: Encoder = X264
    preset: Preset = "balanced"
    loudness: bool = False
    threads: int = 0
    tone_map: bool = False

    @property
    def fps(self) -> Fraction:
        return self.source.fps

    @property
    def frames(self) -> int:
        return max(1, round(self.duration * self.fps))

    @property
    def output_duration(self) -> float:
        return float(self.frames / self.fps)


def render_command(ffmpeg: Path, spec: RenderSpec) -> list[str]:
    """The command line that renders `spec`."""
    return [
        *(str(ffmpeg), "-nostdin", "-hide_banner", "-y", "-v", "error"),
        *("-stats_period", "0.25", "-progress", "pipe:1"),
        *_threads("-filter_complex_threads", spec.threads),
        *spec.encoder.device,
        *_input(spec),
        *("-filter_complex", _graph(spec)),
        *_video_output(spec),
        *_audio_output(spec),
        *("-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1"),
        # Without these the writer's name and version would be in every clip.
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"),
        *("-movflags", "+faststart", "-f", "mp4", f"file:{spec.target}"),
    ]


def _input(spec: RenderSpec) -> list[str]:
    return [
        *_threads("-threads", spec.threads),
        *("-protocol_whitelist", "file,pipe"),
        *("-ss", f"{spec.start:.6f}", "-t", f"{spec.duration + 1 / spec.fps:.6f}"),
        *("-i", f"file:{spec.source.path}"),
    ]


def _video_output(spec: RenderSpec) -> list[str]:
    return [
        *("-map", "[v]", "-c:v", spec.encoder.codec, *spec.encoder.presets[spec.preset]),
        *_threads("-threads:v", spec.threads),
        *("-profile:v", "high", "-g", str(round(_KEYFRAME_S * spec.fps))),
        *("-fps_mode:v", "cfr", "-r", str(spec.fps)),
    ]


def _audio_output(spec: RenderSpec) -> list[str]:
    if spec.source.sound is None:
        return []
    return ["-map", "[a]", "-c:a", "aac", "-b:a", "192k", "-ar", str(AUDIO_RATE)]


def _threads(option: str, count: int) -> list[str]:
    return [option, str(count)] if count else []


def _graph(spec: RenderSpec) -> str:
    picture = spec.source.picture
    parts = [
        f"[0:{picture.stream}]{_before(spec)}[{GRAPH_INPUT}]",
        spec.graph,
        f"[{GRAPH_OUTPUT}]{encoder_input(spec.encoder)}[v]",
    ]
    if (sound := spec.source.sound) is not None:
        samples = round(spec.frames / spec.fps * AUDIO_RATE)
        filters = sound_filters(sound, samples, loudness=spec.loudness)
        parts.append(f"[0:{sound.stream}]{filters}[a]")
    return ";".join(parts)


def _before(spec: RenderSpec) -> str:
    """Whatever the source is, the style's graph sees one kind of picture at one steady rate."""
    picture = spec.source.picture
    filters = [
        *(["bwdif=mode=send_frame:deint=interlaced"] if picture.interlaced else []),
        f"fps={spec.fps}:start_time=0",
        *colour_filters(picture, spec.source.video.size, tone_map=spec.tone_map),
        "setsar=1",
        f"tpad=stop_mode=clone:stop_duration={_HOLD_LAST_S}",
        f"trim=end_frame={spec.frames}",
    ]
    return ",".join(filters)
