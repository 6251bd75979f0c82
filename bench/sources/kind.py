"""A kind of source: what it is made of, and what is right for it."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from bench.sources.codecs import AAC, LONG
from bench.sources.film import SECONDS, write_film, write_sound


@dataclass(frozen=True)
class Tools:
    """The FFmpeg that makes sources, and the folder they are made in."""

    ffmpeg: Path
    folder: Path

    def run(self, *arguments: object) -> None:
        command = [self.ffmpeg, "-v", "error", "-nostdin", "-y", *map(str, arguments)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


Derive = Callable[[Tools, Path, Path], None]


@dataclass(frozen=True)
class Kind:
    """A kind of source: how it is made, and what is right for it.

    `rate` is the film's; `shown` tells which of its numbers is on screen at a time, all of them
    where nothing is said. `sound` is None without any; `level` is in dB beside the film's tone.
    `colours` is "film", "reference" for what an independent conversion gives, or "" for none.
    `offset` is by how many seconds its clicks come late. `words` asks for a note or a warning.
    """

    name: str
    suffix: str
    video: tuple[str, ...] = LONG
    sound: tuple[str, ...] | None = AAC
    rate: Fraction = Fraction(25)
    picture: str = "null"
    extra: tuple[str, ...] = ()
    shown: Callable[[float], int] | None = None
    derive: Derive | None = None
    size: tuple[int, int] = (320, 180)
    upright: tuple[int, int] = (320, 180)
    colours: str = "film"
    level: float | None = 0.0
    offset: float = 0.0
    may_refuse: bool = False
    words: bool = False
    least_rate: float = 24.0

    def number_at(self, time: float) -> int:
        last = int(SECONDS * self.rate) - 1
        number = int(time * float(self.rate) + 1e-6)
        return self.shown(time) if self.shown else min(max(number, 0), last)

    def make(self, tools: Tools) -> Path:
        """The file, made in the folder of its own name."""
        folder = tools.folder / self.name.replace(" ", "-").replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        film = write_film(tools.folder, self.rate, size=self.size)
        inputs = ["-i", film]
        maps = ["-map", "0:v"]
        if self.sound is not None:
            inputs += ["-i", write_sound(tools.folder)]
            maps += ["-map", "1:a"]
        target = folder / f"source{self.suffix}"
        plain = folder / f"plain{self.suffix}" if self.derive else target
        tools.run(
            *(*inputs, *maps, "-vf", self.picture, *self.video, *(self.sound or ())),
            *(*self.extra, "-t", SECONDS, plain),
        )
        if self.derive:
            self.derive(tools, plain, target)
        return target
