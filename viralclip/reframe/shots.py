"""Finds where one shot ends and the next begins, from colour histograms of sampled pictures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# Share of the picture, 0 to 1, that must look different at a cut (see `difference`).
THRESHOLD = 0.3

Image = NDArray[np.uint8]
Signature = NDArray[np.float32]
Times = NDArray[np.float64]
# A picture's time in seconds, and its signature.
Seen = tuple[float, Signature]
_Levels = NDArray[np.floating]

# Points looked at, and the cells of the picture that get histograms of their own: (down, across).
_POINTS = (96, 160)
_CELLS = (4, 4)
_LUMA_BINS = 12
_CHROMA_BINS = 10
_BINS = (_LUMA_BINS, _CHROMA_BINS, _CHROMA_BINS)
# A picture with less contrast than this, in levels of 255, counts as flat; noise stays below it.
_FLAT = 12.0
# Lumas further from the mean than this, in standard deviations, share the outermost bins.
_LUMA_REACH = 2.5
# Colours of a picture with less contrast than this are not made stronger to make up for it.
_PALE = 16.0
# Half of the chroma bins lie within this many standard deviations of grey, where most colours are.
_CHROMA_KNEE = 0.5
# Motion is judged by the changes this many seconds around; this share of them counts as usual.
_AROUND_S = 0.6
_USUAL_SHARE = 0.7
_ABOVE_USUAL = 2.0
_FEWEST_AROUND = 4
# Motion shows more in a sample that comes late; beyond so many times the gap it is not motion.
_UNEVEN = 2.0
# A picture that comes back within this many seconds was never away: a flash, a dip to black.
_FLASH_S = 0.35
_MEMORY_S = _AROUND_S + 2 * _FLASH_S
_ROUNDING_S = 1e-6


def signature(image: Image) -> Signature:
    """Colour histograms of the cells of a BGR picture of any size, equal for equal content.

    Luma is measured from the picture's mean and chroma as B-Y and R-Y, all in standard deviations
    of luma, so that more or less light changes nothing. The shape is (cells, bins).
    """
    points = image[_spread(image.shape[0], _POINTS[0])][:, _spread(image.shape[1], _POINTS[1])]
    blue, green, red = np.moveaxis(points.astype(np.float32), 2, 0)
    luma = 0.114 * blue + 0.587 * green + 0.299 * red
    contrast = float(luma.std())
    level = (luma - luma.mean()) / max(contrast, _FLAT)
    chroma = (channel - luma for channel in (blue, red))
    tint = (value / max(contrast, _PALE) for value in chroma)
    shares = ((level / _LUMA_REACH + 1) / 2, *map(_share, tint))
    histograms = [_histograms(share, bins) for share, bins in zip(shares, _BINS, strict=True)]
    return np.concatenate(histograms, axis=1)


def difference(one: Signature, other: Signature) -> float:
    """How much of the picture looks different, 0 to 1: the mean over cells of the histogram that
    changed most, by one minus the intersection (Swain and Ballard, 1991).
    """
    apart = np.abs(one - other)
    edges = np.cumsum((0, *_BINS[:-1]))
    return float(np.add.reduceat(apart, edges, axis=1).max(axis=1).mean() / 2)


def find_cuts(
    times: Sequence[float] | Times, signatures: Iterable[Signature], *, threshold: float = THRESHOLD
) -> Times:
    """The times, among `times`, at which a new shot begins; the first shot's start is not one.

    They are exact to one sample: where a real cut is, the sample before is of the old shot.
    """
    finder = CutFinder(threshold=threshold)
    for time, seen in zip(times, signatures, strict=True):
        finder.add(float(time), seen)
    return finder.finish()


@dataclass(frozen=True)
class _Sample:
    """A sample, how much it differs from the one before, and when the picture changed between."""

    time: float
    signature: Signature
    change: float
    changed_at: float


@dataclass
class CutFinder:
    """Finds cuts in samples as they come, and remembers only the last seconds of them.

    A sample begins a new shot if no picture shortly before resembles any shortly after, which
    rules out flashes, and if it changes far more than its neighbours, which rules out motion: an
    adaptive threshold as of Yeo and Liu (1995) on histograms of cells as of Nagasaka and Tanaka
    (1992). Of cuts closer than a flash is long, the clearest stays. The shot begins with the
    picture since the sample before that differs most from the one before it.
    """

    threshold: float = THRESHOLD
    _recent: list[_Sample] = field(default_factory=list[_Sample], init=False)
    _undecided: int = field(default=1, init=False)
    _cuts: list[float] = field(default_factory=list[float], init=False)
    _last: _Sample | None = field(default=None, init=False)
    _last_separation: float = field(default=0.0, init=False)

    def add(self, time: float, seen: Signature, between: Iterable[Seen] = ()) -> None:
        """Takes the next sample; times rise.

        `between` are the pictures since the sample before, looked at only where a cut may be.
        """
        change, changed_at = 0.0, time
        if self._recent:
            before = self._recent[-1]
            change = difference(before.signature, seen)
            if change >= self.threshold:
                changed_at = _sharpest([(before.time, before.signature), *between, (time, seen)])
        self._recent.append(_Sample(time, seen, change, changed_at))
        while self._undecided_time() < time - _MEMORY_S:
            self._decide()

    def finish(self) -> Times:
        """The cuts of all samples that came."""
        while self._undecided < len(self._recent):
            self._decide()
        return np.array(self._cuts)

    def _undecided_time(self) -> float:
        return self._recent[min(self._undecided, len(self._recent) - 1)].time

    def _decide(self) -> None:
        sample = self._recent[self._undecided]
        separation = _separation(self._recent, self._undecided, self.threshold)
        if separation >= self.threshold:
            usual = _usual_separation(self._recent, self._undecided, self.threshold)
            if separation >= _ABOVE_USUAL * usual:
                self._accept(sample, separation)
        self._undecided += 1
        while self._undecided > 1 and self._recent[1].time < sample.time - _MEMORY_S:
            del self._recent[0]
            self._undecided -= 1

    def _accept(self, sample: _Sample, separation: float) -> None:
        if self._last and sample.time - self._last.time < _FLASH_S:
            if separation <= self._last_separation:
                return
            self._cuts.pop()
        self._cuts.append(sample.changed_at)
        self._last, self._last_separation = sample, separation


def _sharpest(seen: Sequence[Seen]) -> float:
    """When the picture differs most from the one before."""
    changes = [difference(one, other) for (_, one), (_, other) in pairwise(seen)]
    return seen[int(np.argmax(changes)) + 1][0]


def _separation(samples: list[_Sample], place: int, threshold: float) -> float:
    """The least difference between a picture shortly before `place` and one shortly after.

    It is never more than the change at `place`, which is good enough where that is below threshold.
    """
    if samples[place].change < threshold:
        return samples[place].change
    first = samples[place - 1].time - _FLASH_S - _ROUNDING_S
    last = samples[place].time + _FLASH_S + _ROUNDING_S
    before = [sample.signature for sample in samples[:place] if sample.time >= first]
    after = [sample.signature for sample in samples[place:] if sample.time <= last]
    return min(difference(one, other) for one in before for other in after)


def _usual_separation(samples: list[_Sample], place: int, threshold: float) -> float:
    """What changes around `place` anyway; with too few samples to tell, nothing does."""
    time = samples[place].time
    gap = _gap(samples, place)
    around = [
        _separation(samples, other, threshold) * min(gap / _gap(samples, other), _UNEVEN)
        for other, sample in enumerate(samples)
        if other not in (0, place) and abs(sample.time - time) <= _AROUND_S
    ]
    return float(np.quantile(around, _USUAL_SHARE)) if len(around) >= _FEWEST_AROUND else 0.0


def _gap(samples: list[_Sample], place: int) -> float:
    return max(samples[place].time - samples[place - 1].time, _ROUNDING_S)


def _spread(length: int, count: int) -> NDArray[np.intp]:
    """The middles of `count` equal parts of `length`."""
    return ((np.arange(count) + 0.5) * length / count).astype(np.intp)


def _share(chroma: _Levels) -> _Levels:
    """Where a chroma lies from one extreme to the other, 0 to 1, with most room near grey."""
    return (chroma / (np.abs(chroma) + _CHROMA_KNEE) + 1) / 2


def _histograms(shares: _Levels, bins: int) -> Signature:
    """A histogram for each cell; a value between two bins counts for both, so that none jumps."""
    position = np.clip(shares, 0, 1) * (bins - 1)
    lower = np.minimum(position.astype(np.intp), bins - 2)
    above = (position - lower).ravel()
    index = (_CELL_OF_POINT * bins + lower).ravel()
    size = _CELLS[0] * _CELLS[1] * bins
    counts = np.bincount(index, 1 - above, size) + np.bincount(index + 1, above, size)
    points = _POINTS[0] * _POINTS[1] / (_CELLS[0] * _CELLS[1])
    return (counts / points).astype(np.float32).reshape(-1, bins)


def _cell_of_point() -> NDArray[np.intp]:
    down = np.arange(_POINTS[0]) * _CELLS[0] // _POINTS[0]
    across = np.arange(_POINTS[1]) * _CELLS[1] // _POINTS[1]
    return down[:, None] * _CELLS[1] + across


_CELL_OF_POINT = _cell_of_point()
