"""Where pieces of a source's sound begin and end: in pauses, the same ones whoever looks."""

import numpy as np

from viralclip.speech.pieces import AROUND_S, PIECE_S
from viralclip.speech.port import SAMPLE_RATE
from viralclip.speech.sound import Samples
from viralclip.timecode import TimeRange

# A pause between words is quiet for so long, and levels are compared in steps of so many decibels.
_PAUSE_S, _STEP_DB, _FLOOR_DB = 0.2, 2.0, -70.0


def find_ends(number: int, sound: Samples, read: TimeRange, duration: float) -> TimeRange:
    """Where the piece begins and ends: in the longest quiet near the borders of its number."""
    begin, close = number * PIECE_S, (number + 1) * PIECE_S
    start = _quietest(sound, read, begin) if number else 0.0
    end = _quietest(sound, read, close) if close < duration else duration
    return TimeRange(start, max(end, start))


def _quietest(sound: Samples, read: TimeRange, border: float) -> float:
    """The middle of the quietest moment near the border; of several, the one nearest to it."""
    hop = round(_PAUSE_S / 4 * SAMPLE_RATE)
    first = max(round((border - AROUND_S - read.start) * SAMPLE_RATE), 0)
    last = min(round((border + AROUND_S - read.start) * SAMPLE_RATE), len(sound))
    near = sound[first:last]
    count = len(near) // hop
    if count <= 4:  # noqa: PLR2004 - not even one pause fits
        return border
    power = np.mean(near[: count * hop].reshape(count, hop) ** 2, axis=1)
    smooth = np.convolve(power, np.full(4, 0.25), "valid")
    # Two readings of a coded sound differ a little: levels in steps do not.
    level = np.maximum(10 * np.log10(smooth + 1e-12), _FLOOR_DB) // _STEP_DB
    times = read.start + (first + (np.arange(len(level)) + 2) * hop) / SAMPLE_RATE
    best = np.lexsort((np.abs(times - border), level))[0]
    return round(float(times[best]), 3)
