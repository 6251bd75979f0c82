"""Why a clip that was rendered is less than what was asked for, in words."""

from pydantic import BaseModel

from viralclip.media.colours import COLOURS_APPROXIMATE, HDR_NOT_TONE_MAPPED
from viralclip.media.loudness import PEAK_BOUND, TOO_QUIET

LINES_NOT_ALIGNED = "lines_not_aligned"
FACES_UNKNOWN = "faces_unknown"
RENDER_DOUBTS = {
    TOO_QUIET: (
        "The sound of this clip is too quiet to be brought to -14 LUFS:"
        " it would be mostly noise. It is at {lufs:.1f} LUFS."
    ),
    PEAK_BOUND: (
        "Single peaks stand so far above the rest of this clip's sound that it cannot be brought"
        " to -14 LUFS. It is at {lufs:.1f} LUFS."
    ),
    HDR_NOT_TONE_MAPPED: (
        "This clip is brighter than the video: its HDR was not tone-mapped, as this FFmpeg lacks"
        " the filters zscale and tonemap; `viralclip doctor` says what to do."
    ),
    COLOURS_APPROXIMATE: (
        "The colours of this clip are not quite those of the video, whose colour matrix this"
        " FFmpeg cannot read."
    ),
    LINES_NOT_ALIGNED: (
        "The words of this clip's captions are spread evenly over their lines: the sound could not"
        " be listened to. The log says why."
    ),
    FACES_UNKNOWN: (
        "The captions of this clip may cover a face: looking for faces failed. The log says why."
    ),
}


class Doubt(BaseModel, frozen=True):
    """Why a clip is less than what was asked for: a code, and a sentence."""

    code: str
    message: str


def doubt(code: str, **facts: float) -> Doubt:
    """The doubt in words, which name the facts."""
    return Doubt(code=code, message=RENDER_DOUBTS[code].format(**facts))
