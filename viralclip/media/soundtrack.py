"""The filters that make a clip's sound of a source's."""

from viralclip.media.tracks import Sound

AUDIO_RATE = 48_000
_LOUDNESS = "loudnorm=I=-14:TP=-2:LRA=11"
# loudnorm makes NaN of short silence, and the AAC encoder fails on it.
_FINITE = "aeval='if(isnan(val(ch))+isinf(val(ch)),0,val(ch))':c=same"


def sound_filters(sound: Sound, samples: int, *, loudness: bool) -> str:
    """As long as the picture, silent where the track starts late or ends early, without drift.

    The result is `samples` of stereo at AUDIO_RATE.
    """
    filters = [
        "aresample=async=1000:first_pts=0",
        # FFmpeg's own way from mono to stereo is 3 dB quieter.
        "pan=stereo|c0=c0|c1=c0" if sound.channels == 1 else "aformat=channel_layouts=stereo",
        *([_LOUDNESS] if loudness else []),
        f"aresample={AUDIO_RATE}",
        *([_FINITE] if loudness else []),
        "apad",
        f"atrim=end_sample={samples}",
    ]
    return ",".join(filters)
