"""What is rendered to be recorded: jobs drawn by their numbers, and the sources they need."""

import random
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from bench import rig
from viralclip.cli.sample import make_sample
from viralclip.geometry import Size
from viralclip.plan import PRESETS
from viralclip.scenes import Scene

SOURCE_S = 24.0
LONG_SOURCE_S = 45.0
SIZES = {"360p": Size(640, 360), "720p": Size(1280, 720), "1080p": Size(1920, 1080)}
CODECS = {"h264": ("libx264", "superfast"), "hevc": ("libx265", "superfast")}
CHOSEN_STYLES = ("original", "center_focus", "split", "streamer", "streamer_split", "intelligent")
# Short ones mostly: three hundred renders are to fit into a quarter of an hour of two cores.
LENGTHS = (1.0, 1.0, 1.0, 1.5, 1.5, 2.0, 2.0, 2.5, 3.0, 4.0, 6.0)
LONG = (10.0, 20.0)
# As people cut them: most are shown for a quarter of a minute or more.
PEOPLES_LENGTHS = (8.0, 10.0, 12.0, 15.0, 15.0, 20.0, 25.0, 30.0)
# One in so many jobs is made four at a time, as the default is on larger machines.
_SLOTS = (2, 2, 4, 1)


@dataclass(frozen=True)
class Recipe:
    """One job to render: a source, a preset, and a few scenes in a few styles."""

    number: int
    size: str
    codec: str
    noise: int
    preset: str
    aspect: str
    slots: int
    lengths: tuple[float, ...]
    styles: tuple[str, ...]
    source_s: float = SOURCE_S


def recipe(number: int) -> Recipe:
    """The same job for the same number, whenever it is asked for."""
    dice = random.Random(number)  # noqa: S311 - a sample, not a secret
    lengths = [dice.choice(LENGTHS) for _ in range(dice.choice([2, 3, 4]))]
    if number % 6 == 0:
        lengths[-1] = dice.choice(LONG)
    return Recipe(
        number=number,
        size=dice.choice(list(SIZES)),
        codec=dice.choice(list(CODECS)),
        noise=dice.choice([0, 0, 12]),
        preset=PRESETS[number % len(PRESETS)],
        aspect=dice.choice(["9:16", "9:16", "1:1"]),
        slots=dice.choice(_SLOTS),
        lengths=tuple(lengths),
        styles=tuple(dice.sample(CHOSEN_STYLES, dice.choice([2, 3]))),
    )


def long_recipe(number: int) -> Recipe:
    """A job of clips as long as people want them, the same for the same number."""
    dice = random.Random(f"long {number}")  # noqa: S311 - a sample, not a secret
    lengths = tuple(dice.choice(PEOPLES_LENGTHS) for _ in range(dice.choice([2, 3, 4])))
    return replace(recipe(number), lengths=lengths, source_s=LONG_SOURCE_S)


def make_source(folder: Path, made: Recipe) -> Path:
    """The recipe's source, made once."""
    path = folder / f"{made.size}-{made.codec}-{made.noise}-{made.source_s:.0f}.mp4"
    if path.exists():
        return path
    sample = folder / f"{made.size}-{made.source_s:.0f}.mp4"
    if not sample.exists():
        make_sample(rig.ffmpeg(), sample, seconds=made.source_s, size=SIZES[made.size])
    encoder, preset = CODECS[made.codec]
    graph = f"noise=alls={made.noise}:allf=t" if made.noise else "null"
    command = [rig.ffmpeg(), "-nostdin", "-v", "error", "-y", "-i", sample, "-vf", graph]
    coded = ["-c:v", encoder, "-preset", preset, "-crf", "24", "-c:a", "copy", path]
    subprocess.run([*command, *coded], check=True, capture_output=True)
    return path


def scenes_of(made: Recipe) -> list[Scene]:
    """The scenes of the recipe's source that the job is made of."""
    dice = random.Random(-made.number - 1)  # noqa: S311 - a sample, not a secret
    starts = [round(dice.uniform(0, made.source_s - length - 0.5), 1) for length in made.lengths]
    spans = zip(starts, made.lengths, strict=True)
    return [
        Scene(id=place, title=f"Scene {place}", start=start, end=start + length)
        for place, (start, length) in enumerate(spans, 1)
    ]
