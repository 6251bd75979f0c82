"""Listens to a finished file as a judge of its own: loudness and peaks without FFmpeg's filters."""

import math
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE = 48_000
Wave = NDArray[np.float64]

# ITU-R BS.1770-5, annex 1: the two filters before the mean square, at 48 kHz.
_SHELF = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def hear(path: Path) -> Wave:
    """All samples of the first audio track, as rows of left and right."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "stereo", RATE)
        frames = [
            part.to_ndarray()
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    return np.concatenate(frames, axis=1).astype(np.float64)


def lufs(wave: Wave) -> float:
    """Integrated loudness, gated in blocks of 0.4 s; -inf for silence."""
    weighted = np.asarray(signal.lfilter(*_HIGH_PASS, signal.lfilter(*_SHELF, wave)))
    block, hop = round(0.4 * RATE), round(0.1 * RATE)
    starts = range(0, max(1, wave.shape[1] - block + 1), hop)
    powers = np.array([np.sum(np.mean(weighted[:, s : s + block] ** 2, axis=1)) for s in starts])
    loud = powers[_loudness(powers) > -70]
    if not len(loud):
        return -math.inf
    kept = loud[_loudness(loud) > _loudness(np.array([loud.mean()]))[0] - 10]
    return float(_loudness(np.array([kept.mean()]))[0])


def true_peak(wave: Wave) -> float:
    """The highest peak between samples, in dBTP."""
    return 20 * math.log10(max(1e-9, np.abs(signal.resample_poly(wave, 8, 1, axis=1)).max()))


def onsets(wave: Wave, *, above: float, apart_s: float = 0.2) -> list[float]:
    """The times at which it becomes louder than `above`, after being quiet for a while."""
    loud = np.flatnonzero(np.abs(wave).max(axis=0) > above)
    return [float(at) / RATE for at in loud[np.diff(loud, prepend=-RATE) > apart_s * RATE]]


def peaks_at(wave: Wave, times: list[float]) -> list[float]:
    """Where the loudest sample lies within 20 ms of each of `times`."""
    reach = RATE // 50
    found = []
    for time in times:
        first = max(0, round(time * RATE) - reach)
        near = np.abs(wave[:, first : first + 2 * reach]).max(axis=0)
        found.append((first + int(near.argmax())) / RATE)
    return found


def _loudness(power: Wave) -> Wave:
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-12))
