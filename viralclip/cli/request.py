"""From what was typed to a plan: every fault of the input is found before anything starts."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from viralclip.errors import Fault, InvalidScenesError, OutputNotWritableError
from viralclip.geometry import parse_aspect
from viralclip.media.probe import Probed, probe
from viralclip.plan import Options, Plan, StyleChoice, make_plan
from viralclip.scenes import Scene, parse_scenes, scenes_from_chapters
from viralclip.styles import ALL, Style, resolve


@dataclass(frozen=True)
class Request:
    """A render as it was asked for on the command line."""

    source: Path
    scenes: Path | None
    styles: tuple[str, ...]
    out: Path
    options: Options


@dataclass(frozen=True)
class Accepted:
    """A request without faults, and what its sender should know about it."""

    plan: Plan
    out: Path
    notes: tuple[str, ...]


async def accept(request: Request) -> Accepted:
    """The plan for the request; InvalidRequestError names what is wrong with it."""
    aspect = parse_aspect(request.options.aspect)
    probed = await asyncio.to_thread(probe, request.source)
    scenes = await asyncio.to_thread(_scenes, request, probed)
    styles = resolve(request.styles, source=probed.video.size, aspect=aspect)
    out = await asyncio.to_thread(_writable, request.out)
    choices = [StyleChoice(name=style.name, analysed=style.analysed) for style in styles]
    plan = make_plan(probed.video, scenes, choices, request.options)
    return Accepted(plan, out, tuple(_notes(request.styles, styles, probed)))


def _scenes(request: Request, probed: Probed) -> Sequence[Scene]:
    if request.scenes is None:
        return _chapters(probed)
    try:
        text = request.scenes.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise InvalidScenesError([Fault(request.scenes.name, problem)]) from error
    video = probed.video
    return parse_scenes(
        text, name=request.scenes.name, duration=video.duration, fps=float(Fraction(video.fps))
    )


def _chapters(probed: Probed) -> Sequence[Scene]:
    if not probed.chapters:
        problem = "no chapters in the video; give a scene list with --scenes"
        raise InvalidScenesError([Fault("", problem)])
    return scenes_from_chapters([(c.title, c.start, c.end) for c in probed.chapters])


def _writable(out: Path) -> Path:
    """The output folder, made if need be and tried by writing to it."""
    folder = out.expanduser().resolve()
    trial = folder / f".viralclip-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise OutputNotWritableError(name=out, detail=str(error)) from error
    return folder


def _notes(asked: Sequence[str], styles: Sequence[Style], probed: Probed) -> list[str]:
    fitting = {style.name for style in styles}
    size = probed.video.size
    notes = [
        f"{name} does not fit a {size.width}x{size.height} video and is left out."
        for name in asked
        if name != ALL and name not in fitting
    ]
    if probed.truncated:
        notes.append("The video is incomplete: it ends before its own index says.")
    return notes
