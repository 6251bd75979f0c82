"""Who talks when: mouths that move while there is speech, and with it."""

from collections.abc import Sequence

import numpy as np

from viralclip.reframe.footage import Flags, Floats
from viralclip.reframe.speech import Speech
from viralclip.reframe.tracks import Track

# A quiet sample has less speech than this share; so many of them show how a still mouth looks.
_QUIET, _ENOUGH_QUIET = 0.2, 5
_STILL_PERCENT, _TALKING_PERCENT = 20, 90
# A listener's mouth is not measured finer than this share of the liveliest one in the shot.
_LEAST_SCALE = 0.5
_MOST = 1.5
_USUAL_STEP_S = 0.1
_NO_SPREAD = 1e-9
# Agreement of mouth and loudness is judged over so many seconds around, and counts so much.
_AROUND_S = 1.0
_AGREEMENT = 1.0
# Who is there is a little better than who is not.
_PRESENT = 0.1
# Where a turn begins, the nearest onset of speech within so many seconds is its start; a longer
# pause before it makes up for distance.
_ONSET_REACH_S = 0.35


def talking(tracks: Sequence[Track], times: Floats, speech: Speech) -> Floats:
    """How much each of a shot's tracks seems to talk at each sample, (n, tracks), 0 to about 2.

    Only while there is speech: how much the mouth moves and is open, in the person's own measure,
    and how well its opening goes with the level of the sound.
    """
    step = float(np.median(np.diff(times))) if len(times) > 1 else _USUAL_STEP_S
    active = speech.share(times, step)
    there, lively, opening = _mouths(tracks, times)
    moving = _in_own_measure(lively, there, quiet=active < _QUIET)
    width = max(3, round(_AROUND_S / step))
    level = speech.level(times)
    together = [_agreement(column, level, width) for column in opening.T]
    likely = moving + _AGREEMENT * np.maximum(np.stack(together, axis=1), 0)
    return np.where(there, active[:, None] * likely + _PRESENT, 0.0)


def speech_start(time: float, speech: Speech) -> float:
    """The onset of speech that a change found at a sample's `time` belongs to, or that time."""
    near = [onset for onset in speech.onsets if abs(onset.time - time) <= _ONSET_REACH_S]
    if not near:
        return time
    return max(near, key=lambda onset: onset.pause - abs(onset.time - time)).time


def _mouths(tracks: Sequence[Track], times: Floats) -> tuple[Flags, Floats, Floats]:
    """Of each track at each sample: whether it is there, how lively and how open the mouth is."""
    shape = (len(times), len(tracks))
    there, lively, opening = np.zeros(shape, dtype=np.bool_), np.zeros(shape), np.zeros(shape)
    for number, track in enumerate(tracks):
        rows = np.searchsorted(times, track.times)
        there[rows, number] = True
        lively[rows, number] = track.motion + track.opening
        opening[rows, number] = track.opening
    return there, lively, opening


def _in_own_measure(motion: Floats, there: Flags, *, quiet: Flags) -> Floats:
    """Motion beyond a person's still mouth, in shares of their liveliest."""
    still, scale = np.zeros(motion.shape[1]), np.zeros(motion.shape[1])
    for number in range(motion.shape[1]):
        own = motion[there[:, number], number]
        calm = motion[there[:, number] & quiet, number]
        enough = len(calm) >= _ENOUGH_QUIET
        still[number] = np.median(calm) if enough else np.percentile(own, _STILL_PERCENT)
        scale[number] = np.percentile(own, _TALKING_PERCENT) - still[number]
    scale = np.maximum(scale, max(_LEAST_SCALE * float(scale.max()), 1e-6))
    return np.clip((motion - still) / scale, 0, _MOST)


def _agreement(one: Floats, other: Floats, width: int) -> Floats:
    """The correlation, -1 to 1, of two rows in a window around each place."""
    mean_one, mean_other = _mean(one, width), _mean(other, width)
    together = _mean(one * other, width) - mean_one * mean_other
    spread_one = np.maximum(_mean(one**2, width) - mean_one**2, 0)
    spread_other = np.maximum(_mean(other**2, width) - mean_other**2, 0)
    spread = np.sqrt(spread_one * spread_other)
    return together / np.maximum(spread, _NO_SPREAD)


def _mean(values: Floats, width: int) -> Floats:
    kernel = np.ones(width)
    sums = np.convolve(values, kernel, mode="full")
    counts = np.convolve(np.ones(len(values)), kernel, mode="full")
    first = width // 2
    return (sums / counts)[first : first + len(values)]
