"""`viralclip scenes`: a scene list to begin with, from chapters or changes of the picture."""

import asyncio
import sys
from fractions import Fraction
from pathlib import Path

from viralclip.analysis.scene_finding import find_scenes
from viralclip.app.request import chapters_of, read_scene_list
from viralclip.errors import InvalidRequestError
from viralclip.media.probe import Probed, probe
from viralclip.scene_writing import WRITERS, Footage
from viralclip.scenes import MAX_SCENES, SceneReading


class UnknownFormatError(InvalidRequestError):
    """There is no list format named {name}; choose from {known}."""

    code = "unknown_format"


async def print_scenes(
    source: Path, *, scenes: Path | None, form: str, shortest: float, longest: float
) -> int:
    """Print a list that `render --scenes` takes, after a person has looked at it.

    What is to be said about it goes to stderr, because the list itself may go to a file.
    """
    if form not in WRITERS:
        raise UnknownFormatError(name=form, known=", ".join(WRITERS))
    probed = await asyncio.to_thread(probe, source)
    reading = await asyncio.to_thread(_read, probed, scenes, shortest, longest)
    video = probed.video
    footage = Footage(
        name=video.name, uri=probed.path.as_uri(), duration=video.duration, fps=Fraction(video.fps)
    )
    for note in (*video.notes, *reading.notes):
        sys.stderr.write(f"note: {note}\n")
    sys.stdout.write(WRITERS[form](reading.scenes, footage))
    return 0


def _read(probed: Probed, scenes: Path | None, shortest: float, longest: float) -> SceneReading:
    if scenes is not None:
        return read_scene_list(scenes, probed.video)
    if probed.chapters:
        return chapters_of(probed)
    found = find_scenes(probed.path, shortest=shortest, longest=longest, on_progress=_ignore)
    if len(found) <= MAX_SCENES:
        return SceneReading(found)
    note = f"These are the first {MAX_SCENES} of {len(found)} scenes; a higher --shortest and "
    return SceneReading(found[:MAX_SCENES], (f"{note}--longest give fewer.",))


def _ignore(_fraction: float) -> None:
    return
