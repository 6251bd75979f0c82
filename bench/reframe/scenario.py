"""Scenes as values: who is where at any time, who talks, where shots begin."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from viralclip.events import Algorithm
from viralclip.geometry import Size

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Span = tuple[float, float]
Place = Callable[[Floats], tuple[Floats, Floats]]

HD = Size(1280, 720)
FPS = 25.0
# Width over height of the whole face of who plays all the parts (see film.py).
FACE_ASPECT = 91 / 118
_ENVELOPE_RATE = 200.0


@dataclass(frozen=True)
class Person:
    """A face `width` pixels wide whose middle is at `place` for seconds of the scene.

    `talks` and `interjects` are heard; while the person `chews` the mouth moves without a sound.
    """

    place: Place
    width: float = 90.0
    look: int = 0
    talks: tuple[Span, ...] = ()
    interjects: tuple[Span, ...] = ()
    chews: tuple[Span, ...] = ()
    seed: int = 1

    def boxes(self, times: Floats) -> Floats:
        """The whole face, (n, 4) x, y, width, height."""
        x, y = self.place(times)
        height = self.width / FACE_ASPECT
        width, height = (np.full(len(times), side) for side in (self.width, height))
        return np.stack([x - width / 2, y - height / 2, width, height], axis=1)

    def voice(self, times: Floats) -> Floats:
        """How loud the person is, 0 to 1."""
        return _syllables((*self.talks, *self.interjects), self.seed)(times)

    def mouth(self, times: Floats) -> Floats:
        """How wide the mouth is open, 0 to 1."""
        spans = (*self.talks, *self.interjects, *self.chews)
        return _syllables(spans, self.seed)(times)


@dataclass(frozen=True)
class Pillar:
    """Something at `x`, `width` wide, that hides what is behind it."""

    x: float
    width: float


@dataclass(frozen=True)
class Shot:
    """People before a backdrop until `end`; `main` is whom the picture is about."""

    end: float
    people: tuple[Person, ...]
    backdrop: int = 0
    main: int = 0
    pillar: Pillar | None = None


@dataclass(frozen=True)
class Scenario:
    """A scene with everything about it known."""

    name: str
    shots: tuple[Shot, ...]
    algorithm: Algorithm = "basic"
    size: Size = HD
    fps: float = FPS
    off_screen: tuple[Span, ...] = field(default=())

    @property
    def duration(self) -> float:
        return self.shots[-1].end

    @property
    def cuts(self) -> Floats:
        return np.array([shot.end for shot in self.shots[:-1]])

    @cached_property
    def times(self) -> Floats:
        """The times of all frames."""
        return np.arange(round(self.duration * self.fps)) / self.fps

    def shot_at(self, time: float) -> Shot:
        return next((shot for shot in self.shots if time < shot.end - 1e-6), self.shots[-1])

    def in_shots(self, times: Floats) -> list[tuple[Shot, NDArray[np.intp]]]:
        """Each shot and the places of its times."""
        edges = [-np.inf, *(self.cuts - 1e-6).tolist(), np.inf]
        return [
            (shot, np.flatnonzero((times >= start) & (times < end)))
            for shot, (start, end) in zip(self.shots, pairwise(edges), strict=True)
        ]

    def voice(self, times: Floats) -> Floats:
        """How loud the sound is, 0 to 1."""
        level = 0.9 * _syllables(self.off_screen, 99)(times)
        for shot, rows in self.in_shots(times):
            for person in shot.people:
                level[rows] += person.voice(times[rows])
        return np.minimum(level, 1.0)

    def turns(self) -> list[tuple[float, float, Person]]:
        """Who has the word, in order; interjections are none."""
        return sorted(
            (
                (start, end, person)
                for shot in self.shots
                for person in shot.people
                for start, end in person.talks
            ),
            key=lambda turn: turn[0],
        )


@cache
def _syllables(spans: tuple[Span, ...], seed: int) -> Callable[[Floats], Floats]:
    """A mouth or voice that opens four or five times a second within `spans`."""
    last = max((end for _, end in spans), default=0.0)
    random = np.random.default_rng(seed)
    envelope = np.zeros(int(last * _ENVELOPE_RATE) + 2)
    for start, end in spans:
        at = start
        while at < end:
            length = min(float(random.uniform(0.16, 0.28)), max(end - at, 0.06))
            rows = np.arange(int(at * _ENVELOPE_RATE), int((at + length) * _ENVELOPE_RATE))
            rows = rows[rows < len(envelope)]
            phase = (rows / _ENVELOPE_RATE - at) / length
            envelope[rows] = random.uniform(0.55, 1.0) * np.sin(np.pi * np.clip(phase, 0, 1)) ** 0.7
            at += length
    seconds = np.arange(len(envelope)) / _ENVELOPE_RATE
    return lambda times: np.interp(times, seconds, envelope, right=0.0)
