"""The filters that make a clip's sound of a source's tracks."""

from collections.abc import Sequence

from viralclip.media.downmix import to_stereo
from viralclip.media.tracks import Sound

AUDIO_RATE = 48_000
# The AAC encoder overshoots: by 0.9 dB for dense pink noise at -8 LUFS. So much is left for it
# below -1 dBTP.
CEILING_DB = -2.0
_STEREO = 2


def sound_graph(
    sounds: Sequence[Sound],
    samples: int,
    *,
    inputs: Sequence[str],
    opening: str,
    shape: Sequence[str],
    output: str,
) -> str:
    """The graph from the pads `inputs`, one a sound, to pad `output`, by way of those in `shape`.

    Behind the filters `opening`, which every stream goes through, its times are those of the clip.
    The result is as long as the picture, silent where a track starts late or ends early, without
    drift: `samples` of stereo at AUDIO_RATE. Several tracks are added up.
    """
    pads = [f"t{place}" for place in range(len(sounds))]
    tracks = [
        f"[{source}]{opening},{track_filters(sound, samples)}[{pad}]"
        for sound, source, pad in zip(sounds, inputs, pads, strict=True)
    ]
    mix = [f"amix=inputs={len(pads)}:normalize=0:dropout_transition=0"] if len(pads) > 1 else []
    exact = ["apad", f"atrim=end_sample={samples}", "asetpts=N/SR/TB"]
    inputs = "".join(f"[{pad}]" for pad in pads)
    return ";".join([*tracks, f"{inputs}{','.join([*mix, *shape, *exact])}[{output}]"])


def shape_of(sounds: Sequence[Sound], gain_db: float | None) -> list[str]:
    """The filters that bring the sum to its level.

    What could clip by being added up or by the gain is held at CEILING_DB true peak; one mono or
    stereo track without a gain is left as it was.
    """
    gain = [f"volume={gain_db:.2f}dB:precision=float"] if gain_db else []
    return [*gain, *_limiter()] if gain_db or may_clip(sounds) else []


def track_filters(sound: Sound, samples: int) -> str:
    """One track as stereo floats at AUDIO_RATE, `samples` of them."""
    filters = [
        "aresample=async=1000:first_pts=0",
        # In floats nothing clips and nothing is made quieter for fear of it.
        f"aformat=sample_fmts=fltp{_channels(sound)}",
        to_stereo(sound.channels, sound.layout),
        f"aresample={AUDIO_RATE}",
        "apad",
        f"atrim=end_sample={samples}",
    ]
    return ",".join(filters)


def steady_format(kinds: Sequence[Sound]) -> str:
    """The filters that make one kind of what a track is one after the other: `steadied(kinds)`.

    They never end, as a graph is not told when the one before it does.
    """
    sound = steadied(kinds)
    steady = f"aformat=sample_fmts=fltp:sample_rates={sound.rate}"
    if sound.channels == _STEREO and any(kind.channels == 1 for kind in kinds):
        # FFmpeg would make one channel quieter in two.
        return f"{steady}:channel_layouts=3.0,pan=stereo|FL=FL+FC|FR=FR+FC,apad"
    return f"{steady}{_channels(sound)},apad"


def steadied(kinds: Sequence[Sound]) -> Sound:
    """The kind of a track to which the others can be brought: the first with the most channels."""
    return max(kinds, key=lambda kind: kind.channels)


def may_clip(sounds: Sequence[Sound]) -> bool:
    """Whether channels or tracks are added up, so that the sum may be louder than full scale."""
    return len(sounds) > 1 or any(sound.channels > _STEREO for sound in sounds)


def _channels(sound: Sound) -> str:
    return f":channel_layouts={sound.layout_name}" if sound.layout_name else ""


def _limiter() -> list[str]:
    """A look-ahead limiter at four times the rate sees the peaks between samples, too.

    `latency=1` puts back what its look-ahead delays: clicks stay on their sample.
    """
    limit = 10 ** (CEILING_DB / 20)
    return [
        f"aresample={4 * AUDIO_RATE}",
        f"alimiter=limit={limit:.4f}:attack=5:release=50:level=0:latency=1",
        f"aresample={AUDIO_RATE}",
    ]
