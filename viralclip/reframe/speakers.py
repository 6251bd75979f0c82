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
# Agreement of mouth and loudness is judged over so many seconds around, and counts so much.
_AROUND_S = 1.2
_AGREEMENT = 0.5
# Who is there is a little better than who is not.
_PRESENT = 0.1
# Where a turn begins, the nearest onset of speech within so many seconds is its start; a longer
# pause before it makes up for distance.
_ONSET_REACH_S = 0.35


def talking(tracks: Sequence[Track], times: Floats, speech: Speech) -> Floats:
    """How much each of a shot's tracks seems to talk at each sample, (n, tracks), 0 to about 2."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.1
    active = speech.share(times, step)
    motion, seen = _motion(tracks, times)
    moving = _in_own_measure(motion, seen, quiet=active < _QUIET)
    change = speech.change(times, step)
    width = max(3, round(_AROUND_S / step))
    together = np.stack([_agreement(column, change, width) for column in motion.T], axis=1)
    likely = active[:, None] * (moving + _AGREEMENT * np.maximum(together, 0))
    return np.where(seen, likely + _PRESENT, 0.0)


def speech_start(time: float, speech: Speech) -> float:
    """The onset of speech that a change found at a sample's `time` belongs to, or that time."""
    near = [onset for onset in speech.onsets if abs(onset.time - time) <= _ONSET_REACH_S]
    if not near:
        return time
    return max(near, key=lambda onset: onset.pause - abs(onset.time - time)).time


def _motion(tracks: Sequence[Track], times: Floats) -> tuple[Floats, Flags]:
    """Of each track at each sample: how much the mouth moved, and whether the face was seen."""
    motion = np.zeros((len(times), len(tracks)))
    seen = np.zeros((len(times), len(tracks)), dtype=np.bool_)
    for number, track in enumerate(tracks):
        rows = np.searchsorted(times, track.times)
        motion[rows, number] = track.mouth
        seen[rows, number] = track.seen
    return motion, seen


def _in_own_measure(motion: Floats, seen: Flags, *, quiet: Flags) -> Floats:
    """Motion beyond a person's still mouth, in shares of their liveliest."""
    still, scale = np.zeros(motion.shape[1]), np.zeros(motion.shape[1])
    for number in range(motion.shape[1]):
        own = motion[seen[:, number], number]
        calm = motion[seen[:, number] & quiet, number]
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
    return np.where(spread > 1e-12, together / np.maximum(spread, 1e-12), 0.0)


def _mean(values: Floats, width: int) -> Floats:
    kernel = np.ones(width)
    sums = np.convolve(values, kernel, mode="full")
    counts = np.convolve(np.ones(len(values)), kernel, mode="full")
    first = width // 2
    return (sums / counts)[first : first + len(values)]
