"""Judges a clip by what it shows and sounds like, beside what its source shows at that time."""

from dataclasses import dataclass

import numpy as np

from bench.sources.film import PATCHES, TONE, Floats, Seen
from bench.sources.kind import Kind

# A tenth of a frame's length more than half of it: where a frame may be shown early or late.
_EARLY_OR_LATE = 0.6
_OFFSET_S, _COLOUR, _LEVEL_DB = 0.020, 10.0, 1.0
_TONE_DB = 20 * np.log10(TONE / np.sqrt(2))


@dataclass(frozen=True)
class Stretch:
    """A scene, in seconds of the source."""

    title: str
    start: float
    end: float

    @property
    def duration(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Judgement:
    """What was found in a clip; None where there is nothing to judge.

    `wrong` counts frames with another number than was on screen then; `offset` is how late the
    sound is in seconds, `colour` the largest difference in 8-bit levels, `level` in dB.
    """

    first: bool
    last: bool
    frames: int
    wanted: int
    wrong: int
    rate: float
    offset: float | None
    colour: float | None
    level: float | None
    clicks_lost: int

    def faults(self, kind: Kind) -> list[str]:
        found = {
            "first frame": not self.first,
            "last frame": not self.last,
            "frames": self.frames != self.wanted or self.wrong > 0,
            "rate": self.rate < kind.least_rate - 0.05,
            "A/V": self.clicks_lost > 0
            or (self.offset is not None and abs(self.offset) >= _OFFSET_S),
            "colour": self.colour is not None and self.colour > _COLOUR,
            "level": self.level is not None and abs(self.level) > _LEVEL_DB,
        }
        return [name for name, is_wrong in found.items() if is_wrong]


def judge(kind: Kind, scene: Stretch, seen: Seen, reference: Floats | None) -> Judgement:
    start = _began(kind, scene, seen)
    right = [
        number in _possible(kind, start + place / seen.rate, seen.rate)
        for place, number in enumerate(seen.numbers)
    ]
    lost, offset = _sync(kind, scene, seen, start)
    wanted = np.array(PATCHES) if kind.colours == "film" else reference
    level = None if kind.level is None or seen.level is None else seen.level - _TONE_DB - kind.level
    return Judgement(
        first=right[0],
        last=right[-1],
        frames=len(right),
        wanted=round(scene.duration * seen.rate),
        wrong=right.count(False),
        rate=seen.rate,
        offset=offset,
        colour=None if wanted is None else float(np.abs(seen.patches - wanted).max()),
        level=level,
        clicks_lost=lost,
    )


def _began(kind: Kind, scene: Stretch, seen: Seen) -> float:
    """The time of the source at which the clip begins: that of a frame near to what was asked,
    where the clip has the source's own frames."""
    if kind.rate < seen.rate - 0.05:
        return scene.start
    for place, number in enumerate(seen.numbers[1:], 1):
        before = seen.numbers[place - 1]
        if number == before + 1 and kind.shown is None:
            begun = number / float(kind.rate) - place / seen.rate
            return begun if abs(begun - scene.start) < 2 / seen.rate else scene.start
    return scene.start


def _possible(kind: Kind, time: float, rate: float) -> set[int]:
    near = _EARLY_OR_LATE / min(rate, float(kind.rate) if kind.rate > rate else rate)
    return {kind.number_at(max(time + shift, 0.0)) for shift in (-near, 0.0, near)}


def _sync(kind: Kind, scene: Stretch, seen: Seen, start: float) -> tuple[int, float | None]:
    """How many clicks are missing or too many, and how late the worst of the others is."""
    if kind.sound is None:
        return 0, None
    first, last = int(np.ceil(start - kind.offset)), int(np.floor(scene.end - kind.offset - 0.05))
    wanted = np.array([second + kind.offset - start for second in range(first, last + 1)])
    if not len(seen.clicks):
        return len(wanted), None
    found = np.array(seen.clicks)
    late = [float(found[np.abs(found - want).argmin()] - want) for want in wanted]
    return abs(len(found) - len(wanted)), max(late, key=abs, default=None)
